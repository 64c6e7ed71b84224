/** Token counts in Anthropic messages. Input there excludes what was read from or written to the cache. */
import type { JsonObject } from '../dialect.js';
import { isObject, objectOf } from '../fields.js';
import { countOf, NOTHING_STATED, tokensOf, type StatedUsage } from '../usage.js';

/** What a `usage` object states; nothing when it is none. */
export function readUsage(usage: unknown): StatedUsage {
  if (!isObject(usage)) return NOTHING_STATED;
  return {
    ...NOTHING_STATED,
    input: countOf(usage['input_tokens']),
    cacheRead: countOf(usage['cache_read_input_tokens']),
    cacheWrite: countOf(usage['cache_creation_input_tokens']),
    output: countOf(usage['output_tokens']),
    // A share of the output, not an addition to it.
    reasoning: countOf(objectOf(usage['output_tokens_details'])['thinking_tokens']),
  };
}

/** The `usage` object that states these counts. Clients take its absence for an error, so what is unknown reads 0. */
export function writeUsage(stated: StatedUsage): JsonObject {
  const tokens = tokensOf(stated);
  return {
    input_tokens: tokens?.input ?? 0,
    cache_creation_input_tokens: tokens?.cacheWrite ?? 0,
    cache_read_input_tokens: tokens?.cacheRead ?? 0,
    output_tokens: tokens?.output ?? 0,
    ...(typeof tokens?.reasoning === 'number' && {
      output_tokens_details: { thinking_tokens: tokens.reasoning },
    }),
  };
}
