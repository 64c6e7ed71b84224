/** Usage as OpenAI states it: every class inside the totals. */
import type { JsonObject } from '../dialect.js';
import { tokensOf, type StatedUsage } from '../usage.js';

/** The `usage` object; null when the provider stated nothing. */
export function writeUsage(stated: StatedUsage): JsonObject | null {
  const tokens = tokensOf(stated);
  if (tokens === null) return null;
  const prompt = tokens.input + tokens.cacheRead + tokens.cacheWrite;
  return {
    prompt_tokens: prompt,
    completion_tokens: tokens.output,
    total_tokens: prompt + tokens.output,
    prompt_tokens_details: {
      cached_tokens: tokens.cacheRead,
      ...(tokens.cacheWrite > 0 && { cache_write_tokens: tokens.cacheWrite }),
    },
    completion_tokens_details: { reasoning_tokens: tokens.reasoning ?? 0 },
  };
}
