/** Z.ai: one key for plan and wallet; the quota endpoint answers HTTP 200 whatever the key. */
import { readErrorAnswer } from '../../../../src/providers/failure.js';
import { chatAnswer, type ChatUsageStyle } from '../chat-answer.js';
import { messagesAnswer } from '../messages-answer.js';
import type { QuotaMeter, SimulatedQuota, WindowState } from '../quota.js';
import { responsesAnswer } from '../responses-answer.js';
import {
  inAnthropicForm,
  json,
  refusal,
  type RecordedFailure,
  type SimulatedRoute,
  type Simulation,
} from '../simulation.js';

const USAGE: ChatUsageStyle = { place: 'finish-chunk', unasked: true, cached: 'details', reasoning: true };

const error = (code: string, message: string): { error: { code: string; message: string } } => ({
  error: { code, message },
});

const failures = {
  'bad-key': { status: 401, body: error('1000', 'Authentication Failed'), class: 'AUTHENTICATION' },
  'expired-token': {
    status: 401,
    body: error('1003', 'Authentication Token expired'),
    class: 'AUTHENTICATION',
  },
  'bad-key-with-200': {
    status: 200,
    body: { code: 1000, msg: 'Authentication Failed', success: false },
    class: 'AUTHENTICATION',
  },
  'no-plan-with-200': {
    status: 200,
    body: { code: 500, msg: '当前用户不存在coding plan', success: false },
    class: 'PLAN_INACTIVE',
  },
  'no-balance': {
    status: 429,
    body: error('1113', 'Insufficient balance or no resource package. Please recharge.'),
    class: 'BILLING',
  },
  'unknown-model': {
    status: 400,
    body: error('1211', 'Unknown Model, please check the model code.'),
    class: 'MODEL_NOT_FOUND',
  },
  'model-does-not-exist': {
    status: 400,
    body: error('1214', 'The model does not exist.'),
    class: 'MODEL_NOT_FOUND',
  },
  'bad-parameter': {
    status: 400,
    body: error('1214', 'Incorrect value for temperature.'),
    class: 'INVALID_REQUEST',
  },
  'no-model-permission': {
    status: 403,
    body: error('1220', 'You do not have permission to access glm-5.3.'),
    class: 'MODEL_NOT_FOUND',
  },
  'prompt-too-long': {
    status: 400,
    body: error('1261', 'Prompt exceeds max length'),
    class: 'CONTEXT_LENGTH',
  },
  'unsafe-content': {
    status: 400,
    body: error('1301', 'System detected potentially unsafe or sensitive content in input or generation.'),
    class: 'CONTENT_POLICY',
  },
  'rate-limit': {
    status: 429,
    body: error('1302', 'High concurrency usage of this API'),
    class: 'RATE_LIMITED',
  },
  overloaded: {
    status: 429,
    body: error('1305', 'The API has triggered a rate limit.'),
    class: 'RATE_LIMITED',
  },
  'five-hour-wall': {
    status: 429,
    body: error('1308', 'Usage limit reached for 5 hour. Your limit will reset at 2026-08-12 18:58:34'),
    class: 'QUOTA_EXHAUSTED',
  },
  'plan-expired': {
    status: 429,
    body: error('1309', 'Your GLM Coding Plan has expired.'),
    class: 'PLAN_INACTIVE',
  },
  'weekly-wall': {
    status: 429,
    body: error('1310', 'Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-08-16 10:03:40'),
    class: 'QUOTA_EXHAUSTED',
  },
  'weekly-wall-anthropic': {
    status: 429,
    body: {
      type: 'error',
      error: {
        type: 'rate_limit_error',
        code: '1310',
        message:
          '[1310][Weekly/Monthly Limit Exhausted. Your limit will reset at 2026-08-16 10:03:40][20260812100000]',
      },
    },
    class: 'QUOTA_EXHAUSTED',
  },
  'model-not-in-plan': {
    status: 429,
    body: error('1311', 'Your current subscription plan does not include access to glm-5.3.'),
    class: 'MODEL_NOT_FOUND',
  },
  'fair-use': {
    status: 429,
    body: error('1313', 'Your account usage does not comply with the Fair Usage Policy.'),
    class: 'FAIR_USE',
  },
  'enterprise-limit': {
    status: 429,
    body: error('1314', 'Enterprise usage limit reached.'),
    class: 'QUOTA_EXHAUSTED',
  },
  'extra-usage-wall': {
    status: 429,
    body: error('1316', 'Extra usage limit reached for 5 hour. Your limit will reset at 2026-08-12 18:58:34'),
    class: 'QUOTA_EXHAUSTED',
  },
  'server-error': { status: 500, body: error('500', 'Internal Error'), class: 'UPSTREAM_ERROR' },
} satisfies Record<string, RecordedFailure>;

/** Beijing time, without saying so. */
const beijing = (time: number): string =>
  new Date(time + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');

const QUOTA: SimulatedQuota = {
  windows: {
    '5h': { seconds: 18_000, limit: 12_000, used: 4_080, left: 0.4 },
    weekly: { seconds: 604_800, limit: 60_000, used: 12_000, left: 0.43 },
  },
  wall: (name, { resetsAt }) => {
    const [code, words] =
      name === '5h'
        ? ['1308', 'Usage limit reached for 5 hour.']
        : ['1310', 'Weekly/Monthly Limit Exhausted.'];
    const body = error(code ?? '', `${words} Your limit will reset at ${beijing(resetsAt)}`);
    return { status: 429, body, class: 'QUOTA_EXHAUSTED' };
  },
};

function limits(quota: QuotaMeter): unknown {
  const row = (unit: number, number: number, window: WindowState): unknown => ({
    type: 'CREDIT_LIMIT',
    unit,
    number,
    usage: window.limit,
    currentValue: window.used,
    remaining: window.remaining,
    percentage: Math.floor(window.percentUsed),
    nextResetTime: window.resetsAt,
  });
  const rows = [row(3, 5, quota.window('5h')), row(6, 1, quota.window('weekly'))];
  return { code: 200, msg: 'Operation successful', data: { limits: rows, level: 'pro' }, success: true };
}

/** On its Messages path Z.ai repeats code and message inside the message. */
function phraseForMessages(failure: RecordedFailure): RecordedFailure {
  const said = readErrorAnswer(failure.status, JSON.stringify(failure.body));
  if (said.code === null || said.type !== null) return failure;
  return inAnthropicForm(failure, {
    code: said.code,
    message: `[${said.code}][${said.message}][20260812100000]`,
  });
}

const post = (path: string, needsPlan: boolean, serve: SimulatedRoute['serve']): SimulatedRoute => ({
  use: 'generation',
  method: 'POST',
  path,
  auth: path.includes('/anthropic/') ? ['bearer', 'x-api-key'] : ['bearer'],
  refuse: (state) => {
    if (state !== 'wrongProduct') return refusal(failures['bad-key']);
    return needsPlan ? refusal(failures['no-balance']) : null;
  },
  ...(path.includes('/anthropic/') && { phrase: phraseForMessages }),
  metered: !needsPlan,
  serve,
});

const list = (path: string): SimulatedRoute => ({
  use: 'models',
  method: 'GET',
  path,
  auth: ['bearer'],
  refuse: (state) => (state === 'wrongProduct' ? null : refusal(failures['bad-key'])),
  serve: ({ models }) =>
    json({
      object: 'list',
      data: models.map(({ id }) => ({ id, object: 'model', created: 1_786_665_600, owned_by: 'z-ai' })),
    }),
});

export const simulation: Simulation = {
  slug: 'zai',
  origins: {
    'coding-plan': ['https://api.z.ai', 'https://open.bigmodel.cn'],
    api: ['https://api.z.ai', 'https://open.bigmodel.cn'],
  },
  keys: {
    good: '0123456789abcdef0123456789abcdef.GoodPlanSecret00',
    bad: 'ffffffffffffffffffffffffffffffff.UnknownSecret000',
    // The account behind it has a wallet but no plan.
    wrongProduct: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.WalletOnlySecret',
  },
  models: [
    { id: 'glm-5.3' },
    { id: 'glm-5.3-flash' },
    { id: 'glm-5.2' },
    { id: 'glm-5.1' },
    { id: 'glm-5-turbo' },
    { id: 'glm-4.7' },
    { id: 'glm-4.5-air' },
  ],
  routes: [
    list('/api/coding/paas/v4/models'),
    list('/api/paas/v4/models'),
    post('/api/coding/paas/v4/chat/completions', true, (call) => chatAnswer(call, 'zai', USAGE)),
    post('/api/paas/v4/chat/completions', false, (call) => chatAnswer(call, 'zai', USAGE)),
    post('/api/anthropic/v1/messages', true, (call) => messagesAnswer(call, 'zai')),
    post('/api/v1/responses', true, (call) => responsesAnswer(call, 'zai')),
    {
      use: 'account',
      method: 'GET',
      path: '/api/monitor/usage/quota/limit',
      auth: ['bearer'],
      refuse: (state) =>
        refusal(failures[state === 'wrongProduct' ? 'no-plan-with-200' : 'bad-key-with-200']),
      serve: ({ quota }) => json(limits(quota)),
    },
  ],
  failures,
  quota: QUOTA,
  verdicts: {
    'coding-plan': { bad: 'AUTHENTICATION', wrongProduct: 'PLAN_INACTIVE' },
    api: { bad: 'AUTHENTICATION', wrongProduct: null },
  },
};
