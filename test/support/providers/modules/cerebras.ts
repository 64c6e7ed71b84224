/** Cerebras: errors without an envelope, and limits per minute and per day under one code. */
import { firstOf, unknownFields, unknownMessageFields } from '../objections.js';
import { openAiCompatibleSimulation } from '../openai-compatible.js';
import type { RecordedFailure } from '../simulation.js';

const error = (message: string, type: string, param: string, code: string): unknown => ({
  message,
  type,
  param,
  code,
});

const failures = {
  'bad-key': {
    status: 401,
    body: error('Wrong API Key', 'invalid_request_error', 'api_key', 'wrong_api_key'),
    class: 'AUTHENTICATION',
  },
  'unknown-model': {
    status: 404,
    body: error(
      'Model no-such-model does not exist or you do not have access to it.',
      'not_found_error',
      'model',
      'model_not_found',
    ),
    class: 'MODEL_NOT_FOUND',
  },
  'tokens-per-minute': {
    status: 429,
    body: error(
      'Tokens per minute limit exceeded - too many tokens processed.',
      'too_many_tokens_error',
      'quota',
      'token_quota_exceeded',
    ),
    headers: { 'retry-after': '12', 'x-ratelimit-reset-tokens-minute': '12.3' },
    class: 'RATE_LIMITED',
  },
  'tokens-per-day': {
    status: 429,
    body: error(
      'Tokens per day limit exceeded - too many tokens processed.',
      'too_many_tokens_error',
      'quota',
      'token_quota_exceeded',
    ),
    headers: { 'x-ratelimit-limit-tokens-day': '24000000', 'x-ratelimit-reset-tokens-day': '33011.382867' },
    class: 'QUOTA_EXHAUSTED',
  },
  'requests-per-minute': {
    status: 429,
    body: error(
      'Requests per minute limit exceeded - too many requests sent.',
      'too_many_requests_error',
      'quota',
      'request_quota_exceeded',
    ),
    class: 'RATE_LIMITED',
  },
  'high-traffic': {
    status: 429,
    body: error(
      "We're experiencing high traffic right now! Please try again soon.",
      'too_many_requests_error',
      'queue',
      'queue_exceeded',
    ),
    class: 'RATE_LIMITED',
  },
  'prompt-too-long': {
    status: 400,
    body: error(
      'Please reduce the length of the messages or completion. Current length is 140001 while limit is 131072',
      'invalid_request_error',
      'messages',
      'context_length_exceeded',
    ),
    class: 'CONTEXT_LENGTH',
  },
} satisfies Record<string, RecordedFailure>;

const unsupported = (path: string): unknown =>
  error(
    `${path}: property '${path}' is unsupported`,
    'invalid_request_error',
    'validation_error',
    'wrong_api_format',
  );

const origins = ['https://api.cerebras.ai'];

export const simulation = openAiCompatibleSimulation({
  slug: 'cerebras',
  origins: { code: origins, api: origins },
  keys: {
    good: 'csk-0123456789abcdefghijklmnopqrstuvwxyz00good',
    bad: 'csk-0123456789abcdefghijklmnopqrstuvwxyz00none',
    wrongProduct: null,
  },
  models: [{ id: 'gpt-oss-120b' }, { id: 'zai-glm-4.7' }, { id: 'gemma-4-31b' }],
  base: '/v1',
  usage: { place: 'own-chunk', unasked: true, cached: 'details' },
  objects: firstOf(
    unknownFields(['frequency_penalty', 'presence_penalty', 'reasoning', 'enable_thinking'], unsupported),
    unknownMessageFields(['reasoning_content'], (index, role, name) =>
      unsupported(`messages.${index}.${role}.${name}`),
    ),
  ),
  failures,
});
