/** NanoGPT: a catalogue of everything beside the plan's own, and a price beside the usage when usage was asked for. */
import type { TokenCounts } from '../../../../src/domain/tokens.js';
import { chatAnswer, type ChatUsageStyle } from '../chat-answer.js';
import { messagesAnswer } from '../messages-answer.js';
import type { QuotaMeter, SimulatedQuota } from '../quota.js';
import {
  json,
  refusal,
  type RecordedFailure,
  type SimulatedModel,
  type SimulatedRoute,
  type Simulation,
} from '../simulation.js';

const USAGE: ChatUsageStyle = {
  place: 'finish-chunk',
  unasked: false,
  cached: 'details',
  reasoning: true,
  beside: (tokens: TokenCounts) => ({
    x_nanogpt_pricing: {
      inputTokens: tokens.input + tokens.cacheRead + tokens.cacheWrite,
      outputTokens: tokens.output,
      costUsd: 0.0001,
      currency: 'USD',
    },
  }),
};

const error = (code: string, message: string, type: string): unknown => ({
  error: { message, type, code, param: null },
});
const retryTomorrow = { 'retry-after': '36000' };

const failures = {
  'bad-key': {
    status: 401,
    body: error('invalid_api_key', 'Invalid API key', 'authentication_error'),
    class: 'AUTHENTICATION',
  },
  'rate-limit': {
    status: 429,
    body: error('rate_limit_exceeded', 'Rate limit exceeded', 'rate_limit_error'),
    headers: { 'retry-after': '1' },
    class: 'RATE_LIMITED',
  },
  'daily-requests': {
    status: 429,
    body: error('daily_rpd_limit_exceeded', 'Daily request limit exceeded for this key', 'rate_limit_error'),
    headers: retryTomorrow,
    class: 'QUOTA_EXHAUSTED',
  },
  'daily-dollars': {
    status: 429,
    body: error('daily_usd_limit_exceeded', 'Daily spend limit exceeded for this key', 'rate_limit_error'),
    headers: retryTomorrow,
    class: 'QUOTA_EXHAUSTED',
  },
  'no-quota': {
    status: 402,
    body: error('insufficient_quota', 'Insufficient quota', 'insufficient_quota'),
    class: 'BILLING',
  },
  'no-balance': {
    status: 402,
    body: error('insufficient_balance', 'Insufficient balance', 'invalid_request_error'),
    class: 'BILLING',
  },
  'no-balance-legacy': {
    status: 402,
    body: { error: 'Insufficient balance', status: 402 },
    class: 'BILLING',
  },
  'no-balance-with-200': {
    status: 200,
    body: { error: 'Insufficient balance', status: 402 },
    class: 'BILLING',
  },
  'unknown-model': {
    status: 404,
    body: error('model_not_found', 'Model not found', 'invalid_request_error'),
    class: 'MODEL_NOT_FOUND',
  },
  'model-not-allowed': {
    status: 403,
    body: error('model_not_allowed', 'Model not allowed', 'permission_error'),
    class: 'MODEL_NOT_FOUND',
  },
  'model-not-available': {
    status: 503,
    body: error('model_not_available', 'Model not available', 'server_error'),
    class: 'MODEL_NOT_FOUND',
  },
  'all-fallbacks-failed': {
    status: 503,
    body: error('all_fallbacks_failed', 'All fallbacks failed', 'server_error'),
    class: 'UPSTREAM_ERROR',
  },
  'no-fallback': {
    status: 503,
    body: error('no_fallback_available', 'No fallback available', 'server_error'),
    class: 'UPSTREAM_ERROR',
  },
  'fallback-blocked': {
    status: 503,
    body: error('fallback_blocked_for_cache_consistency', 'Fallback blocked', 'server_error'),
    class: 'UPSTREAM_ERROR',
  },
  'prompt-too-long': {
    status: 400,
    body: error('context_length_exceeded', 'Input is longer than the model allows', 'invalid_request_error'),
    class: 'CONTEXT_LENGTH',
  },
  'unsafe-content': {
    status: 400,
    body: error('content_policy_violation', 'Content policy violation', 'invalid_request_error'),
    class: 'CONTENT_POLICY',
  },
  'empty-response': {
    status: 502,
    body: error('empty_response', 'Empty response', 'server_error'),
    class: 'INCOMPLETE_ANSWER',
  },
  'bad-effort': {
    status: 400,
    body: error('unsupported_reasoning_effort', 'Unsupported reasoning effort', 'invalid_request_error'),
    class: 'INVALID_REQUEST',
  },
} satisfies Record<string, RecordedFailure>;

const QUOTA: SimulatedQuota = {
  windows: { weekly: { seconds: 604_800, limit: 60_000_000, used: 631_288, left: 0.54 } },
  costOf: ({ stated }) => (stated ? stated.input + stated.cacheRead + stated.cacheWrite : 1_000),
  // How the end of the weekly tokens is worded is UNCONFIRMED; this is what the limits of a day say.
  wall: (_, { now, resetsAt }) => ({
    ...failures['daily-requests'],
    headers: { 'retry-after': String(Math.ceil((resetsAt - now) / 1000)) },
  }),
};

const LIMITS = { weeklyInputTokens: 60_000_000, dailyInputTokens: null, dailyImages: 100 };

const NO_SUBSCRIPTION = { active: false, state: 'inactive', limits: LIMITS, period: null };

function usage(quota: QuotaMeter): unknown {
  const { now, percentUsed, remaining, resetsAt, used } = quota.window('weekly');
  return {
    active: true,
    state: 'active',
    limits: LIMITS,
    period: { currentPeriodEnd: new Date(now + 300 * 3_600_000).toISOString() },
    weeklyInputTokens: { used, remaining, percentUsed: percentUsed / 100, resetAt: resetsAt },
    dailyInputTokens: null,
    dailyImages: { used: 0, remaining: 100, percentUsed: 0, resetAt: now + 10 * 3_600_000 },
  };
}

function detailed(model: SimulatedModel): unknown {
  return {
    id: model.id,
    object: 'model',
    name: model.displayName,
    context_length: model.contextWindow,
    max_output_tokens: model.maxOutputTokens,
    capabilities: { vision: model.vision ?? false, reasoning: model.reasoning ?? false, tool_calling: true },
    pricing: model.prices && {
      prompt: model.prices.input,
      completion: model.prices.output,
      currency: 'USD',
      unit: 'per_million_tokens',
    },
  };
}

const list = (path: string, listed: (model: SimulatedModel) => boolean): SimulatedRoute => ({
  use: 'models',
  method: 'GET',
  path,
  auth: [],
  refuse: () => null,
  serve: ({ models }) => json({ object: 'list', data: models.filter(listed).map(detailed) }),
});

const post = (path: string, serve: SimulatedRoute['serve']): SimulatedRoute => ({
  use: 'generation',
  method: 'POST',
  path,
  auth: ['bearer', 'x-api-key'],
  // A key without a subscription pays from its balance.
  refuse: (state) => (state === 'wrongProduct' ? null : refusal(failures['bad-key'])),
  serve,
});

export const simulation: Simulation = {
  slug: 'nano-gpt',
  origins: { subscription: ['https://nano-gpt.com'], api: ['https://nano-gpt.com'] },
  keys: {
    good: 'sk-nano-0a1b2c3d-0000-4000-8000-00000000good',
    bad: 'sk-nano-0a1b2c3d-0000-4000-8000-000000000bad',
    // An account with a balance and no subscription.
    wrongProduct: 'sk-nano-0a1b2c3d-0000-4000-8000-00000balance',
  },
  models: [
    {
      id: 'zai-org/glm-5.1',
      displayName: 'GLM 5.1',
      contextWindow: 200_000,
      maxOutputTokens: 131_072,
      reasoning: true,
      prices: { input: 0.3, output: 2.55 },
    },
    {
      id: 'moonshotai/kimi-k2.6:thinking',
      displayName: 'Kimi K2.6 Thinking',
      contextWindow: 262_144,
      reasoning: true,
      vision: true,
      prices: { input: 0.53, output: 2.73 },
    },
    {
      id: 'minimax/minimax-m3',
      displayName: 'MiniMax M3',
      contextWindow: 512_000,
      prices: { input: 0.3, output: 1.2 },
    },
    {
      id: 'deepseek/deepseek-v4-pro',
      displayName: 'DeepSeek V4 Pro',
      contextWindow: 1_000_000,
      prices: { input: 1.74, output: 3.48 },
    },
    {
      id: 'anthropic/claude-opus-4.8',
      displayName: 'Claude Opus 4.8',
      contextWindow: 200_000,
      vision: true,
      prices: { input: 5, output: 25 },
      inPlan: false,
    },
  ],
  routes: [
    list('/api/v1/models', () => true),
    list('/api/subscription/v1/models', ({ inPlan }) => inPlan !== false),
    {
      use: 'account',
      method: 'GET',
      path: '/api/subscription/v1/usage',
      auth: ['bearer', 'x-api-key'],
      refuse: (state) => (state === 'wrongProduct' ? json(NO_SUBSCRIPTION) : refusal(failures['bad-key'])),
      serve: ({ quota }) => json(usage(quota)),
    },
    post('/api/v1/chat/completions', (call) => chatAnswer(call, 'nano', USAGE)),
    post('/api/v1/messages', (call) => messagesAnswer(call, 'nano')),
  ],
  failures,
  quota: QUOTA,
  verdicts: {
    subscription: { bad: 'AUTHENTICATION', wrongProduct: 'PLAN_INACTIVE' },
    api: { bad: 'AUTHENTICATION', wrongProduct: null },
  },
};
