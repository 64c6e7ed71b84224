/** Xiaomi MiMo: keys that work in one cluster only, and a refusal that can hide behind HTTP 200. */
import type { ChatUsageStyle } from '../chat-answer.js';
import { missingThoughts } from '../objections.js';
import { messagesRoute, openAiCompatibleSimulation } from '../openai-compatible.js';
import { json, type RecordedFailure, refusal, type SimulatedRoute } from '../simulation.js';

const USAGE: ChatUsageStyle = { place: 'own-chunk', unasked: false, cached: 'details', reasoning: true };

const error = (code: string, message: string, type = ''): unknown => ({
  error: { code, message, param: null, type },
});

const failures = {
  'bad-key': { status: 401, body: error('401', 'Invalid API Key', 'invalid_key'), class: 'AUTHENTICATION' },
  'bad-key-with-200': {
    status: 200,
    body: { code: 401, message: 'Unauthorized', data: null },
    class: 'AUTHENTICATION',
  },
  'no-balance': { status: 402, body: error('402', 'Insufficient account balance'), class: 'BILLING' },
  // Plan accounts saw this on bursts, with quota left.
  burst: {
    status: 402,
    body: { type: 'server_error', message: 'Upstream request failed: Insufficient account funds' },
    class: 'RATE_LIMITED',
  },
  'unknown-model': {
    status: 400,
    body: error('400', 'Not supported model mimo-v0', 'invalid_request_error'),
    class: 'MODEL_NOT_FOUND',
  },
  'rate-limit': { status: 429, body: error('429', 'Too many requests'), class: 'RATE_LIMITED' },
  // Worded as the documentation words it.
  'plan-wall': {
    status: 429,
    body: error('429', 'The quota of Token Plan has been exhausted'),
    class: 'QUOTA_EXHAUSTED',
  },
  'server-error': { status: 500, body: error('500', 'Internal Server Error'), class: 'UPSTREAM_ERROR' },
} satisfies Record<string, RecordedFailure>;

const refuse: SimulatedRoute['refuse'] = (state) =>
  state === 'bad' ? json(failures['bad-key-with-200'].body) : refusal(failures['bad-key']);

export const simulation = openAiCompatibleSimulation({
  slug: 'xiaomi',
  origins: {
    'token-plan': [
      'https://token-plan-cn.xiaomimimo.com',
      'https://token-plan-sgp.xiaomimimo.com',
      'https://token-plan-ams.xiaomimimo.com',
    ],
    api: ['https://api.xiaomimimo.com'],
  },
  keys: {
    good: 'tp-cgoodkeygoodkeygoodkeygoodkeygoodkey00',
    bad: 'tp-cunknownunknownunknownunknownunknown0',
    // Bought for another cluster.
    wrongProduct: 'tp-sotherclusterotherclusterothercluster',
  },
  models: [
    { id: 'mimo-v2.5-pro' },
    { id: 'mimo-v2.5' },
    { id: 'mimo-v2-omni' },
    { id: 'mimo-v2.5-tts', kind: 'OTHER' },
    { id: 'mimo-v2.5-tts-voiceclone', kind: 'OTHER' },
  ],
  base: '/v1',
  usage: USAGE,
  failures,
  refuse,
  // Its gateway speaks before the format is looked at: errors are worded alike on both paths.
  objects: missingThoughts(() => ({
    error: {
      code: '400',
      message: 'Param Incorrect',
      param: 'The reasoning_content in the thinking mode must be passed back to the API.',
      type: '',
    },
  })),
  routes: [{ ...messagesRoute('/anthropic/v1/messages', 'xiaomi', refuse), phrase: (failure) => failure }],
});
