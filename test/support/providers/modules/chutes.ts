/** Chutes: models on one host, the account on another, and errors in FastAPI's form. */
import type { ChatUsageStyle } from '../chat-answer.js';
import { openAiCompatibleSimulation, refuseWith } from '../openai-compatible.js';
import { iso, type QuotaMeter, type SimulatedQuota } from '../quota.js';
import { json, type RecordedFailure, type SimulatedModel } from '../simulation.js';

const USAGE: ChatUsageStyle = { place: 'own-chunk', unasked: false, cached: 'details' };

const failures = {
  'bad-key': { status: 401, body: { detail: 'Invalid authentication token' }, class: 'AUTHENTICATION' },
  'plan-used-up': {
    status: 402,
    body: {
      detail: { message: 'Quota exceeded and account balance is $0.0, please pay with fiat or send tao' },
    },
    class: 'QUOTA_EXHAUSTED',
  },
  'unknown-model': {
    status: 404,
    body: { detail: 'model not found: no/such-model' },
    class: 'MODEL_NOT_FOUND',
  },
  'rate-limit': {
    status: 429,
    body: { detail: 'Infrastructure is at maximum capacity, try again later' },
    class: 'RATE_LIMITED',
  },
  'server-error': { status: 503, body: { detail: 'No instances available (yet)' }, class: 'UPSTREAM_ERROR' },
} satisfies Record<string, RecordedFailure>;

const QUOTA: SimulatedQuota = {
  windows: {
    rolling: { seconds: 14_400, limit: 1_000, used: 400, left: 0.5 },
    monthly: { seconds: 2_592_000, limit: 10_000, used: 2_500, left: 0.55 },
  },
  wall: () => failures['plan-used-up'],
};

function subscriptionUsage(quota: QuotaMeter): unknown {
  const rolling = quota.window('rolling');
  const monthly = quota.window('monthly');
  return {
    subscription: { active: true, plan_name: 'Pro', current_period_end: iso(monthly.resetsAt) },
    monthly: { used: monthly.used, limit: monthly.limit, resets_at: iso(monthly.resetsAt), unit: 'credits' },
    rolling_window: {
      requests: rolling.used,
      limit: rolling.limit,
      window_minutes: 240,
      reset_at: iso(rolling.resetsAt),
      unit: 'requests',
    },
  };
}

function entry(model: SimulatedModel): unknown {
  return {
    id: model.id,
    root: model.id.replace(/-TEE$/, ''),
    object: 'model',
    created: 1_786_665_600,
    owned_by: 'sglang',
    confidential_compute: model.id.endsWith('-TEE'),
    max_model_len: model.contextWindow,
    context_length: model.contextWindow,
    max_output_length: model.maxOutputTokens,
    input_modalities: model.vision ? ['text', 'image'] : ['text'],
    output_modalities: ['text'],
    supported_features: [
      'json_mode',
      ...(model.tools ? ['tools'] : []),
      ...(model.reasoning ? ['reasoning'] : []),
    ],
  };
}

export const simulation = openAiCompatibleSimulation({
  slug: 'chutes',
  origins: { subscription: ['https://llm.chutes.ai', 'https://api.chutes.ai'] },
  keys: {
    good: 'cpk_0000000000000000.good.000000000000',
    bad: 'cpk_0000000000000000.unknown.000000000',
    wrongProduct: null,
  },
  models: [
    {
      id: 'zai-org/GLM-5.2-TEE',
      contextWindow: 1_048_576,
      maxOutputTokens: 65_535,
      reasoning: true,
      tools: true,
    },
    { id: 'moonshotai/Kimi-K2.6-TEE', contextWindow: 262_144, maxOutputTokens: 65_535, vision: true },
    { id: 'MiniMaxAI/MiniMax-M2.5-TEE', contextWindow: 196_608, maxOutputTokens: 65_536, tools: true },
    { id: 'Qwen/Qwen3-32B-TEE', contextWindow: 40_960, maxOutputTokens: 40_960, reasoning: true },
  ],
  base: '/v1',
  publicList: true,
  listed: entry,
  usage: USAGE,
  failures,
  quota: QUOTA,
  routes: [
    {
      use: 'account',
      method: 'GET',
      path: '/users/me/subscription_usage',
      auth: ['bearer'],
      refuse: refuseWith(failures['bad-key']),
      serve: ({ quota }) => json(subscriptionUsage(quota)),
    },
  ],
});
