/** Cerebras: the Code plan with its daily tokens, and the API paid per token. Both share keys, paths and models. */
import type { Quirks } from '../../protocols/target.js';
import { defineProvider, type FailureRule } from '../define-provider.js';
import { openAiCompatible } from '../openai-compatible.js';
import {
  amountOf,
  DAY_SECONDS,
  type PublishedWindow,
  type StatedWindow,
  statedWindow,
} from '../plan-quota.js';

const BASE = 'https://api.cerebras.ai/v1';

/** https://inference-docs.cerebras.ai/support/error; limits per minute pass, a limit per day is the plan's wall. */
const FAILURES: readonly FailureRule[] = [
  { codes: ['wrong_api_key'], class: 'AUTHENTICATION' },
  { status: 429, message: /per day|daily/i, class: 'QUOTA_EXHAUSTED' },
  // Minutes are counted per model: https://inference-docs.cerebras.ai/support/rate-limits.
  {
    codes: ['token_quota_exceeded', 'request_quota_exceeded', 'queue_exceeded'],
    class: 'RATE_LIMITED',
    scope: 'MODEL',
  },
  { codes: ['model_not_found'], class: 'MODEL_NOT_FOUND' },
];

export const provider = defineProvider({
  slug: 'cerebras',
  name: 'Cerebras',
  aliases: [],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://cloud.cerebras.ai',
  offerings: [
    // https://www.cerebras.ai/code
    openAiCompatible({
      code: 'code',
      name: 'Cerebras Code',
      billing: 'SUBSCRIPTION',
      secretHint: 'csk-…',
      termsNotice:
        'Cerebras counts the max_completion_tokens of a request against the limits before it answers: ask for no more than is ' +
        'needed.',
      plans: [
        { code: 'pro', name: 'Code Pro', monthlyPriceUsd: '50' },
        { code: 'max', name: 'Code Max', monthlyPriceUsd: '200' },
      ],
      publishedWindows: { pro: tokensPerDay(24_000_000), max: tokensPerDay(120_000_000) },
      quotaOfHeaders: readHeaders,
      base: BASE,
      quirks,
      catalog: { facts: ['cerebras'], prices: ['cerebras'] },
      failures: FAILURES,
    }),
    openAiCompatible({
      base: BASE,
      secretHint: 'csk-…',
      quirks,
      catalog: { facts: ['cerebras'], prices: ['cerebras'] },
      failures: FAILURES,
    }),
  ],
});

/**
 * https://inference-docs.cerebras.ai/resources/openai and https://inference-docs.cerebras.ai/capabilities/reasoning. What it
 * does not know it refuses: "property 'messages.2.assistant.reasoning_content' is unsupported". UNCONFIRMED of
 * `prompt_cache_key`, `verbosity`, `metadata` and `store`.
 */
function quirks(upstreamId: string): Quirks {
  return {
    maxTokensField: 'max_completion_tokens',
    efforts: upstreamId.includes('gpt-oss') ? ['low', 'medium', 'high'] : ['none', 'low', 'medium', 'high'],
    refusedFields: [
      'frequency_penalty',
      'presence_penalty',
      'logit_bias',
      'service_tier',
      'prompt_cache_key',
      'verbosity',
      'metadata',
      'store',
    ],
    refusedMessageFields: ['reasoning_content'],
  };
}

/** https://www.cerebras.ai/blog/introducing-cerebras-code; that the day is one of UTC is UNCONFIRMED. */
function tokensPerDay(limit: number): readonly PublishedWindow[] {
  return [{ name: 'daily', unit: 'TOKENS', limit, span: { kind: 'DAY', utcOffsetHours: 0 } }];
}

/**
 * https://inference-docs.cerebras.ai/support/rate-limits: `x-ratelimit-limit-requests-day`, `-remaining-`, and `-reset-` in
 * seconds. That the plan states its tokens the same way is UNCONFIRMED. Limits per minute are no allowance.
 */
function readHeaders(
  headers: Readonly<Record<string, string | undefined>>,
  now: number,
): readonly StatedWindow[] {
  const read = (what: string, unit: 'REQUESTS' | 'TOKENS', name: string): readonly StatedWindow[] => {
    const seconds = amountOf(headers[`x-ratelimit-reset-${what}-day`]);
    return statedWindow(
      {
        name,
        windowSeconds: DAY_SECONDS,
        unit,
        limit: headers[`x-ratelimit-limit-${what}-day`],
        remaining: headers[`x-ratelimit-remaining-${what}-day`],
        resetsAt: seconds === null || seconds > DAY_SECONDS ? null : now + seconds * 1000,
      },
      now,
    );
  };
  return [...read('tokens', 'TOKENS', 'daily'), ...read('requests', 'REQUESTS', 'daily-requests')];
}
