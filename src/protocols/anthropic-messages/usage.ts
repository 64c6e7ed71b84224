/** Token counts out of Anthropic messages. Input there excludes what was read from or written to the cache. */
import { countOf, NOTHING_STATED, type StatedUsage } from '../usage.js';

interface UsageObject {
  readonly input_tokens?: unknown;
  readonly output_tokens?: unknown;
  readonly cache_read_input_tokens?: unknown;
  readonly cache_creation_input_tokens?: unknown;
}

/** What a `usage` object states; nothing when it is none. */
export function readUsage(usage: unknown): StatedUsage {
  if (typeof usage !== 'object' || usage === null) return NOTHING_STATED;
  const stated = usage as UsageObject;
  return {
    ...NOTHING_STATED,
    input: countOf(stated.input_tokens),
    cacheRead: countOf(stated.cache_read_input_tokens),
    cacheWrite: countOf(stated.cache_creation_input_tokens),
    output: countOf(stated.output_tokens),
  };
}
