/** Understands messages streams, also of those who only nearly speak them. */
import { STREAM_OPEN_PARTS_MAX } from '../../config/limits.js';
import type { CanonicalEvent, PartOpening } from '../canonical.js';
import type { AnswerStreamDecoder, JsonObject } from '../dialect.js';
import { isObject, jsonText, objectOf, parsedJson, text } from '../fields.js';
import { createFrameSplitter } from '../sse-frames.js';
import { newStreamState } from '../stream-state.js';
import type { Target } from '../target.js';
import { readCitation } from './citations.js';
import { readFinish } from './finish.js';
import { standInId } from './provider-answer.js';
import { noteFrame } from './stream.js';

/** A block that has begun. */
interface OpenBlock {
  readonly part: number;
  readonly kind: PartOpening['type'];
  /** The last word on the seal of a thought. */
  signature: string | null;
  readonly redacted: boolean;
  /** Arguments that came with the beginning of a call; they count when none follow. */
  readonly initialInput: string | null;
  hasInput: boolean;
}

export function createStreamDecoder(target: Target): AnswerStreamDecoder {
  const state = newStreamState();
  let events: CanonicalEvent[] = [];
  /** By the provider's number. Several only where a provider interleaves them, which the format forbids. */
  const open = new Map<unknown, OpenBlock>();
  let started = false;
  let parts = 0;
  let called = false;
  let stop: JsonObject = {};
  let explanation: string | null = null;

  const openPart = (index: unknown, opening: PartOpening, more: Partial<OpenBlock> = {}): OpenBlock => {
    // A number that is used again means a new block: the earlier one is over, said or not.
    closeBlock(index);
    const [oldest] = open.keys();
    if (open.size >= STREAM_OPEN_PARTS_MAX) closeBlock(oldest);
    const block = {
      part: parts++,
      kind: opening.type,
      signature: null,
      redacted: false,
      initialInput: null,
      hasInput: false,
      ...more,
    };
    open.set(index, block);
    called ||= opening.type === 'tool_call';
    events.push({ type: 'open', part: block.part, opening });
    return block;
  };

  const closeBlock = (index: unknown): void => {
    const block = open.get(index);
    if (block === undefined) return;
    open.delete(index);
    const { part, kind, signature, redacted, initialInput } = block;
    if (kind === 'reasoning') {
      const origin = { model: target.model, protocol: 'ANTHROPIC_MESSAGES', signature } as const;
      events.push({ type: 'origin', part, origin: redacted ? { ...origin, redacted } : origin });
    }
    if (initialInput !== null && !block.hasInput) events.push({ type: 'delta', part, text: initialInput });
    events.push({ type: 'close', part });
  };

  const push = (block: OpenBlock | undefined, kind: PartOpening['type'], value: unknown): void => {
    if (block?.kind !== kind || typeof value !== 'string' || value === '') return;
    block.hasInput = true;
    events.push({ type: 'delta', part: block.part, text: value });
  };

  const startBlock = (index: unknown, content: JsonObject): void => {
    switch (content['type']) {
      case 'text':
        push(openPart(index, { type: 'text' }), 'text', content['text']);
        return;
      case 'thinking': {
        const block = openPart(index, { type: 'reasoning' }, { signature: seal(content['signature']) });
        push(block, 'reasoning', content['thinking']);
        return;
      }
      case 'redacted_thinking':
        openPart(index, { type: 'reasoning' }, { signature: seal(content['data']), redacted: true });
        return;
      case 'tool_use': {
        const name = text(content['name']);
        if (name === null) return;
        const id = text(content['id']) ?? standInId(parts);
        const input = content['input'];
        const initialInput = isObject(input) && Object.keys(input).length > 0 ? jsonText(input) : null;
        openPart(index, { type: 'tool_call', id, name }, { initialInput });
        return;
      }
      // Tools that the provider runs itself, and what is not known yet: the answer is in the text around them.
      default:
        closeBlock(index);
    }
  };

  const readDelta = (index: unknown, delta: JsonObject): void => {
    const block = open.get(index);
    switch (delta['type']) {
      case 'text_delta':
        push(block, 'text', delta['text']);
        return;
      case 'thinking_delta':
        push(block, 'reasoning', delta['thinking']);
        return;
      case 'input_json_delta':
        push(block, 'tool_call', delta['partial_json']);
        return;
      case 'signature_delta':
        if (block?.kind === 'reasoning') block.signature = seal(delta['signature']);
        return;
      case 'citations_delta': {
        const citation = readCitation(delta['citation']);
        if (block?.kind === 'text' && citation) events.push({ type: 'citation', part: block.part, citation });
      }
    }
  };

  const finish = (): void => {
    for (const index of open.keys()) closeBlock(index);
    if (parts === 0 && explanation !== null) {
      push(openPart(0, { type: 'refusal' }), 'refusal', explanation);
      closeBlock(0);
    }
    events.push({ type: 'finish', finish: readFinish(stop['stop_reason'], stop['stop_sequence'], called) });
  };

  const readFrame = (frame: JsonObject): void => {
    switch (frame['type']) {
      case 'message_start':
        // Some proxies send it again when they splice streams; the answer is still one.
        if (!started) events.push({ type: 'start', id: text(objectOf(frame['message'])['id']) });
        started = true;
        return;
      case 'content_block_start':
        startBlock(frame['index'], objectOf(frame['content_block']));
        return;
      case 'content_block_delta':
        state.contentFrames++;
        readDelta(frame['index'], objectOf(frame['delta']));
        return;
      case 'content_block_stop':
        closeBlock(frame['index']);
        return;
      case 'message_delta':
        if (text(objectOf(frame['delta'])['stop_reason']) !== null) stop = objectOf(frame['delta']);
        explanation = text(objectOf(objectOf(frame['delta'])['stop_details'])['explanation']) ?? explanation;
        return;
      case 'message_stop':
        finish();
    }
  };

  const splitter = createFrameSplitter((data) => {
    state.opened = true;
    const frame = parsedJson(data);
    const { usage: usageBefore, closed: over } = state;
    if (!noteFrame(state, data, frame)) return;
    if (!over) readFrame(frame);
    else if (frame['type'] === 'content_block_delta') state.contentFrames++;
    if (state.usage !== usageBefore) events.push({ type: 'usage', usage: state.usage });
  });

  const taken = (): readonly CanonicalEvent[] => {
    const now = events;
    events = [];
    return now;
  };
  return Object.assign(state, {
    push(chunk: Buffer) {
      splitter.push(chunk);
      return taken();
    },
    end() {
      splitter.end();
      return taken();
    },
  });
}

function seal(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
