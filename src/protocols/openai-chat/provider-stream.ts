/** Understands the stream of anybody who speaks chat. Its state is the one the reader of passing streams arrives at. */
import { STREAM_FRAME_MAX_BYTES } from '../../config/limits.js';
import type { AnswerPart, CanonicalEvent, PartOpening } from '../canonical.js';
import type { AnswerStreamDecoder, JsonObject } from '../dialect.js';
import { isObject, listOf, parsedJson, text } from '../fields.js';
import { createFrameSplitter } from '../sse-frames.js';
import type { StreamState } from '../protocol.js';
import type { Target } from '../target.js';
import { mergeUsage, NOTHING_STATED } from '../usage.js';
import { createCallDeltas, type CallInProgress } from './call-deltas.js';
import { finishOf } from './finish.js';
import {
  argumentsOf,
  firstChoice,
  idOfCall,
  readCitations,
  readSaid,
  sealOf,
  unsealed,
} from './provider-answer.js';
import { createStreamReader, DONE, failureIn } from './stream.js';
import { usageOfFrame } from './usage.js';

export function createStreamDecoder(target: Target, seen?: Readonly<StreamState>): AnswerStreamDecoder {
  // One reading of what a stream has come to, for streams that pass and streams that are translated.
  const reader = createStreamReader({ hideUsage: false });
  const parts = createPartEvents(target);
  let usage = NOTHING_STATED;
  let failed = false;

  const frames = createFrameSplitter((data) => {
    if (failed) return;
    if (data.trim() === DONE) {
      parts.finish(null);
      return;
    }
    const frame = parsedJson(data);
    if (!isObject(frame)) return;
    // What follows a failure is no part of an answer.
    failed = failureIn(frame);
    if (failed) return;
    const choice = firstChoice(frame);
    const delta = choice['delta'] ?? choice['message'];
    const stated = usageOfFrame(frame);
    if (stated !== NOTHING_STATED || isObject(delta)) parts.start(text(frame['id']) || null);
    if (isObject(delta)) parts.delta(delta);
    const reason = text(choice['finish_reason']) || null;
    if (reason !== null) parts.finish(reason);
    if (stated === NOTHING_STATED) return;
    usage = mergeUsage(usage, stated);
    parts.emit({ type: 'usage', usage });
  });

  const methods = {
    push(chunk: Buffer) {
      if (!seen) reader.push(chunk);
      frames.push(chunk);
      return parts.taken();
    },
    end() {
      if (!seen) reader.end();
      frames.end();
      return parts.taken();
    },
  };
  return withState(methods, seen ?? reader);
}

/** The decoder shows the state of the reader it keeps. */
function withState(
  methods: Pick<AnswerStreamDecoder, 'push' | 'end'>,
  state: Readonly<StreamState>,
): AnswerStreamDecoder {
  return {
    ...methods,
    get usage() {
      return state.usage;
    },
    get opened() {
      return state.opened;
    },
    get contentFrames() {
      return state.contentFrames;
    },
    get finished() {
      return state.finished;
    },
    get closed() {
      return state.closed;
    },
    get errorData() {
      return state.errorData;
    },
  };
}

interface PartEvents {
  start(id: string | null): void;
  delta(delta: JsonObject): void;
  finish(reason: string | null): void;
  emit(event: CanonicalEvent): void;
  /** The events since last asked. */
  taken(): readonly CanonicalEvent[];
}

type SaidType = Exclude<PartOpening['type'], 'tool_call'>;

/** Makes parts of deltas: what is said changes over from thought to text as it comes, calls stay open beside each other. */
function createPartEvents(target: Target): PartEvents {
  let events: CanonicalEvent[] = [];
  const calls = createCallDeltas();
  const openCalls = new Set<CallInProgress>();
  const types = new Set<AnswerPart['type']>();
  let answerId: string | null = null;
  let started = false;
  let finished = false;
  let partCount = 0;
  let saying: { readonly type: SaidType; readonly part: number } | null = null;
  const emit = (event: CanonicalEvent): void => void events.push(event);

  const open = (opening: PartOpening): number => {
    types.add(opening.type);
    emit({ type: 'open', part: partCount, opening });
    return partCount++;
  };
  const closeSaid = (): void => {
    if (saying === null) return;
    if (saying.type === 'reasoning') emit({ type: 'origin', part: saying.part, origin: unsealed(target) });
    emit({ type: 'close', part: saying.part });
    saying = null;
  };
  /** Calls that can get no more arguments; or, at the end, all of them. */
  const closeCalls = (all: boolean, except?: CallInProgress): void => {
    for (const call of openCalls) {
      if (call === except || call.part === null || !(all || call.progress.complete)) continue;
      emit({ type: 'close', part: call.part });
      call.closed = true;
      openCalls.delete(call);
    }
  };
  const say = (type: SaidType): number => {
    if (saying?.type === type) return saying.part;
    closeSaid();
    closeCalls(false);
    const part = open({ type });
    saying = { type, part };
    return part;
  };
  const said = (type: SaidType, words: string): void => {
    if (words !== '') emit({ type: 'delta', part: say(type), text: words });
  };

  const called = (piece: JsonObject): void => {
    const assigned = calls.assign(piece);
    if (assigned === null || assigned.call.closed) return;
    const { call, input } = assigned;
    if (call.part === null && call.name === '') {
      // Without a name there is nothing to open; one that never comes may not fill memory.
      if (call.early.length + input.length <= STREAM_FRAME_MAX_BYTES) call.early += input;
      return;
    }
    if (call.part === null) {
      closeSaid();
      closeCalls(false);
      call.part = open({ type: 'tool_call', id: call.id || idOfCall(answerId, call.order), name: call.name });
      openCalls.add(call);
    }
    const seal = sealOf(piece, target);
    if (seal !== null && !call.sealed) {
      call.sealed = true;
      emit({ type: 'origin', part: call.part, origin: seal });
    }
    const words = call.early + input;
    call.early = '';
    if (words === '') return;
    call.progress.push(words);
    emit({ type: 'delta', part: call.part, text: words });
  };

  return {
    emit,
    start(id) {
      if (started || finished) return;
      started = true;
      answerId = id;
      emit({ type: 'start', id });
    },
    delta(delta) {
      if (finished) return;
      const { thought, said: words } = readSaid(delta);
      said('reasoning', thought);
      said('text', words);
      said('refusal', text(delta['refusal']) ?? '');
      for (const citation of readCitations(delta['annotations'])) {
        emit({ type: 'citation', part: say('text'), citation });
      }
      for (const piece of listOf(delta['tool_calls'])) if (isObject(piece)) called(piece);
      const legacy = delta['function_call'];
      if (isObject(legacy)) {
        called({ index: 0, function: { ...legacy, arguments: argumentsOf(legacy['arguments']) } });
      }
    },
    finish(reason) {
      if (finished) return;
      finished = true;
      closeSaid();
      closeCalls(true);
      emit({ type: 'finish', finish: finishOf(reason, types) });
    },
    taken() {
      const taken = events;
      events = [];
      return taken;
    },
  };
}
