/** Groq: open models on its own machines, paid per token. */
import type { Quirks } from '../../protocols/target.js';
import { defineProvider, type ListedModel } from '../define-provider.js';
import { known, type ListEntry } from '../model-list.js';
import { chatAt, openAiCompatible, responsesAt } from '../openai-compatible.js';

const BASE = 'https://api.groq.com/openai/v1';

// https://console.groq.com/docs/api-reference; the errors: https://console.groq.com/docs/errors
export const provider = defineProvider({
  slug: 'groq',
  name: 'Groq',
  aliases: ['groqcloud'],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://console.groq.com/keys',
  offerings: [
    openAiCompatible({
      base: BASE,
      secretHint: 'gsk_…',
      endpoints: [chatAt(BASE), responsesAt(BASE)],
      readModel,
      quirks,
      catalog: { facts: ['groq'], prices: ['groq'] },
      failures: [
        // A request larger than the tokens of a minute carries the code of a rate limit, but never fits.
        { status: 413, class: 'CONTEXT_LENGTH' },
        { codes: ['model_decommissioned', 'model_terms_required'], class: 'MODEL_NOT_FOUND' },
        { codes: ['tool_use_failed', 'json_validate_failed'], class: 'INCOMPLETE_ANSWER' },
        // Flexible capacity is used up: Groq's own status.
        { status: 498, class: 'RATE_LIMITED', scope: 'MODEL' },
        // Counted per model: https://console.groq.com/docs/rate-limits.
        { codes: ['rate_limit_exceeded'], class: 'RATE_LIMITED', scope: 'MODEL' },
        { codes: ['blocked_api_access'], class: 'BILLING' },
      ],
    }),
  ],
});

function readModel(entry: ListEntry): ListedModel | null {
  if (entry.flag('active') === false) return null;
  return {
    upstreamId: entry.id,
    ...(/orpheus|playai|prompt-guard/.test(entry.id) && { kind: 'OTHER' }),
    ...known({
      contextWindow: entry.count('context_window'),
      maxOutputTokens: entry.count('max_completion_tokens'),
    }),
  };
}

/**
 * https://console.groq.com/docs/openai and https://console.groq.com/docs/reasoning. Unknown properties are refused:
 * "property 'reasoning_content' is unsupported". UNCONFIRMED of `verbosity` and `prompt_cache_key`.
 */
function quirks(upstreamId: string): Quirks {
  return {
    maxTokensField: 'max_completion_tokens',
    // Qwen knows "none" and "default" only; the others answer 400 to any effort.
    ...(upstreamId.includes('gpt-oss')
      ? { efforts: ['low', 'medium', 'high'] }
      : { reasoningControl: 'none' }),
    refusedFields: ['logprobs', 'top_logprobs', 'logit_bias', 'verbosity', 'prompt_cache_key'],
    refusedMessageFields: ['reasoning_content', 'name'],
  };
}
