/** Writes an answer in the form of Responses, as a stream with every event of its lifecycle or whole. */
import { NOTHING_STATED, type StatedUsage } from '../usage.js';
import type {
  AnswerPart,
  CanonicalAnswer,
  CanonicalEvent,
  FinishReason,
  OutputFormat,
} from '../canonical.js';
import type { AnswerContext, AnswerStreamWriter, JsonObject } from '../dialect.js';
import { createItemBuilder, type Emit, type OpenPart } from './client-items.js';
import { failureFrames, frameOf } from './failure.js';
import { writeUsage } from './usage.js';

/** A response as it forms. */
interface ResponseBuilder {
  /** Tells that there is a response; once, and before anything else. */
  start(id: string | null): void;
  apply(event: CanonicalEvent): void;
  /** Tells of the end and returns the whole. */
  end(): JsonObject;
  /** What there is of it, whatever its state. */
  unfinished(): JsonObject;
}

function createResponseBuilder(context: AnswerContext, emit: Emit): ResponseBuilder {
  const items = createItemBuilder(context, emit);
  const parts = new Map<number, OpenPart>();
  let id = context.answerId;
  let started = false;
  let refused = false;
  let finished: FinishReason | null = null;
  let usage: StatedUsage = NOTHING_STATED;

  const response = (status: string, fields: JsonObject): JsonObject => ({
    ...responseFields(context, id),
    status,
    ...fields,
    output: items.done(),
    usage: writeUsage(usage),
  });
  const start = (stated: string | null): void => {
    if (started) return;
    started = true;
    if (stated !== null && stated !== '') id = stated;
    emit('response.created', { response: response('in_progress', {}) });
    emit('response.in_progress', { response: response('in_progress', {}) });
  };
  const close = (part: number): void => {
    parts.get(part)?.close();
    parts.delete(part);
  };
  const finish = (reason: FinishReason): void => {
    for (const part of parts.keys()) close(part);
    // A refusal that says nothing shows as what it is only by its reason.
    finished = reason === 'refusal' && !refused ? 'content_filter' : reason;
    items.finish(finished);
  };

  return {
    start,
    apply(event) {
      start(event.type === 'start' ? event.id : null);
      switch (event.type) {
        case 'start':
          return;
        case 'open':
          refused ||= event.opening.type === 'refusal';
          parts.set(event.part, items.open(event.opening));
          return;
        case 'delta':
          if (event.text !== '') parts.get(event.part)?.add(event.text);
          return;
        case 'origin':
          parts.get(event.part)?.seal(event.origin);
          return;
        case 'citation':
          parts.get(event.part)?.cite(event.citation);
          return;
        case 'close':
          close(event.part);
          return;
        case 'usage':
          usage = event.usage;
          return;
        case 'finish':
          finish(event.finish.reason);
      }
    },
    end() {
      start(null);
      if (finished === null) finish('stop');
      const cutBy = REASONS[finished ?? 'stop'];
      const status = cutBy === undefined ? 'completed' : 'incomplete';
      const whole = response(status, cutBy === undefined ? {} : { incomplete_details: { reason: cutBy } });
      emit(`response.${status}`, { response: whole });
      return whole;
    },
    unfinished: () => response('in_progress', {}),
  };
}

/** Why a response is incomplete, for the ends that leave it so. */
const REASONS: Partial<Record<FinishReason, string>> = {
  length: 'max_output_tokens',
  content_filter: 'content_filter',
};

export function writeAnswer(answer: CanonicalAnswer, context: AnswerContext): JsonObject {
  const response = createResponseBuilder(context, () => undefined);
  response.start(answer.id);
  for (const [part, said] of answer.parts.entries()) {
    for (const event of eventsOf(said, part)) response.apply(event);
  }
  response.apply({ type: 'finish', finish: answer.finish });
  response.apply({ type: 'usage', usage: answer.usage });
  return response.end();
}

export function createStreamWriter(context: AnswerContext): AnswerStreamWriter {
  let frames = '';
  let sequence = 0;
  let ended = false;
  const emit: Emit = (type, fields) => {
    frames += frameOf(type, sequence++, fields);
  };
  const response = createResponseBuilder(context, emit);
  const taken = (): string => {
    const text = frames;
    frames = '';
    return text;
  };
  return {
    write(events) {
      if (ended) return '';
      for (const event of events) response.apply(event);
      return taken();
    },
    end() {
      if (ended) return '';
      ended = true;
      response.end();
      return taken();
    },
    fail(error) {
      if (ended) return '';
      ended = true;
      response.start(null);
      return taken() + failureFrames(error, sequence, response.unfinished());
    },
    ping() {
      if (ended) return '';
      // Codex counts silence in events, so a comment would not do. OpenAI itself sends this one, which SDKs know to pass
      // over, but only once there is a response.
      const before = sequence;
      response.start(null);
      if (sequence === before) emit('keepalive', {});
      return taken();
    },
  };
}

/** What a part of a whole answer would have been as a stream. */
function eventsOf(said: AnswerPart, part: number): readonly CanonicalEvent[] {
  const close: CanonicalEvent = { type: 'close', part };
  switch (said.type) {
    case 'tool_call':
      return [
        { type: 'open', part, opening: { type: 'tool_call', id: said.id, name: said.name } },
        { type: 'delta', part, text: said.input },
        close,
      ];
    case 'reasoning':
      return [
        { type: 'open', part, opening: { type: 'reasoning' } },
        { type: 'delta', part, text: said.text },
        { type: 'origin', part, origin: said.origin },
        close,
      ];
    case 'text':
    case 'refusal': {
      const citations = said.type === 'text' ? (said.citations ?? []) : [];
      return [
        { type: 'open', part, opening: { type: said.type } },
        { type: 'delta', part, text: said.text },
        ...citations.map((citation): CanonicalEvent => ({ type: 'citation', part, citation })),
        close,
      ];
    }
  }
}

/** What a response says of the request it answers. What the caller said at length is not repeated in every frame. */
function responseFields({ request, model, createdAt }: AnswerContext, id: string): JsonObject {
  const { reasoning, sampling, toolChoice } = request;
  return {
    id,
    object: 'response',
    created_at: createdAt,
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: request.maxOutputTokens,
    metadata: request.metadata ?? {},
    model,
    parallel_tool_calls: request.parallelToolCalls ?? true,
    previous_response_id: null,
    prompt_cache_key: request.cacheKey,
    reasoning: {
      effort: reasoning?.effort ?? null,
      summary: reasoning?.visible === true ? 'auto' : null,
    },
    service_tier: request.serviceTier,
    store: false,
    temperature: sampling.temperature ?? null,
    text: {
      format: formatOf(request.output),
      ...(request.verbosity !== null && { verbosity: request.verbosity }),
    },
    tool_choice:
      toolChoice?.kind === 'tool'
        ? { type: 'function', name: toolChoice.name }
        : (toolChoice?.kind ?? 'auto'),
    tools: [],
    top_p: sampling.topP ?? null,
    truncation: 'disabled',
  };
}

function formatOf(output: OutputFormat | null): JsonObject {
  if (output === null) return { type: 'text' };
  if (output.kind === 'json') return { type: 'json_object' };
  return { type: 'json_schema', name: output.name, schema: output.schema, strict: output.strict };
}
