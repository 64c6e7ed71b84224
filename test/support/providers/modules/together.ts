/** Together: a list that is a bare array with kinds and prices, and usage on the finishing chunk. */
import { openAiCompatibleSimulation, openAiError, refuseWith } from '../openai-compatible.js';
import { json } from '../simulation.js';

const badKey = {
  status: 401,
  body: openAiError(
    'Invalid API key provided. You can find your API key at https://api.together.ai/settings/api-keys.',
    'invalid_request_error',
    'invalid_api_key',
  ),
  class: 'AUTHENTICATION',
} as const;

const TYPES = { CHAT: 'chat', EMBEDDING: 'embedding', OTHER: 'image' };

export const simulation = openAiCompatibleSimulation({
  slug: 'together',
  origins: { api: ['https://api.together.xyz'] },
  keys: { good: 'tgp_v1_GoodGoodGood', bad: 'tgp_v1_UnknownUnknown', wrongProduct: null },
  base: '/v1',
  embeds: true,
  usage: { place: 'finish-chunk', unasked: true, nulls: true },
  routes: [
    {
      use: 'models',
      method: 'GET',
      path: '/v1/models',
      auth: ['bearer'],
      refuse: refuseWith(badKey),
      serve: ({ models }) =>
        json(
          models.map((model) => ({
            id: model.id,
            object: 'model',
            created: 0,
            type: TYPES[model.kind ?? 'CHAT'],
            display_name: model.displayName,
            organization: model.id.split('/')[0],
            context_length: model.contextWindow,
            pricing: {
              hourly: 0,
              input: model.prices?.input ?? 0,
              output: model.prices?.output ?? 0,
              base: 0,
              finetune: 0,
            },
          })),
        ),
    },
  ],
  models: [
    {
      id: 'MiniMaxAI/MiniMax-M3',
      displayName: 'MiniMax M3',
      contextWindow: 524_288,
      prices: { input: 0.3, output: 1.2 },
    },
    {
      id: 'deepseek-ai/DeepSeek-R1',
      displayName: 'DeepSeek R1',
      contextWindow: 163_840,
      prices: { input: 3, output: 7 },
    },
    {
      id: 'intfloat/multilingual-e5-large-instruct',
      displayName: 'Multilingual E5 Large Instruct',
      contextWindow: 514,
      kind: 'EMBEDDING',
      prices: { input: 0.02, output: 0 },
    },
    { id: 'black-forest-labs/FLUX.2-pro', displayName: 'FLUX.2 [pro]', kind: 'OTHER' },
  ],
  failures: {
    'bad-key': badKey,
    'unknown-model': {
      status: 404,
      body: openAiError(
        'Unable to access model no-such-model. Please visit https://api.together.ai/models to view the list of supported models.',
        'invalid_request_error',
        'model_not_available',
      ),
      class: 'MODEL_NOT_FOUND',
    },
    'no-credit': {
      status: 402,
      body: openAiError(
        'Credit limit exceeded, please navigate to https://api.together.ai/settings/billing',
        'credit_limit',
      ),
      class: 'BILLING',
    },
    'rate-limit': {
      status: 429,
      body: openAiError('You have reached the rate limit specific to this model.', 'model_rate_limit'),
      class: 'RATE_LIMITED',
    },
    'prompt-too-long': {
      status: 422,
      body: openAiError(
        'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 131073. Given: 140001 `inputs` tokens.',
        'invalid_request_error',
      ),
      class: 'CONTEXT_LENGTH',
    },
    overloaded: {
      status: 503,
      body: openAiError('The server is overloaded or not ready yet.', 'server_error'),
      class: 'UPSTREAM_ERROR',
    },
  },
});
