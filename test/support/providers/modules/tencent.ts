/** Tencent Cloud's coding plan: nothing where the list would be, but the key is asked for first. */
import { openAiCompatibleSimulation, openAiError, refuseWith } from '../openai-compatible.js';
import { json, type RecordedFailure } from '../simulation.js';

const failures = {
  'bad-key': {
    status: 401,
    body: openAiError('Incorrect API key provided', 'authentication_failed', 'not_authorized'),
    class: 'AUTHENTICATION',
  },
  'plan-expired': {
    status: 403,
    body: openAiError('Coding plan has expired', 'permission_error', 'plan_expired'),
    class: 'PLAN_INACTIVE',
  },
  'five-hour-limit': {
    status: 429,
    body: openAiError('5-hour usage limit reached', 'rate_limit', 'limit_exceeded'),
    class: 'QUOTA_EXHAUSTED',
  },
  'rate-limit': {
    status: 429,
    body: openAiError('Too many requests', 'rate_limit', 'rate_limit_exceeded'),
    class: 'RATE_LIMITED',
  },
} satisfies Record<string, RecordedFailure>;

export const simulation = openAiCompatibleSimulation({
  slug: 'tencent',
  origins: { 'coding-plan': ['https://api.lkeap.cloud.tencent.com'] },
  keys: {
    good: 'sk-sp-0123456789abcdefghijklmnopqrstuvGood',
    bad: 'sk-sp-0123456789abcdefghijklmnopqrstuvNone',
    wrongProduct: null,
  },
  models: [
    { id: 'tc-code-latest' },
    { id: 'hunyuan-2.0-instruct' },
    { id: 'hunyuan-2.0-thinking' },
    { id: 'hunyuan-t1' },
    { id: 'hunyuan-turbos' },
    { id: 'glm-5' },
    { id: 'kimi-k2.5' },
    { id: 'minimax-m2.5' },
  ],
  base: '/coding/v3',
  messagesPath: '/coding/anthropic/v1/messages',
  usage: { place: 'own-chunk', unasked: false, cached: 'details', reasoning: true },
  failures,
  routes: [
    {
      use: 'models',
      method: 'GET',
      path: '/coding/v3/models',
      auth: ['bearer'],
      refuse: refuseWith(failures['bad-key']),
      serve: () => json(openAiError('Not Found', 'invalid_request_error'), 404),
    },
  ],
});
