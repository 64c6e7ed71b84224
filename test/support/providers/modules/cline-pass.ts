/** ClinePass: no model list, error codes that repeat the status, and windows in percent. */
import { openAiCompatibleSimulation, refuseWith } from '../openai-compatible.js';
import { iso, type QuotaMeter, type SimulatedQuota } from '../quota.js';
import { json, type RecordedFailure } from '../simulation.js';

const error = (code: number, message: string): unknown => ({ error: { code, message, metadata: {} } });

const failures = {
  'bad-key': { status: 401, body: error(401, 'Invalid API key'), class: 'AUTHENTICATION' },
  'no-credits': { status: 402, body: error(402, 'Insufficient credits'), class: 'BILLING' },
  'no-plan': {
    status: 403,
    body: error(403, 'This model needs an active ClinePass subscription'),
    class: 'PLAN_INACTIVE',
  },
  'unknown-model': { status: 404, body: error(404, 'Model not found'), class: 'MODEL_NOT_FOUND' },
  'weekly-limit': {
    status: 429,
    body: error(429, 'You have reached your weekly limit'),
    class: 'QUOTA_EXHAUSTED',
  },
  'rate-limit': { status: 429, body: error(429, 'Rate limit exceeded'), class: 'RATE_LIMITED' },
  'bad-gateway': { status: 502, body: error(502, 'Upstream provider error'), class: 'UPSTREAM_ERROR' },
} satisfies Record<string, RecordedFailure>;

const QUOTA: SimulatedQuota = {
  windows: {
    five_hour: { seconds: 18_000, limit: 2_000, used: 250, left: 0.4 },
    weekly: { seconds: 604_800, limit: 8_000, used: 2_000, left: 0.4 },
    monthly: { seconds: 2_592_000, limit: 20_000, used: 8_000, left: 0.5 },
  },
  // UNCONFIRMED for windows other than the week.
  wall: (name) => ({
    ...failures['weekly-limit'],
    body: error(429, `You have reached your ${name.replace('_', ' ')} limit`),
  }),
};

function usageLimits(quota: QuotaMeter): unknown {
  const row = (type: string): unknown => {
    const { percentUsed, resetsAt } = quota.window(type);
    return { type, percentUsed, resetsAt: type === 'monthly' ? null : iso(resetsAt) };
  };
  return {
    data: {
      limits: [
        row('five_hour'),
        row('weekly'),
        row('monthly'),
        { type: 'experimental_pool', percentUsed: 0 },
      ],
    },
    success: true,
  };
}

export const simulation = openAiCompatibleSimulation({
  slug: 'cline-pass',
  origins: { pass: ['https://api.cline.bot'] },
  keys: {
    good: 'sk_0123456789abcdef0123456789abcdefgood',
    bad: 'sk_0123456789abcdef0123456789abcdefnone',
    wrongProduct: null,
  },
  models: [
    { id: 'cline-pass/glm-5.2' },
    { id: 'cline-pass/kimi-k2.7-code' },
    { id: 'cline-pass/kimi-k2.6' },
    { id: 'cline-pass/kimi-k3' },
    { id: 'cline-pass/deepseek-v4-pro' },
    { id: 'cline-pass/deepseek-v4-flash' },
    { id: 'cline-pass/mimo-v2.5' },
    { id: 'cline-pass/mimo-v2.5-pro' },
    { id: 'cline-pass/minimax-m3' },
    { id: 'cline-pass/qwen3.7-max' },
    { id: 'cline-pass/qwen3.7-plus' },
  ],
  base: '/api/v1',
  usage: { place: 'own-chunk', unasked: false, cached: 'details' },
  failures,
  quota: QUOTA,
  routes: [
    {
      use: 'models',
      method: 'GET',
      path: '/api/v1/models',
      auth: [],
      refuse: () => null,
      serve: () => json(error(404, 'Not Found'), 404),
    },
    {
      use: 'account',
      method: 'GET',
      path: '/api/v1/users/me/plan/usage-limits',
      auth: ['bearer'],
      refuse: refuseWith(failures['bad-key']),
      serve: ({ quota }) => json(usageLimits(quota)),
    },
  ],
});
