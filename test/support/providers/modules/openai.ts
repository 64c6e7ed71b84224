/** OpenAI: chat completions and responses; a stream states usage when asked, with `null` on all other chunks. */
import { openAiCompatibleSimulation, openAiError } from '../openai-compatible.js';

export const simulation = openAiCompatibleSimulation({
  slug: 'openai',
  origins: { api: ['https://api.openai.com'] },
  keys: { good: 'sk-proj-GoodGoodGood', bad: 'sk-proj-UnknownUnknown', wrongProduct: null },
  base: '/v1',
  embeds: true,
  responsesPath: '/v1/responses',
  usage: { place: 'own-chunk', unasked: false, nulls: true, cached: 'details', reasoning: true },
  models: [
    { id: 'gpt-5.5' },
    { id: 'gpt-5-mini-2025-08-07' },
    { id: 'gpt-5.3-codex' },
    { id: 'gpt-5-search-api' },
    { id: 'o3-pro' },
    { id: 'gpt-4o' },
    { id: 'gpt-3.5-turbo-instruct', kind: 'OTHER' },
    { id: 'gpt-realtime', kind: 'OTHER' },
    { id: 'gpt-audio', kind: 'OTHER' },
    { id: 'gpt-4o-mini-transcribe', kind: 'OTHER' },
    { id: 'tts-1-hd', kind: 'OTHER' },
    { id: 'gpt-image-1', kind: 'OTHER' },
    { id: 'sora-2', kind: 'OTHER' },
    { id: 'omni-moderation-latest', kind: 'OTHER' },
    { id: 'text-embedding-3-large', kind: 'EMBEDDING' },
    { id: 'text-embedding-3-small', kind: 'EMBEDDING' },
  ],
  failures: {
    'bad-key': {
      status: 401,
      body: openAiError(
        'Incorrect API key provided: sk-proj-********known. You can find your API key at https://platform.openai.com/account/api-keys.',
        'invalid_request_error',
        'invalid_api_key',
      ),
      class: 'AUTHENTICATION',
    },
    'no-credit': {
      status: 429,
      body: openAiError(
        'You exceeded your current quota, please check your plan and billing details.',
        'insufficient_quota',
        'insufficient_quota',
      ),
      class: 'BILLING',
    },
    'hard-limit': {
      status: 400,
      body: openAiError(
        'Billing hard limit has been reached',
        'invalid_request_error',
        'billing_hard_limit_reached',
      ),
      class: 'BILLING',
    },
    'no-access': {
      status: 403,
      body: openAiError(
        'Project `proj_abcdef` does not have access to model `gpt-5.5`',
        'invalid_request_error',
        'model_not_found',
      ),
      class: 'MODEL_NOT_FOUND',
    },
    'usage-policy': {
      status: 400,
      body: openAiError(
        'Invalid prompt: your prompt was flagged as potentially violating our usage policy.',
        'invalid_request_error',
        'invalid_prompt',
      ),
      class: 'CONTENT_POLICY',
    },
  },
});
