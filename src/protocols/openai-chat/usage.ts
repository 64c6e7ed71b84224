/** Token counts out of chat completions, in the spellings of OpenAI and of those who speak its format. */
import { isObject, listOf, objectOf } from '../fields.js';
import { countOf, NOTHING_STATED, type StatedUsage } from '../usage.js';

interface UsageObject {
  readonly prompt_tokens?: unknown;
  readonly completion_tokens?: unknown;
  readonly total_tokens?: unknown;
  readonly input_tokens?: unknown;
  readonly output_tokens?: unknown;
  readonly cached_tokens?: unknown;
  readonly prompt_cache_hit_tokens?: unknown;
  readonly prompt_tokens_details?: {
    readonly cached_tokens?: unknown;
    readonly cache_write_tokens?: unknown;
  } | null;
  readonly completion_tokens_details?: { readonly reasoning_tokens?: unknown } | null;
}

/** What a `usage` object states; nothing when it is none. */
export function readUsage(usage: unknown): StatedUsage {
  if (typeof usage !== 'object' || usage === null) return NOTHING_STATED;
  const stated = usage as UsageObject;
  return {
    prompt: countOf(stated.prompt_tokens) ?? countOf(stated.input_tokens),
    input: null,
    cacheRead:
      countOf(stated.prompt_tokens_details?.cached_tokens) ??
      countOf(stated.cached_tokens) ??
      countOf(stated.prompt_cache_hit_tokens),
    cacheWrite: countOf(stated.prompt_tokens_details?.cache_write_tokens),
    output: countOf(stated.completion_tokens) ?? countOf(stated.output_tokens),
    reasoning: countOf(stated.completion_tokens_details?.reasoning_tokens),
    total: countOf(stated.total_tokens),
  };
}

/** Usage of a parsed frame or answer: at its top, inside the first choice (Moonshot), or in a member of its own (Groq). */
export function usageOfFrame(frame: unknown): StatedUsage {
  const { usage, choices, x_groq: groq } = objectOf(frame);
  if (isObject(usage)) return readUsage(usage);
  const first = objectOf(listOf(choices)[0])['usage'];
  return readUsage(first ?? objectOf(groq)['usage']);
}
