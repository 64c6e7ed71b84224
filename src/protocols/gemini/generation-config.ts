/** How to generate: bounds, sampling, the form of the output, thinking. https://ai.google.dev/api/generate-content#generationconfig */
import type { CanonicalRequest, OutputFormat, Sampling } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import { clampOutput, cleanSchema } from '../repairs.js';
import type { Target } from '../target.js';
import type { Notes } from '../notes.js';
import { writeThinking } from './thinking.js';
import { withoutDialect } from './tools.js';

const STOP_MAX = 5;
const SEED_MAX = 2 ** 31 - 1;

/** Null when nothing was said. */
export function writeGenerationConfig(
  request: CanonicalRequest,
  target: Target,
  notes: Notes,
): JsonObject | null {
  const { value: maxOutputTokens, clamped } = clampOutput(request.maxOutputTokens, target);
  if (clamped) notes.repair('max_tokens_clamped');
  const stopSequences = stopOf(request.stop, target, notes);
  const thinkingConfig = writeThinking(request.reasoning, maxOutputTokens, target, notes);
  const config: JsonObject = {
    ...(maxOutputTokens !== null && { maxOutputTokens }),
    ...(stopSequences.length > 0 && { stopSequences }),
    ...samplingOf(request.sampling, target, notes),
    ...outputOf(request.output, target, notes),
    ...(thinkingConfig && { thinkingConfig }),
  };
  return Object.keys(config).length > 0 ? config : null;
}

function stopOf(stop: readonly string[], { quirks }: Target, notes: Notes): readonly string[] {
  const most = Math.min(quirks.stopMax ?? STOP_MAX, STOP_MAX);
  if (stop.length > most) notes.drop('stop');
  return stop.slice(0, most);
}

function samplingOf(sampling: Sampling, { quirks }: Target, notes: Notes): JsonObject {
  const { temperature, topP, topK, presencePenalty, frequencyPenalty, seed } = sampling;
  const warmest = quirks.temperatureMax ?? Infinity;
  if (temperature !== undefined && temperature > warmest) notes.repair('temperature_clamped');
  const seedFits = seed !== undefined && Number.isInteger(seed) && Math.abs(seed) <= SEED_MAX;
  if (seed !== undefined && !seedFits) notes.drop('seed');
  return {
    ...(temperature !== undefined && { temperature: Math.min(temperature, warmest) }),
    ...(topP !== undefined && { topP }),
    ...(topK !== undefined && { topK }),
    ...(seedFits && { seed }),
    ...(presencePenalty !== undefined && { presencePenalty }),
    ...(frequencyPenalty !== undefined && { frequencyPenalty }),
  };
}

function outputOf(output: OutputFormat | null, { quirks }: Target, notes: Notes): JsonObject {
  if (output === null) return {};
  const responseMimeType = 'application/json';
  if (output.kind === 'json') return { responseMimeType };
  if (quirks.schema === undefined) {
    return { responseMimeType, responseJsonSchema: withoutDialect(output.schema) };
  }
  const clean = cleanSchema(output.schema, quirks.schema);
  if (clean.changed) notes.repair('output_schema');
  return { responseMimeType, responseSchema: clean.schema };
}
