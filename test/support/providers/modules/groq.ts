/** Groq: usage twice on the finishing chunk, once under its own name. */
import { unknownMessageFields } from '../objections.js';
import { openAiCompatibleSimulation, openAiError, plainEntry } from '../openai-compatible.js';

const base = '/openai/v1';

export const simulation = openAiCompatibleSimulation({
  slug: 'groq',
  origins: { api: ['https://api.groq.com'] },
  keys: { good: 'gsk_GoodGoodGood', bad: 'gsk_UnknownUnknown', wrongProduct: null },
  base,
  responsesPath: `${base}/responses`,
  usage: {
    place: 'finish-chunk',
    unasked: true,
    cached: 'details',
    reasoning: true,
    beside: (tokens) => ({
      x_groq: {
        id: 'req_01jbd6g2qdfw2adyrt2az8hz4w',
        usage: {
          prompt_tokens: tokens.input + tokens.cacheRead + tokens.cacheWrite,
          completion_tokens: tokens.output,
          total_tokens: tokens.input + tokens.cacheRead + tokens.cacheWrite + tokens.output,
        },
      },
    }),
  },
  objects: unknownMessageFields(['reasoning_content'], (index, role, name) =>
    openAiError(
      `'messages.${index}' : for 'role:${role}' the following must be satisfied[('messages.${index}' : property ` +
        `'${name}' is unsupported)]`,
      'invalid_request_error',
    ),
  ),
  listed: (model) => ({
    ...plainEntry(model),
    active: !model.hidden,
    context_window: model.contextWindow,
    max_completion_tokens: model.maxOutputTokens,
    public_apps: null,
  }),
  models: [
    { id: 'openai/gpt-oss-120b', contextWindow: 131_072, maxOutputTokens: 65_536 },
    { id: 'llama-3.3-70b-versatile', contextWindow: 131_072, maxOutputTokens: 32_768 },
    { id: 'qwen/qwen3-32b', contextWindow: 131_072, maxOutputTokens: 40_960 },
    { id: 'whisper-large-v3', contextWindow: 448, maxOutputTokens: 448, kind: 'OTHER' },
    { id: 'canopylabs/orpheus-v1-english', contextWindow: 4_000, maxOutputTokens: 50_000, kind: 'OTHER' },
    { id: 'meta-llama/llama-prompt-guard-2-22m', contextWindow: 512, maxOutputTokens: 512, kind: 'OTHER' },
    { id: 'gemma2-9b-it', contextWindow: 8_192, maxOutputTokens: 8_192, hidden: true },
  ],
  failures: {
    'bad-key': {
      status: 401,
      body: openAiError('Invalid API Key', 'invalid_request_error', 'invalid_api_key'),
      class: 'AUTHENTICATION',
    },
    'rate-limit': {
      status: 429,
      body: openAiError(
        'Rate limit reached for model `openai/gpt-oss-120b` in organization `org_01j000000000000000000` service tier ' +
          '`on_demand` on tokens per minute (TPM): Limit 8000, Used 7900, Requested 900. Please try again in 6s.',
        'tokens',
        'rate_limit_exceeded',
      ),
      headers: { 'retry-after': '6' },
      class: 'RATE_LIMITED',
    },
    'larger-than-a-minute': {
      status: 413,
      body: openAiError(
        'Request too large for model `openai/gpt-oss-120b` on tokens per minute (TPM): Limit 8000, Requested 30218.',
        'tokens',
        'rate_limit_exceeded',
      ),
      class: 'CONTEXT_LENGTH',
    },
    decommissioned: {
      status: 400,
      body: openAiError(
        'The model `gemma2-9b-it` has been decommissioned and is no longer supported.',
        'invalid_request_error',
        'model_decommissioned',
      ),
      class: 'MODEL_NOT_FOUND',
    },
    'broken-tool-call': {
      status: 400,
      body: openAiError('Failed to call a function.', 'invalid_request_error', 'tool_use_failed'),
      class: 'INCOMPLETE_ANSWER',
    },
    'flex-capacity': {
      status: 498,
      body: openAiError('Flex tier capacity exceeded', 'capacity_exceeded'),
      class: 'RATE_LIMITED',
    },
    'spend-limit': {
      status: 400,
      body: openAiError(
        'API access blocked: spend limit reached',
        'invalid_request_error',
        'blocked_api_access',
      ),
      class: 'BILLING',
    },
  },
});
