/** Understands Gemini's answer streams: every frame is an answer of its own, with the next pieces and the usage so far. */
import type { CanonicalEvent, FinishReason, ReasoningOrigin } from '../canonical.js';
import type { AnswerStreamDecoder, JsonObject } from '../dialect.js';
import { isObject, isStated, parsedJson } from '../fields.js';
import { createFrameSplitter } from '../sse-frames.js';
import { newStreamState } from '../stream-state.js';
import type { Target } from '../target.js';
import { callIdOf, readObject, type Piece } from './answer-parts.js';
import { finishReasonOf } from './provider-answer.js';
import { NO_USAGE, statedUsage, withStated } from './usage.js';

/** Words in progress. */
interface OpenPart {
  readonly part: number;
  readonly type: 'text' | 'reasoning';
}

export function createStreamDecoder(target: Target): AnswerStreamDecoder {
  const state = newStreamState();
  let events: CanonicalEvent[] = [];
  let started = false;
  let answerId: string | null = null;
  let open: OpenPart | null = null;
  let parts = 0;
  let calls = 0;
  let finish: FinishReason | null = null;
  let usage = NO_USAGE;
  let ended = false;

  const originOf = (signature: string | null): ReasoningOrigin => ({
    model: target.model,
    protocol: 'GEMINI',
    signature,
  });
  const close = (signature: string | null = null): void => {
    if (open === null) return;
    const { part, type } = open;
    if (type === 'reasoning') events.push({ type: 'origin', part, origin: originOf(signature) });
    events.push({ type: 'close', part });
    open = null;
  };
  const words = (type: OpenPart['type'], text: string): void => {
    if (open?.type !== type) {
      close();
      open = { part: parts++, type };
      events.push({ type: 'open', part: open.part, opening: { type } });
    }
    if (text !== '') events.push({ type: 'delta', part: open.part, text });
  };
  const call = (piece: Extract<Piece, { type: 'call' }>): void => {
    close();
    const part = parts++;
    const { name, input, signature } = piece;
    const id = piece.id ?? callIdOf(answerId, calls, piece);
    calls++;
    events.push(
      { type: 'open', part, opening: { type: 'tool_call', id, name } },
      { type: 'delta', part, text: input },
    );
    if (signature !== null) events.push({ type: 'origin', part, origin: originOf(signature) });
    events.push({ type: 'close', part });
  };
  const take = (piece: Piece): void => {
    if (piece.type === 'call') return call(piece);
    if (piece.type === 'text') return words('text', piece.text);
    words('reasoning', piece.text);
    if (piece.signature !== null) close(piece.signature);
  };

  const read = (frame: JsonObject): void => {
    const { id, pieces, citations, finish: reason, usageMetadata } = readObject(frame);
    answerId ??= id;
    if (!started) {
      started = true;
      events.push({ type: 'start', id: answerId });
    }
    if (pieces.length > 0) state.contentFrames++;
    pieces.forEach(take);
    if (open?.type === 'text') {
      for (const citation of citations) events.push({ type: 'citation', part: open.part, citation });
    }
    if (reason !== null) {
      // Some servers say that it stops in every frame: only the end of the stream tells which one was the last.
      finish = reason;
      state.finished = true;
    }
    const stated = withStated(usage, usageMetadata);
    if (stated === usage) return;
    usage = stated;
    state.usage = statedUsage(usage);
    events.push({ type: 'usage', usage: state.usage });
  };
  const splitter = createFrameSplitter((data) => {
    state.opened = true;
    const parsed = parsedJson(data);
    // Errors also come as the only element of a list.
    const frame: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
    if (!isObject(frame)) return;
    if (isStated(frame['error'])) state.errorData ??= data;
    else if (isOfAnswer(frame)) read(frame);
  });
  const taken = (): readonly CanonicalEvent[] => {
    const ready = events;
    events = [];
    return ready;
  };

  return Object.assign(state, {
    push(chunk: Buffer) {
      splitter.push(chunk);
      return taken();
    },
    end() {
      if (ended) return [];
      ended = true;
      splitter.end();
      close();
      if (finish !== null) {
        const reason = finishReasonOf(finish, calls > 0);
        events.push({ type: 'finish', finish: { reason, stopSequence: null } });
      }
      return taken();
    },
  });
}

/** Aggregators put frames of their own in between: pings, costs. */
function isOfAnswer(frame: JsonObject): boolean {
  return ['candidates', 'promptFeedback', 'usageMetadata'].some((member) => isStated(frame[member]));
}
