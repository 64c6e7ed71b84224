/** Writes requests as Anthropic messages. https://docs.anthropic.com/en/api/messages */
import { MESSAGES_DEFAULT_OUTPUT_TOKENS } from '../../config/limits.js';
import { AppError } from '../../domain/errors.js';
import type { CanonicalRequest } from '../canonical.js';
import type { JsonObject, WrittenRequest } from '../dialect.js';
import { clampOutput } from '../repairs.js';
import type { Target } from '../target.js';
import { writeCacheMarkers } from './cache-markers.js';
import { createNotes, type Notes } from '../notes.js';
import { closedSchema } from './output-schema.js';
import { writeConversation } from './provider-content.js';
import { writeTools } from './provider-tools.js';
import { writeThinking, type Thinking } from './thinking.js';

/** OpenAI's word → Anthropic's. */
const SERVICE_TIERS: Readonly<Record<string, string>> = {
  auto: 'auto',
  default: 'standard_only',
  standard: 'standard_only',
};

/** The least that is left of the probability mass while a model thinks. */
const THINKING_TOP_P_MIN = 0.95;

export function writeRequest(request: CanonicalRequest, target: Target): WrittenRequest {
  const notes = createNotes();
  const maxTokens = maxTokensFor(request, target, notes);
  const thinking = writeThinking(request, target, maxTokens, notes);
  const format = writeFormat(request, target, notes);
  const outputConfig = {
    ...(thinking.effort !== null && { effort: thinking.effort }),
    ...(format !== null && { format }),
  };
  const stop = writeStop(request, target, notes);
  const prompt = writeCacheMarkers(
    {
      tools: writeTools(request, target, notes),
      ...writeConversation(request, target, notes),
    },
    request.cacheKey !== null,
    notes,
  );
  const tier = serviceTierOf(request, notes);
  dropUnsaid(request, notes);
  const body = {
    model: target.upstreamId,
    max_tokens: maxTokens,
    ...prompt,
    ...(thinking.config !== null && { thinking: thinking.config }),
    ...(Object.keys(outputConfig).length > 0 && { output_config: outputConfig }),
    ...(stop.length > 0 && { stop_sequences: stop }),
    ...writeSampling(request, target, thinking, notes),
    ...(request.userId !== null && { metadata: { user_id: request.userId } }),
    ...(tier !== null && { service_tier: tier }),
    ...(request.stream && { stream: true }),
  };
  return { body: withoutRefused(body, target, notes), ...notes.taken() };
}

function maxTokensFor(request: CanonicalRequest, target: Target, notes: Notes): number {
  const { value, clamped } = clampOutput(request.maxOutputTokens, target);
  if (clamped) notes.repair('max_tokens_clamped');
  return value ?? target.maxOutputTokens ?? MESSAGES_DEFAULT_OUTPUT_TOKENS;
}

/** JSON without a schema is asked for in the system prompt: there is no other word for it. */
function writeFormat({ output }: CanonicalRequest, target: Target, notes: Notes): JsonObject | null {
  if (output === null || output.kind === 'json') return null;
  const unable =
    target.quirks.responseFormat !== undefined ||
    (target.capabilities.length > 0 && !target.capabilities.includes('STRUCTURED_OUTPUT'));
  if (unable) {
    throw new AppError(
      'BAD_REQUEST',
      `${target.model} cannot be held to a JSON schema: leave it out, or name a model that can.`,
      { field: ['response_format'] },
    );
  }
  const { schema, changed } = closedSchema(output.schema);
  if (changed) notes.repair('output_schema');
  return { type: 'json_schema', schema };
}

/** Sequences of nothing but white space are refused there. */
function writeStop({ stop }: CanonicalRequest, target: Target, notes: Notes): readonly string[] {
  const visible = stop.filter((sequence) => sequence.trim() !== '');
  const taken = visible.slice(0, target.quirks.stopMax ?? visible.length);
  if (taken.length < stop.length) notes.drop('stop');
  return taken;
}

/** A model that thinks takes no temperature of its own, no `top_k`, and hardly any `top_p`; newer ones take one of the first two. */
function writeSampling(
  request: CanonicalRequest,
  target: Target,
  thinking: Thinking,
  notes: Notes,
): JsonObject {
  const { temperature, topP, topK, presencePenalty, frequencyPenalty, seed } = request.sampling;
  if (presencePenalty !== undefined && presencePenalty !== 0) notes.drop('presence_penalty');
  if (frequencyPenalty !== undefined && frequencyPenalty !== 0) notes.drop('frequency_penalty');
  if (seed !== undefined) notes.drop('seed');
  const thinks = thinking.on;
  const warmest = target.quirks.temperatureMax ?? 1;
  const sampling: Record<string, number> = {};
  if (temperature !== undefined) {
    if (temperature > warmest) notes.repair('temperature_clamped');
    const taken = Math.min(temperature, warmest);
    if (!thinks) sampling['temperature'] = taken;
    else if (taken !== 1) notes.drop('temperature');
  }
  if (topP !== undefined) {
    const takes = thinks ? topP >= THINKING_TOP_P_MIN : temperature === undefined;
    if (takes) sampling['top_p'] = topP;
    else if (topP !== 1) notes.drop('top_p');
  }
  if (topK !== undefined) {
    if (thinks) notes.drop('top_k');
    else sampling['top_k'] = topK;
  }
  return sampling;
}

function serviceTierOf({ serviceTier }: CanonicalRequest, notes: Notes): string | null {
  if (serviceTier === null) return null;
  const tier = Object.hasOwn(SERVICE_TIERS, serviceTier) ? SERVICE_TIERS[serviceTier] : undefined;
  if (tier === undefined) notes.drop('service_tier');
  return tier ?? null;
}

function dropUnsaid(request: CanonicalRequest, notes: Notes): void {
  if (request.verbosity !== null) notes.drop('verbosity');
  if (request.metadata !== null && Object.keys(request.metadata).length > 0) notes.drop('metadata');
}

function withoutRefused(body: JsonObject, target: Target, notes: Notes): JsonObject {
  const refused = (target.quirks.refusedFields ?? []).filter((field) => field in body);
  if (refused.length === 0) return body;
  notes.drop(...refused);
  return Object.fromEntries(Object.entries(body).filter(([field]) => !refused.includes(field)));
}
