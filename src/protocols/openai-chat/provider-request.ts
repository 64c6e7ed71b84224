/** A request as a chat provider takes it, by its declared departures from the format. */
import { AppError } from '../../domain/errors.js';
import type {
  CanonicalRequest,
  CanonicalTool,
  CanonicalToolChoice,
  OutputFormat,
  ReasoningWish,
} from '../canonical.js';
import type { JsonObject, WrittenRequest } from '../dialect.js';
import { functionOf } from '../free-text.js';
import { clampOutput, cleanSchema } from '../repairs.js';
import type { Target } from '../target.js';
import { createNotes, type Notes } from '../notes.js';
import { writeMessages } from './provider-messages.js';
import { writeReasoning } from './reasoning.js';

/** The words OpenAI has for it; those of others mean nothing here. */
const SERVICE_TIERS: ReadonlySet<string | null> = new Set(['auto', 'default', 'flex', 'scale', 'priority']);

/** The wish behind a switch that is off. */
export const NOT_TO_THINK: ReasoningWish = { effort: 'none', budgetTokens: null, visible: null };

export function writeRequest(request: CanonicalRequest, target: Target): WrittenRequest {
  const notes = createNotes();
  const instruction = schemaInstruction(request.output, target);
  const messages = writeMessages(request, target, notes);
  const body = {
    model: target.upstreamId,
    messages: instruction === null ? messages : [instruction, ...messages],
    ...writeTools(request, target, notes),
    ...writeBounds(request, target, notes),
    ...writeThinking(request, target, notes),
    ...writeOutput(request.output, target, notes),
    ...writeRest(request, notes),
    ...writeStreaming(request, target),
  };
  const refused = (target.quirks.refusedFields ?? []).filter((field) => field in body);
  for (const field of refused) notes.drop(field);
  return {
    body: Object.fromEntries(Object.entries(body).filter(([field]) => !refused.includes(field))),
    ...notes.taken(),
  };
}

function writeTools(request: CanonicalRequest, target: Target, notes: Notes): JsonObject {
  const { toolChoice, parallelToolCalls } = request;
  const choice = writeToolChoice(toolChoice, target);
  // Where no other word than `auto` is known, a model without tools is one that calls none.
  const hidden = toolChoice?.kind === 'none' && target.quirks.toolChoiceAutoOnly === true;
  if (hidden) notes.repair('tool_choice');
  if (hidden || request.tools.length === 0) return {};
  return {
    tools: request.tools.map((tool) => writeTool(tool, target, notes)),
    ...(choice !== null && { tool_choice: choice }),
    ...(parallelToolCalls !== null && { parallel_tool_calls: parallelToolCalls }),
  };
}

function writeTool(tool: CanonicalTool, target: Target, notes: Notes): JsonObject {
  if (tool.cache !== undefined) notes.drop('cache_control');
  if (tool.parameters === null) notes.repair('free_text_tools');
  const { description, parameters } = functionOf(tool);
  const { schema, changed } = cleanSchema(parameters, target.quirks.schema);
  if (changed) notes.repair('tool_schema');
  return {
    type: 'function',
    function: {
      name: tool.name,
      ...(description !== null && { description }),
      parameters: schema,
      ...(tool.strict !== null && { strict: tool.strict }),
    },
  };
}

function writeToolChoice(choice: CanonicalToolChoice | null, target: Target): JsonObject | string | null {
  if (choice === null) return null;
  const forced = choice.kind === 'required' || choice.kind === 'tool';
  if (forced && target.quirks.toolChoiceAutoOnly === true) throw cannotForce(target);
  return choice.kind === 'tool' ? { type: 'function', function: { name: choice.name } } : choice.kind;
}

/** The caller demands a call, and the provider has no way to. */
export function cannotForce(target: Target): AppError {
  return new AppError(
    'BAD_REQUEST',
    `${target.model} cannot be made to call a tool: \`tool_choice\` must be auto or none for it.`,
    { field: ['tool_choice'] },
  );
}

function writeBounds(request: CanonicalRequest, target: Target, notes: Notes): JsonObject {
  const { quirks } = target;
  const { value, clamped } = clampOutput(request.maxOutputTokens, target);
  if (clamped) notes.repair('max_tokens_clamped');
  const { temperature, topP, topK, presencePenalty, frequencyPenalty, seed } = request.sampling;
  const hottest = quirks.temperatureMax ?? Infinity;
  if (temperature !== undefined && temperature > hottest) notes.repair('temperature_clamped');
  const most = quirks.stopMax ?? Infinity;
  if (request.stop.length > most) notes.repair('stop_shortened');
  const stop = request.stop.slice(0, most);
  // OpenAI refuses what its format does not have.
  if (topK !== undefined) notes.drop('top_k');
  return {
    // The older name is the one that local servers and plans know; who refuses it says so.
    ...(value !== null && { [quirks.maxTokensField ?? 'max_tokens']: value }),
    ...(stop.length > 0 && { stop }),
    ...(temperature !== undefined && { temperature: Math.min(temperature, hottest) }),
    ...(topP !== undefined && { top_p: topP }),
    ...(presencePenalty !== undefined && { presence_penalty: presencePenalty }),
    ...(frequencyPenalty !== undefined && { frequency_penalty: frequencyPenalty }),
    ...(seed !== undefined && { seed }),
  };
}

function writeThinking(request: CanonicalRequest, target: Target, notes: Notes): JsonObject {
  const forced = request.toolChoice?.kind === 'required' || request.toolChoice?.kind === 'tool';
  const ended = forced && target.quirks.forcedToolsEndThinking === true;
  // Off whether or not anybody asked for thoughts: such models think unless they are told not to.
  if (ended) notes.repair('thinking_off');
  const wish = ended ? NOT_TO_THINK : request.reasoning;
  const { fields, dropped, mapped } = writeReasoning(wish, target);
  if (dropped) notes.drop('reasoning_effort');
  if (mapped) notes.repair('reasoning_effort');
  return fields;
}

function writeOutput(output: OutputFormat | null, target: Target, notes: Notes): JsonObject {
  if (output === null) return {};
  const known = target.quirks.responseFormat;
  if (known === 'none') throw cannotFormat(target);
  if (output.kind === 'json') return { response_format: { type: 'json_object' } };
  if (known === 'json_object') {
    notes.repair('response_format');
    return { response_format: { type: 'json_object' } };
  }
  const { schema, changed } = cleanSchema(output.schema, target.quirks.schema);
  if (changed) notes.repair('output_schema');
  return {
    response_format: {
      type: 'json_schema',
      json_schema: {
        name: output.name,
        ...(output.description !== null && { description: output.description }),
        schema,
        ...(output.strict !== null && { strict: output.strict }),
      },
    },
  };
}

/** The caller demands JSON, and the provider has no way to promise it. */
export function cannotFormat(target: Target): AppError {
  return new AppError(
    'BAD_REQUEST',
    `${target.model} cannot be held to a format: \`response_format\` must be text for it.`,
    { field: ['response_format'] },
  );
}

/** Tells a provider that only knows JSON as such which JSON is meant; null where the format itself says so. */
function schemaInstruction(output: OutputFormat | null, target: Target): JsonObject | null {
  if (output?.kind !== 'schema' || target.quirks.responseFormat !== 'json_object') return null;
  return instructionFor(output.schema);
}

/** A message that asks for JSON of a schema. */
export function instructionFor(schema: JsonObject): JsonObject {
  const content = `Answer with one JSON object that is valid against this JSON Schema, and with nothing else:\n${JSON.stringify(schema)}`;
  return { role: 'system', content };
}

function writeRest(request: CanonicalRequest, notes: Notes): JsonObject {
  const { verbosity, userId, metadata, cacheKey, serviceTier } = request;
  const knownTier = SERVICE_TIERS.has(serviceTier);
  if (serviceTier !== null && !knownTier) notes.drop('service_tier');
  return {
    ...(verbosity !== null && { verbosity }),
    ...(userId !== null && { user: userId }),
    ...(metadata !== null && { metadata }),
    ...(cacheKey !== null && { prompt_cache_key: cacheKey }),
    ...(knownTier && { service_tier: serviceTier }),
  };
}

function writeStreaming(request: CanonicalRequest, target: Target): JsonObject {
  if (!request.stream) return {};
  if (target.quirks.noStreamOptions === true) return { stream: true };
  return { stream: true, stream_options: { include_usage: true } };
}
