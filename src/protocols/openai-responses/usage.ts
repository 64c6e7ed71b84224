/** Token counts in Responses. Input there includes what was read from the cache, output includes reasoning. */
import type { JsonObject } from '../dialect.js';
import { isObject, objectOf } from '../fields.js';
import { countOf, NOTHING_STATED, tokensOf, type StatedUsage } from '../usage.js';

/** What a `usage` object states; nothing when it is none. */
export function readUsage(usage: unknown): StatedUsage {
  if (!isObject(usage)) return NOTHING_STATED;
  const input = objectOf(usage['input_tokens_details']);
  return {
    prompt: countOf(usage['input_tokens']),
    input: null,
    cacheRead: countOf(input['cached_tokens']),
    cacheWrite: countOf(input['cache_write_tokens']),
    output: countOf(usage['output_tokens']),
    reasoning: countOf(objectOf(usage['output_tokens_details'])['reasoning_tokens']),
    total: countOf(usage['total_tokens']),
  };
}

/** The `usage` object that states these counts; null when nothing was stated. Codex demands every field of it. */
export function writeUsage(stated: StatedUsage): JsonObject | null {
  const tokens = tokensOf(stated);
  if (tokens === null) return null;
  const input = tokens.input + tokens.cacheRead + tokens.cacheWrite;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: tokens.cacheRead, cache_write_tokens: tokens.cacheWrite },
    output_tokens: tokens.output,
    output_tokens_details: { reasoning_tokens: tokens.reasoning ?? 0 },
    total_tokens: input + tokens.output,
  };
}
