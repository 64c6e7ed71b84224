/** An answer stream as OpenAI writes it: one id, the role first, calls numbered over the answer, usage last if it was asked for. */
import type { CanonicalEvent, Citation, PartOpening, ReasoningOrigin } from '../canonical.js';
import type { AnswerContext, AnswerStreamWriter, JsonObject } from '../dialect.js';
import { createFreeTextReader, freeTextTools, type FreeTextReader } from '../free-text.js';
import { NOTHING_STATED } from '../usage.js';
import { annotationOf, sealField } from './client-answer.js';
import { errors } from './failure.js';
import { finishWord } from './finish.js';
import { writeUsage } from './usage-out.js';

const DONE = 'data: [DONE]\n\n';
const PING = ': ping\n\n';

/** A call that is being written. */
interface OpenCall {
  readonly index: number;
  /** Set for a tool that takes free text. */
  readonly reader: FreeTextReader | null;
  /** Whether any of its arguments were written. */
  begun: boolean;
}

interface OpenPart {
  readonly type: PartOpening['type'];
  /** Place of its first character among all of the text. */
  readonly start: number;
  readonly call: OpenCall | null;
}

const DELTA_FIELDS = { text: 'content', reasoning: 'reasoning_content', refusal: 'refusal' } as const;

export function createStreamWriter(context: AnswerContext): AnswerStreamWriter {
  const { wantsUsage, tools } = context.request;
  const freeText = freeTextTools(tools);
  const parts = new Map<number, OpenPart>();
  let id: string | null = null;
  let calls = 0;
  let textLength = 0;
  let refused = false;
  let usage = NOTHING_STATED;

  const frame = (choices: readonly JsonObject[], stated: JsonObject | null): string =>
    `data: ${JSON.stringify({
      id,
      object: 'chat.completion.chunk',
      created: context.createdAt,
      model: context.model,
      choices,
      ...(wantsUsage && { usage: stated }),
    })}\n\n`;
  const step = (delta: JsonObject, finishReason: string | null = null): string =>
    frame([{ index: 0, delta, logprobs: null, finish_reason: finishReason }], null);
  const callStep = (call: JsonObject): string => step({ tool_calls: [call] });
  const begin = (stated: string | null): string => {
    if (id !== null) return '';
    id = stated ?? context.answerId;
    return step({ role: 'assistant', content: '' });
  };

  const open = (part: number, opening: PartOpening, origin: ReasoningOrigin | undefined): string => {
    if (opening.type === 'refusal') refused = true;
    if (opening.type !== 'tool_call') {
      parts.set(part, { type: opening.type, start: textLength, call: null });
      return '';
    }
    const { id: callId, name } = opening;
    const reader = freeText.has(name) ? createFreeTextReader() : null;
    const call: OpenCall = { index: calls++, reader, begun: false };
    parts.set(part, { type: opening.type, start: textLength, call });
    const called =
      reader === null
        ? { type: 'function', function: { name, arguments: '' } }
        : { type: 'custom', custom: { name, input: '' } };
    return callStep({ index: call.index, id: callId, ...called, ...sealField(origin) });
  };
  const more = (call: OpenCall, written: string): string => {
    if (written === '') return '';
    call.begun = true;
    return callStep(
      call.reader === null
        ? { index: call.index, function: { arguments: written } }
        : { index: call.index, custom: { input: written } },
    );
  };
  const delta = (part: OpenPart, text: string): string => {
    if (part.call !== null) return more(part.call, part.call.reader?.push(text) ?? text);
    if (part.type === 'tool_call' || text === '') return '';
    if (part.type === 'text') textLength += text.length;
    return step({ [DELTA_FIELDS[part.type]]: text });
  };
  const cite = (part: OpenPart, citation: Citation): string => {
    const annotation = annotationOf(citation, part.start, textLength);
    return annotation === null ? '' : step({ annotations: [annotation] });
  };
  const close = (part: number): string => {
    const call = parts.get(part)?.call ?? null;
    parts.delete(part);
    if (call === null) return '';
    if (call.reader !== null) return more(call, call.reader.end());
    // A call without arguments has an empty object of them.
    return call.begun ? '' : more(call, '{}');
  };

  const writeOne = (event: CanonicalEvent, batch: readonly CanonicalEvent[]): string => {
    switch (event.type) {
      case 'start':
        return begin(event.id);
      case 'open':
        return begin(null) + open(event.part, event.opening, originIn(batch, event.part));
      case 'usage':
        usage = event.usage;
        return '';
      case 'finish':
        return begin(null) + step({}, finishWord(event.finish, refused));
      case 'close':
        return close(event.part);
      case 'delta':
      case 'citation':
      case 'origin': {
        const part = parts.get(event.part);
        if (part === undefined) return '';
        if (event.type === 'delta') return delta(part, event.text);
        if (event.type === 'citation') return cite(part, event.citation);
        // Clients look for a seal where the call begins.
        if (part.call === null || wasOpenedIn(batch, event.part)) return '';
        return callStep({
          index: part.call.index,
          function: { arguments: '' },
          ...sealField(event.origin),
        });
      }
    }
  };

  return {
    write: (events) => events.map((event) => writeOne(event, events)).join(''),
    end() {
      const stated = wantsUsage ? writeUsage(usage) : null;
      return begin(null) + (stated === null ? '' : frame([], stated)) + DONE;
    },
    fail: (error) => errors.frame(error),
    ping: () => PING,
  };
}

function originIn(batch: readonly CanonicalEvent[], part: number): ReasoningOrigin | undefined {
  for (const event of batch) if (event.type === 'origin' && event.part === part) return event.origin;
  return undefined;
}

function wasOpenedIn(batch: readonly CanonicalEvent[], part: number): boolean {
  return batch.some((event) => event.type === 'open' && event.part === part);
}
