/** NanoGPT: a subscription for open models, and hundreds of models paid per token from a balance. */
import { type TokenPrices, usdFromNumber } from '../../domain/money.js';
import type { ModelCapability } from '../../domain/vocabulary.js';
import { defineProvider, type Endpoint, type FailureRule, type ListedModel } from '../define-provider.js';
import { replayQuirks } from '../family-quirks.js';
import { isFields, known, type ListEntry, parseModelList } from '../model-list.js';
import {
  DAY_SECONDS,
  fieldsAt,
  instantOf,
  monthSecondsBefore,
  type QuotaContext,
  type QuotaStatement,
  type StatedWindow,
  statedWindow,
  type WindowFacts,
  WEEK_SECONDS,
} from '../plan-quota.js';

const API = 'https://nano-gpt.com/api/v1';
const SUBSCRIPTION = 'https://nano-gpt.com/api/subscription/v1';

// https://docs.nano-gpt.com/api-reference
const ENDPOINTS: readonly [Endpoint, ...Endpoint[]] = [
  { protocol: 'OPENAI_CHAT', url: `${API}/chat/completions`, auth: 'bearer' },
  { protocol: 'ANTHROPIC_MESSAGES', url: `${API}/messages`, auth: 'bearer' },
];

const FAILURES: readonly FailureRule[] = [
  // How the end of the weekly input tokens is worded is UNCONFIRMED; the other limits of a key end at midnight UTC.
  { codes: ['daily_rpd_limit_exceeded', 'daily_usd_limit_exceeded'], class: 'QUOTA_EXHAUSTED' },
  { codes: ['rate_limit_exceeded'], class: 'RATE_LIMITED' },
  { codes: ['insufficient_quota', 'insufficient_balance'], class: 'BILLING' },
  { codes: ['model_not_found', 'model_not_allowed', 'model_not_available'], class: 'MODEL_NOT_FOUND' },
  { codes: ['all_fallbacks_failed', 'no_fallback_available'], class: 'UPSTREAM_ERROR' },
  { codes: ['fallback_blocked_for_cache_consistency'], class: 'UPSTREAM_ERROR' },
  { codes: ['context_length_exceeded'], class: 'CONTEXT_LENGTH' },
  { codes: ['content_policy_violation'], class: 'CONTENT_POLICY' },
  { codes: ['empty_response'], class: 'INCOMPLETE_ANSWER' },
  { codes: ['unsupported_reasoning_effort'], class: 'INVALID_REQUEST' },
  { message: /insufficient balance/i, class: 'BILLING' },
];

const CATALOG = { facts: ['nano-gpt'], prices: ['nano-gpt'] };

export const provider = defineProvider({
  slug: 'nano-gpt',
  name: 'NanoGPT',
  aliases: ['nanogpt'],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://nano-gpt.com/settings/api-keys',
  offerings: [
    {
      code: 'subscription',
      name: 'Subscription',
      billing: 'SUBSCRIPTION',
      credential: 'API_KEY',
      secretHint: 'sk-nano-…',
      foreignSecrets: [],
      termsNotice:
        'NanoGPT charges every model outside the subscription to the balance without a word, so Switchyard uses only those ' +
        'that the subscription lists.',
      plans: [{ code: 'subscription', name: 'Subscription', monthlyPriceUsd: null }],
      regions: [],
      endpoints: ENDPOINTS,
      // Only what this list names is in the plan: any other model is charged to the balance without a word.
      models: {
        kind: 'live',
        url: `${SUBSCRIPTION}/models?detailed=true`,
        auth: 'bearer',
        parse: parseModelList(readModel),
      },
      // The list is public.
      verify: [
        { url: `${SUBSCRIPTION}/usage`, auth: 'bearer' },
        { url: `${SUBSCRIPTION}/models?detailed=true`, auth: 'bearer' },
      ],
      verifyAnswer: inactiveSubscription,
      reportsQuota: true,
      // https://docs.nano-gpt.com/api-reference/endpoint/chat-completion: `reasoning_effort` as OpenAI has it.
      quirks: replayQuirks,
      quota: { probes: [{ url: `${SUBSCRIPTION}/usage`, auth: 'bearer' }], parse: readQuota },
      catalog: CATALOG,
      failures: FAILURES,
      sessionHeader: null,
    },
    {
      code: 'api',
      name: 'API',
      billing: 'METERED',
      credential: 'API_KEY',
      secretHint: 'sk-nano-…',
      foreignSecrets: [],
      termsNotice: null,
      plans: [],
      regions: [],
      endpoints: ENDPOINTS,
      models: {
        kind: 'live',
        url: `${API}/models?detailed=true`,
        auth: 'bearer',
        parse: parseModelList(readModel),
      },
      // The list is public; usage answers to every valid key, whether it has a subscription or not.
      verify: [
        { url: `${SUBSCRIPTION}/usage`, auth: 'bearer' },
        { url: `${API}/models?detailed=true`, auth: 'bearer' },
      ],
      reportsQuota: false,
      // https://docs.nano-gpt.com/api-reference/endpoint/chat-completion: `reasoning_effort` as OpenAI has it.
      quirks: replayQuirks,
      catalog: CATALOG,
      failures: FAILURES,
      sessionHeader: null,
    },
  ],
});

function readModel(entry: ListEntry): ListedModel {
  return {
    upstreamId: entry.id,
    ...known({
      displayName: entry.text('name'),
      contextWindow: entry.count('context_length'),
      maxOutputTokens: entry.count('max_output_tokens'),
      capabilities: readCapabilities(entry.value('capabilities')),
      prices: readPrices(entry.value('pricing')),
    }),
  };
}

const CAPABILITY_FIELDS: Readonly<Record<string, ModelCapability>> = {
  vision: 'VISION',
  reasoning: 'REASONING',
  tool_calling: 'TOOLS',
  structured_output: 'STRUCTURED_OUTPUT',
};

function readCapabilities(value: unknown): readonly ModelCapability[] | undefined {
  if (!isFields(value)) return undefined;
  const able = Object.entries(CAPABILITY_FIELDS).filter(([field]) => value[field] === true);
  return able.length > 0 ? able.map(([, capability]) => capability) : undefined;
}

function readPrices(value: unknown): TokenPrices | undefined {
  if (!isFields(value) || value['unit'] !== 'per_million_tokens') return undefined;
  const { prompt, completion } = value;
  if (typeof prompt !== 'number' || typeof completion !== 'number' || prompt < 0 || completion < 0)
    return undefined;
  if (prompt === 0 && completion === 0) return undefined;
  return {
    input: usdFromNumber(prompt),
    output: usdFromNumber(completion),
    cacheRead: null,
    cacheWrite: null,
  };
}

/**
 * Input tokens per week and, for some, per day; plans of before counted requests per day and month:
 * https://docs.nano-gpt.com/api-reference. Images have an allowance of their own, which no chat draws on.
 */
function readQuota([body]: readonly unknown[], { now }: QuotaContext): QuotaStatement {
  const fields = fieldsAt(body);
  const { enforceDailyLimit, state, active } = fields;
  const month = monthSecondsBefore(instantOf(fieldsAt(body, 'monthly')['resetAt'], now));
  const windows = [
    ...readAllowance(body, 'dailyInputTokens', { windowSeconds: DAY_SECONDS, unit: 'TOKENS' }, now),
    ...readAllowance(body, 'weeklyInputTokens', { windowSeconds: WEEK_SECONDS, unit: 'TOKENS' }, now),
    ...(enforceDailyLimit === false
      ? []
      : readAllowance(body, 'daily', { windowSeconds: DAY_SECONDS, unit: 'REQUESTS' }, now)),
    ...readAllowance(body, 'monthly', { name: 'monthly', windowSeconds: month, unit: 'REQUESTS' }, now),
  ];
  const over = active === false || state === 'inactive';
  return { windows: over ? [] : windows, active: typeof active === 'boolean' ? !over : null };
}

function readAllowance(
  body: unknown,
  field: string,
  facts: Pick<WindowFacts, 'name' | 'windowSeconds' | 'unit'>,
  now: number,
): readonly StatedWindow[] {
  const { used, remaining, percentUsed, resetAt } = fieldsAt(body, field);
  const limit = fieldsAt(body, 'limits')[field];
  return statedWindow(
    { ...facts, limit, used, remaining, fractionUsed: percentUsed, resetsAt: resetAt },
    now,
  );
}

function inactiveSubscription(body: unknown): { class: 'PLAN_INACTIVE'; message: string } | null {
  if (!isFields(body) || (body['active'] !== false && body['state'] !== 'inactive')) return null;
  return {
    class: 'PLAN_INACTIVE',
    message: 'The account behind this key has no active NanoGPT subscription.',
  };
}
