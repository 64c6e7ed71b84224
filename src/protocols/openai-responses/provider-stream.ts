/**
 * Decodes a Responses stream. The format says everything twice or more: piece by piece, in the `done` of a part, in that of
 * its item, and in the closing frame. Whatever a provider leaves out is taken from the next that says it.
 */
import { ANSWER_PARTS_MAX, RESPONSES_FRAME_MAX_BYTES } from '../../config/limits.js';
import type { CanonicalEvent, PartOpening } from '../canonical.js';
import type { AnswerStreamDecoder, JsonObject } from '../dialect.js';
import { isObject, listOf, objectOf, parsedJson, text } from '../fields.js';
import { createFrameSplitter } from '../sse-frames.js';
import type { Target } from '../target.js';
import { citationOf } from './annotations.js';
import { finishOf } from './finish.js';
import { callId, citationsOf, inputKey } from './provider-answer.js';
import { createStreamReader } from './stream.js';
import { originOf, PARAGRAPH, thoughtOf } from './thoughts.js';

/** A part of the answer and how much of it was told. */
interface Part {
  /** Its number once it opened. */
  number: number | null;
  closed: boolean;
  toldChars: number;
  toldCitations: number;
  /** Which of its two readable forms a thought is told in, and the last paragraph of it. */
  form: 'summary' | 'content' | null;
  paragraph: number;
}

export function createStreamDecoder(target: Target): AnswerStreamDecoder {
  const reader = createStreamReader();
  /** By the place of the item in the output, and the part's place in it. */
  const parts = new Map<string, Part>();
  let events: CanonicalEvent[] = [];
  let opened = 0;
  let started = false;
  let over = false;
  const held = { calls: false, refusal: false };

  /** The part at a place; null past the bound. */
  const partAt = (event: JsonObject, within: unknown): Part | null => {
    const item = placeOf(event);
    const key = `${item}.${typeof within === 'number' ? within : 0}`;
    const known = parts.get(key);
    if (known || item === null || parts.size >= ANSWER_PARTS_MAX) return known ?? null;
    const part: Part = {
      number: null,
      closed: false,
      toldChars: 0,
      toldCitations: 0,
      form: null,
      paragraph: 0,
    };
    parts.set(key, part);
    return part;
  };
  const open = (part: Part, opening: PartOpening): number => {
    if (part.number !== null) return part.number;
    held.calls ||= opening.type === 'tool_call';
    held.refusal ||= opening.type === 'refusal';
    part.number = opened++;
    events.push({ type: 'open', part: part.number, opening });
    return part.number;
  };
  const tell = (part: Part | null, opening: PartOpening, delta: string): void => {
    if (part === null || part.closed || delta === '') return;
    const number = open(part, opening);
    part.toldChars += delta.length;
    events.push({ type: 'delta', part: number, text: delta });
  };
  const tellRest = (part: Part | null, opening: PartOpening, whole: string): void =>
    tell(part, opening, whole.slice(part?.toldChars ?? 0));
  const close = (part: Part | null): void => {
    if (part === null || part.closed) return;
    part.closed = true;
    if (part.number !== null) events.push({ type: 'close', part: part.number });
  };

  const thoughtDelta = (event: JsonObject, form: 'summary' | 'content'): void => {
    const part = partAt(event, 0);
    const delta = text(event['delta']) ?? '';
    if (part === null || delta === '') return;
    part.form ??= form;
    // A provider may show both; a client is told one.
    if (part.form !== form) return;
    const stated = event[form === 'summary' ? 'summary_index' : 'content_index'];
    const paragraph = typeof stated === 'number' ? stated : part.paragraph;
    const lead = paragraph !== part.paragraph && part.toldChars > 0 ? PARAGRAPH : '';
    part.paragraph = paragraph;
    tell(part, { type: 'reasoning' }, `${lead}${delta}`);
  };
  const thoughtDone = (event: JsonObject, item: JsonObject): void => {
    const part = partAt(event, 0);
    if (part === null || part.closed) return;
    tellRest(part, { type: 'reasoning' }, part.form === null ? thoughtOf(item) : formOf(item, part.form));
    const origin = originOf(item, target);
    if (part.number !== null || origin.signature !== null) {
      events.push({ type: 'origin', part: open(part, { type: 'reasoning' }), origin });
    }
    close(part);
  };
  const contentDone = (event: JsonObject, within: unknown, content: JsonObject): void => {
    const part = partAt(event, within);
    const refusal = content['type'] === 'refusal';
    if (!refusal && content['type'] !== 'output_text') return;
    tellRest(part, { type: refusal ? 'refusal' : 'text' }, text(content[refusal ? 'refusal' : 'text']) ?? '');
    for (const citation of citationsOf(content).slice(part?.toldCitations ?? 0)) {
      if (part?.number !== null && part?.closed === false) {
        events.push({ type: 'citation', part: part.number, citation });
      }
    }
    close(part);
  };
  const annotation = (event: JsonObject): void => {
    const part = partAt(event, event['content_index']);
    const citation = citationOf(objectOf(event['annotation']));
    if (part === null || part.number === null || part.closed || citation === null) return;
    part.toldCitations++;
    events.push({ type: 'citation', part: part.number, citation });
  };
  const callOpening = (event: JsonObject, item: JsonObject): PartOpening | null => {
    const name = text(item['name']) ?? '';
    if (name === '') return null;
    const place = event['output_index'];
    return { type: 'tool_call', id: callId(item, typeof place === 'number' ? place : opened), name };
  };
  const callDelta = (event: JsonObject): void => {
    const part = partAt(event, 0);
    // Before its name is known there is nothing to open; its item says it all again.
    if (part === null || part.number === null) return;
    tell(part, { type: 'text' }, text(event['delta']) ?? '');
  };
  const itemAdded = (event: JsonObject, item: JsonObject): void => {
    if (!isCall(item)) return;
    const part = partAt(event, 0);
    const opening = callOpening(event, item);
    if (part !== null && opening !== null) open(part, opening);
  };
  const itemDone = (event: JsonObject, item: JsonObject): void => {
    if (item['type'] === 'reasoning') return thoughtDone(event, item);
    if (item['type'] === 'message') {
      for (const [index, content] of listOf(item['content']).entries()) {
        contentDone(event, index, objectOf(content));
      }
      return;
    }
    const opening = isCall(item) ? callOpening(event, item) : null;
    const part = opening === null ? null : partAt(event, 0);
    if (opening === null || part === null || part.closed) return;
    open(part, opening);
    tellRest(part, opening, text(item[inputKey(item)]) ?? '');
    close(part);
  };
  const ended = (response: JsonObject): void => {
    for (const [index, item] of listOf(response['output']).entries()) {
      itemDone({ output_index: index }, objectOf(item));
    }
    for (const part of parts.values()) close(part);
    events.push({ type: 'usage', usage: reader.usage });
    events.push({ type: 'finish', finish: finishOf(response, held) });
    over = true;
  };

  const take = (event: JsonObject): void => {
    const type = text(event['type']) ?? '';
    if (over || !type.startsWith('response.')) return;
    const response = objectOf(event['response']);
    if (!started) {
      started = true;
      events.push({ type: 'start', id: text(response['id']) });
    }
    switch (type) {
      case 'response.output_item.added':
        return itemAdded(event, objectOf(event['item']));
      case 'response.output_item.done':
        return itemDone(event, objectOf(event['item']));
      case 'response.output_text.delta':
        return tell(partAt(event, event['content_index']), { type: 'text' }, text(event['delta']) ?? '');
      case 'response.refusal.delta':
        return tell(partAt(event, event['content_index']), { type: 'refusal' }, text(event['delta']) ?? '');
      case 'response.output_text.annotation.added':
        return annotation(event);
      case 'response.content_part.done':
        return contentDone(event, event['content_index'], objectOf(event['part']));
      case 'response.reasoning_summary_text.delta':
        return thoughtDelta(event, 'summary');
      case 'response.reasoning_text.delta':
        return thoughtDelta(event, 'content');
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
        return callDelta(event);
      case 'response.completed':
      case 'response.incomplete':
        return ended(response);
      default:
    }
  };
  const splitter = createFrameSplitter((data) => {
    const event = parsedJson(data);
    if (isObject(event)) take(event);
  }, RESPONSES_FRAME_MAX_BYTES);
  const taken = (): readonly CanonicalEvent[] => {
    const told = events;
    events = [];
    return told;
  };

  return {
    // What is known of the stream as such is what its reader knows.
    get usage() {
      return reader.usage;
    },
    get opened() {
      return reader.opened;
    },
    get contentFrames() {
      return reader.contentFrames;
    },
    get finished() {
      return reader.finished;
    },
    get closed() {
      return reader.closed;
    },
    get errorData() {
      return reader.errorData;
    },
    push(chunk) {
      reader.push(chunk);
      splitter.push(chunk);
      return taken();
    },
    end() {
      reader.end();
      splitter.end();
      return taken();
    },
  };
}

function isCall({ type }: JsonObject): boolean {
  return type === 'function_call' || type === 'custom_tool_call';
}

/** The place of an event's item in the output, or its id where none is stated; null without either. */
function placeOf(event: JsonObject): string | null {
  const place = event['output_index'];
  if (typeof place === 'number') return String(place);
  const id = text(event['item_id']) ?? text(objectOf(event['item'])['id']);
  // Ids of providers have under a hundred characters.
  return id === null ? null : `#${id.slice(0, 200)}`;
}

function formOf(item: JsonObject, form: 'summary' | 'content'): string {
  return thoughtOf({ [form]: item[form] });
}
