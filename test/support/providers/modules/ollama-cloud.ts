/** Ollama Cloud: usage only when asked for, three totals and nothing else; refusals address the account by name. */
import { chatAnswer, type ChatUsageStyle } from '../chat-answer.js';
import { messagesAnswer } from '../messages-answer.js';
import { iso, type QuotaMeter, type SimulatedQuota } from '../quota.js';
import { json, refusal, type RecordedFailure, type Simulation } from '../simulation.js';

const USAGE: ChatUsageStyle = { place: 'own-chunk', unasked: false };

const error = (message: string, code: string | null = null): unknown => ({
  error: { message, type: 'api_error', param: null, code },
});

const failures = {
  'bad-key': { status: 401, body: { error: 'unauthorized' }, class: 'AUTHENTICATION' },
  suspended: { status: 403, body: { error: 'your account is suspended' }, class: 'PLAN_INACTIVE' },
  'session-wall-native': {
    status: 429,
    body: {
      error:
        'you (margaret-h) have reached your session usage limit, upgrade for higher limits: https://ollama.com/upgrade ' +
        'or add extra usage: https://ollama.com/settings (ref: 6f8b2c1e-6f0f-4f0e-9a5f-1f2e3d4c5b6a)',
    },
    class: 'QUOTA_EXHAUSTED',
  },
  'weekly-wall': {
    status: 429,
    body: error(
      'you (margaret-h) have reached your weekly usage limit, upgrade for higher limits: https://ollama.com/upgrade',
    ),
    class: 'QUOTA_EXHAUSTED',
  },
  'hourly-wall': {
    status: 429,
    body: error('you (margaret-h) have reached your hourly usage limit, upgrade for higher limits'),
    class: 'QUOTA_EXHAUSTED',
  },
  'rate-limit': { status: 429, body: error('too many concurrent requests'), class: 'RATE_LIMITED' },
  'unknown-model': {
    status: 404,
    body: error('model "nope" not found', 'model_not_found'),
    class: 'MODEL_NOT_FOUND',
  },
  'model-above-plan': {
    status: 403,
    body: error('this model requires a subscription, upgrade for access: https://ollama.com/upgrade'),
    class: 'MODEL_NOT_FOUND',
  },
  'server-error': { status: 500, body: error('internal server error'), class: 'UPSTREAM_ERROR' },
} satisfies Record<string, RecordedFailure>;

const QUOTA: SimulatedQuota = {
  windows: { monthly: { seconds: 2_592_000, limit: 60, used: 16.5, left: 0.67 } },
  costOf: () => 0.001,
  // How the end of the credit is worded is UNCONFIRMED; this is what plans with windows are told.
  wall: () => failures['weekly-wall'],
};

function balance(quota: QuotaMeter): unknown {
  const { limit, remaining, resetsAt, startedAt } = quota.window('monthly');
  return {
    included: {
      balance_usd: remaining,
      allowance_usd: limit,
      period: { from: iso(startedAt), until: iso(resetsAt) },
    },
    purchased: { balance_usd: 0 },
  };
}

const refuse = (): ReturnType<typeof refusal> => refusal(failures['bad-key']);
const open = { auth: [], refuse: () => null } as const;

export const simulation: Simulation = {
  slug: 'ollama-cloud',
  origins: { cloud: ['https://ollama.com'] },
  keys: {
    good: '0f0e0d0c0b0a09080706050403020100.GoodOllamaKey',
    bad: 'ffffffffffffffffffffffffffffffff.UnknownOllama',
    wrongProduct: null,
  },
  models: [
    { id: 'glm-5.2' },
    { id: 'glm-5.1' },
    { id: 'kimi-k2.7-code' },
    { id: 'minimax-m3' },
    { id: 'deepseek-v4-pro' },
    { id: 'gpt-oss:120b' },
    { id: 'qwen3-coder:480b' },
  ],
  routes: [
    {
      ...open,
      use: 'models',
      method: 'GET',
      path: '/v1/models',
      serve: ({ models }) =>
        json({
          object: 'list',
          data: models.map(({ id }) => ({ id, object: 'model', created: 1_790_000_000, owned_by: 'ollama' })),
        }),
    },
    {
      ...open,
      use: 'models',
      method: 'GET',
      path: '/api/tags',
      serve: ({ models }) =>
        json({ models: models.map(({ id }) => ({ name: id, model: id, size: 0, details: {} })) }),
    },
    {
      use: 'account',
      method: 'GET',
      path: '/api/balance',
      auth: ['bearer'],
      refuse,
      serve: ({ quota }) => json(balance(quota)),
    },
    {
      use: 'generation',
      method: 'POST',
      path: '/v1/chat/completions',
      auth: ['bearer'],
      refuse,
      serve: (call) => chatAnswer(call, 'ollama', USAGE),
    },
    {
      use: 'generation',
      method: 'POST',
      path: '/v1/messages',
      auth: ['bearer', 'x-api-key'],
      refuse,
      serve: (call) => messagesAnswer(call, 'ollama'),
    },
  ],
  failures,
  quota: QUOTA,
  verdicts: { cloud: { bad: 'AUTHENTICATION', wrongProduct: null } },
};
