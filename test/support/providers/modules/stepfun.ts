/** StepFun: one key for plan and platform, two sites, errors with a type and no code. */
import {
  generationRoute,
  messagesRoute,
  openAiCompatibleSimulation,
  refuseWith,
} from '../openai-compatible.js';
import { chatAnswer, type ChatUsageStyle } from '../chat-answer.js';
import type { RecordedFailure } from '../simulation.js';

const USAGE: ChatUsageStyle = { place: 'own-chunk', unasked: false, cached: 'details', reasoning: true };

const error = (message: string, type: string): unknown => ({ error: { message, type } });

const failures = {
  'bad-key': {
    status: 401,
    body: error('Incorrect API key provided', 'invalid_api_key'),
    class: 'AUTHENTICATION',
  },
  'no-balance': {
    status: 402,
    body: error('Your account balance is insufficient', 'insufficient_balance'),
    class: 'BILLING',
  },
  'unknown-model': {
    status: 400,
    body: error('The model does not exist or you have no permission', 'request_params_invalid'),
    class: 'MODEL_NOT_FOUND',
  },
  'five-hour-limit': {
    status: 429,
    body: error('You have reached the 5-hour usage limit of your plan', 'quota_exceeded'),
    class: 'QUOTA_EXHAUSTED',
  },
  'rate-limit': { status: 429, body: error('Rate limit exceeded', 'rate_limited'), class: 'RATE_LIMITED' },
} satisfies Record<string, RecordedFailure>;

const refuse = refuseWith(failures['bad-key']);
const origins = ['https://api.stepfun.ai', 'https://api.stepfun.com'];

export const simulation = openAiCompatibleSimulation({
  slug: 'stepfun',
  origins: { 'step-plan': origins, api: origins },
  keys: {
    good: 'StepKey0123456789abcdefghijklmnopqrstuvwxyzGood',
    bad: 'StepKey0123456789abcdefghijklmnopqrstuvwxyzNone',
    wrongProduct: null,
  },
  models: [
    { id: 'step-3.7-flash' },
    { id: 'step-3.5-flash-2603' },
    { id: 'step-3.5-flash' },
    { id: 'step-1-32k', offerings: ['api'] },
    { id: 'step-image-edit-2', offerings: ['api'], kind: 'OTHER' },
    { id: 'stepaudio-2.5-tts', offerings: ['api'], kind: 'OTHER' },
  ],
  base: '/v1',
  messagesPath: '/v1/messages',
  usage: USAGE,
  failures,
  routes: [
    generationRoute('/step_plan/v1/chat/completions', refuse, (call) => chatAnswer(call, 'stepfun', USAGE)),
    messagesRoute('/step_plan/v1/messages', 'stepfun', refuse),
  ],
});
