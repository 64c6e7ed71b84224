/** A request as a Responses provider takes it, by its declared departures from the format. */
import { createHash } from 'node:crypto';
import { AppError } from '../../domain/errors.js';
import type { CanonicalRequest, CanonicalTool, CanonicalToolChoice, ReasoningWish } from '../canonical.js';
import type { JsonObject, WrittenRequest } from '../dialect.js';
import { clampOutput, cleanSchema, effortOfBudget, nearestEffort } from '../repairs.js';
import type { Target } from '../target.js';
import { createNotes, type Notes } from '../notes.js';
import { writeInput } from './provider-input.js';

/** The words OpenAI has for it; those of others mean nothing here. */
const SERVICE_TIERS: ReadonlySet<string | null> = new Set(['auto', 'default', 'flex', 'scale', 'priority']);

/** OpenAI refuses a lower bound on output. */
const OUTPUT_MIN_TOKENS = 16;

/** Longest id of a user and longest cache key that OpenAI takes. */
const KEY_MAX_CHARS = 64;

/** Fields that say more than a caller may lose: where a provider refuses one, the request cannot be sent there. */
const INDISPENSABLE: readonly string[] = ['tools', 'text'];

export function writeRequest(request: CanonicalRequest, target: Target): WrittenRequest {
  const notes = createNotes();
  const { instructions, input } = writeInput(request, target, notes);
  const body = {
    model: target.upstreamId,
    ...(instructions !== null && { instructions }),
    input,
    ...writeTools(request, target, notes),
    ...writeBounds(request, target, notes),
    ...writeReasoning(request.reasoning, target, notes),
    ...writeText(request, target, notes),
    ...writeRest(request, notes),
    store: false,
    stream: request.stream,
  };
  const refused = (target.quirks.refusedFields ?? []).filter((field) => field in body);
  const lost = refused.find((field) => INDISPENSABLE.includes(field));
  if (lost !== undefined) throw cannot(target, `takes no \`${lost}\``, lost);
  for (const field of refused) if (!OURS.has(field)) notes.drop(field);
  return {
    body: Object.fromEntries(Object.entries(body).filter(([field]) => !refused.includes(field))),
    ...notes.taken(),
  };
}

/** What no caller asked for; to leave it out loses nothing. */
const OURS: ReadonlySet<string> = new Set(['store', 'include']);

function writeTools(request: CanonicalRequest, target: Target, notes: Notes): JsonObject {
  const { tools, toolChoice, parallelToolCalls } = request;
  const autoOnly = target.quirks.toolChoiceAutoOnly === true;
  if (autoOnly && (toolChoice?.kind === 'required' || toolChoice?.kind === 'tool')) {
    throw cannot(target, 'cannot be made to call a tool: `tool_choice` must be auto or none', 'tool_choice');
  }
  // Where no other word than `auto` is known, a model without tools is one that calls none.
  const hidden = toolChoice?.kind === 'none' && autoOnly;
  if (hidden) notes.repair('tool_choice');
  if (hidden || tools.length === 0) return {};
  return {
    tools: tools.map((tool) => writeTool(tool, target, notes)),
    ...(toolChoice !== null && { tool_choice: writeToolChoice(toolChoice, tools) }),
    ...(parallelToolCalls !== null && { parallel_tool_calls: parallelToolCalls }),
  };
}

function writeTool(tool: CanonicalTool, target: Target, notes: Notes): JsonObject {
  if (tool.cache !== undefined) notes.drop('cache_control');
  const named = { name: tool.name, ...(tool.description !== null && { description: tool.description }) };
  if (tool.parameters === null) {
    return { type: 'custom', ...named, ...(tool.freeText !== undefined && { format: tool.freeText }) };
  }
  const { schema, changed } = cleanSchema(tool.parameters, target.quirks.schema);
  if (changed) notes.repair('tool_schema');
  // Unlike in chat, strict is what a function is unless it says otherwise.
  return { type: 'function', ...named, parameters: schema, strict: tool.strict ?? false };
}

function writeToolChoice(choice: CanonicalToolChoice, tools: readonly CanonicalTool[]): JsonObject | string {
  if (choice.kind !== 'tool') return choice.kind;
  const tool = tools.find(({ name }) => name === choice.name);
  return { type: tool?.parameters === null ? 'custom' : 'function', name: choice.name };
}

function writeBounds(request: CanonicalRequest, target: Target, notes: Notes): JsonObject {
  const { value, clamped } = clampOutput(request.maxOutputTokens, target);
  if (clamped) notes.repair('max_tokens_clamped');
  const most = value === null ? null : Math.max(value, OUTPUT_MIN_TOKENS);
  if (most !== value) notes.repair('max_tokens_raised');
  const { temperature, topP, topK, presencePenalty, frequencyPenalty, seed } = request.sampling;
  const hottest = target.quirks.temperatureMax ?? Infinity;
  if (temperature !== undefined && temperature > hottest) notes.repair('temperature_clamped');
  if (request.stop.length > 0) notes.drop('stop');
  if (topK !== undefined) notes.drop('top_k');
  if (presencePenalty !== undefined) notes.drop('presence_penalty');
  if (frequencyPenalty !== undefined) notes.drop('frequency_penalty');
  if (seed !== undefined) notes.drop('seed');
  return {
    ...(most !== null && { max_output_tokens: most }),
    // Models that reason refuse both, even when all they say is what is usual.
    ...(temperature !== undefined && temperature !== 1 && { temperature: Math.min(temperature, hottest) }),
    ...(topP !== undefined && topP !== 1 && { top_p: topP }),
  };
}

/** How much to think, and the thoughts in the only form that a provider which keeps nothing takes back. */
function writeReasoning(wish: ReasoningWish | null, target: Target, notes: Notes): JsonObject {
  const known = target.capabilities.length > 0;
  const reasons = target.capabilities.includes('REASONING');
  const sealed = reasons || (!known && wish !== null) ? { include: ['reasoning.encrypted_content'] } : {};
  if (wish === null) return sealed;
  const wished = wish.effort ?? (wish.budgetTokens === null ? null : effortOfBudget(wish.budgetTokens));
  if ((known && !reasons) || target.quirks.reasoningControl === 'none') {
    // A model that does not think refuses to be told how much.
    if (wished !== 'none') notes.drop('reasoning_effort');
    return known && !reasons ? {} : sealed;
  }
  const effort = wished === null ? null : nearestEffort(wished, target.quirks.efforts);
  if (effort !== wished) notes.repair('reasoning_effort');
  const summary = wish.visible === true && effort !== 'none';
  const reasoning = { ...(effort !== null && { effort }), ...(summary && { summary: 'auto' }) };
  return { ...(Object.keys(reasoning).length > 0 && { reasoning }), ...sealed };
}

function writeText({ output, verbosity }: CanonicalRequest, target: Target, notes: Notes): JsonObject {
  const format = output === null ? null : writeFormat(output, target, notes);
  if (format === null && verbosity === null) return {};
  return { text: { ...(format !== null && { format }), ...(verbosity !== null && { verbosity }) } };
}

function writeFormat(
  output: NonNullable<CanonicalRequest['output']>,
  target: Target,
  notes: Notes,
): JsonObject {
  if (output.kind === 'json') return { type: 'json_object' };
  const { schema, changed } = cleanSchema(output.schema, target.quirks.schema);
  if (changed) notes.repair('output_schema');
  return {
    type: 'json_schema',
    name: output.name,
    ...(output.description !== null && { description: output.description }),
    schema,
    ...(output.strict !== null && { strict: output.strict }),
  };
}

function writeRest(request: CanonicalRequest, notes: Notes): JsonObject {
  const { userId, metadata, cacheKey, serviceTier } = request;
  const knownTier = SERVICE_TIERS.has(serviceTier);
  if (serviceTier !== null && !knownTier) notes.drop('service_tier');
  const key = (text: string): string => {
    if (text.length <= KEY_MAX_CHARS) return text;
    notes.repair('keys_hashed');
    return createHash('sha256').update(text).digest('hex');
  };
  return {
    ...(userId !== null && { safety_identifier: key(userId) }),
    ...(metadata !== null && { metadata }),
    ...(cacheKey !== null && { prompt_cache_key: key(cacheKey) }),
    ...(knownTier && { service_tier: serviceTier }),
  };
}

function cannot(target: Target, what: string, field: string): AppError {
  return new AppError('BAD_REQUEST', `${target.model} ${what}.`, { field: [field] });
}
