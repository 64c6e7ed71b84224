/** xAI: errors as a sentence beside a code that is one as well, a bad key as a 400, and reasoning on top of the output. */
import { openAiCompatibleSimulation } from '../openai-compatible.js';

const error = (code: string, message: string): unknown => ({ code, error: message });
const NO_PERMISSION = 'The caller does not have permission to execute the specified operation';
const EXHAUSTED = 'Some resource has been exhausted';
const BAD_ARGUMENT = 'Client specified an invalid argument';

export const simulation = openAiCompatibleSimulation({
  slug: 'xai',
  origins: { api: ['https://api.x.ai'] },
  keys: { good: 'xai-GoodGoodGood', bad: 'xai-UnknownUnknown', wrongProduct: null },
  base: '/v1',
  responsesPath: '/v1/responses',
  usage: {
    place: 'own-chunk',
    unasked: true,
    cached: 'details',
    reasoning: true,
    reasoningOnTop: true,
  },
  models: [
    { id: 'grok-4.3' },
    { id: 'grok-4.20-0309-reasoning' },
    { id: 'grok-4.20-multi-agent-0309' },
    { id: 'grok-imagine-image', kind: 'OTHER' },
    { id: 'grok-imagine-video', kind: 'OTHER' },
  ],
  failures: {
    'bad-key': {
      status: 400,
      body: error(
        BAD_ARGUMENT,
        'Incorrect API key provided: xa***wn. You can obtain an API key from https://console.x.ai.',
      ),
      class: 'AUTHENTICATION',
    },
    'unknown-model': {
      status: 404,
      body: error(
        'Some requested entity was not found',
        'The model no-such-model does not exist or your team 0a1b2c3d does not have access to it.',
      ),
      class: 'MODEL_NOT_FOUND',
    },
    'no-credits-yet': {
      status: 403,
      body: error(NO_PERMISSION, "Your newly created team doesn't have any credits or licenses yet."),
      class: 'BILLING',
    },
    'credits-used': {
      status: 429,
      body: error(
        EXHAUSTED,
        'Your team 0a1b2c3d has either used all available credits or reached its monthly spending limit.',
      ),
      class: 'BILLING',
    },
    'rate-limit': {
      status: 429,
      body: error(EXHAUSTED, 'Too many requests for team 0a1b2c3d and model grok-4.3.'),
      headers: { 'retry-after': '3' },
      class: 'RATE_LIMITED',
    },
    'prompt-too-long': {
      status: 400,
      body: error(
        BAD_ARGUMENT,
        "This model's maximum prompt length is 131072 but the request contains 140001 tokens.",
      ),
      class: 'CONTEXT_LENGTH',
    },
    'unsafe-content': {
      status: 403,
      body: error(NO_PERMISSION, 'Content violates usage guidelines. Failed check: SAFETY_CHECK_TYPE_BIO'),
      class: 'CONTENT_POLICY',
    },
  },
});
