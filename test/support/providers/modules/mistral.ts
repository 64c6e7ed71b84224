/** Mistral: one list for plan and API, with abilities and announced ends; usage on the chunk that ends the text, unasked. */
import { firstOf, nineAlphanumerics, unknownFields, unknownMessageFields } from '../objections.js';
import { openAiCompatibleSimulation } from '../openai-compatible.js';
import type { RecordedFailure, SimulatedModel } from '../simulation.js';

const error = (message: string, type: string, code: string | null = null): unknown => ({
  object: 'error',
  message,
  type,
  param: null,
  code,
});

const failures = {
  'bad-key': { status: 401, body: { detail: 'Unauthorized' }, class: 'AUTHENTICATION' },
  'unknown-model': {
    status: 400,
    body: error('Invalid model: no-such-model', 'invalid_model', '1500'),
    class: 'MODEL_NOT_FOUND',
  },
  'rate-limit': {
    status: 429,
    body: { ...(error('Rate limit exceeded', 'rate_limited', '1300') as object), raw_status_code: 429 },
    class: 'RATE_LIMITED',
  },
  'requests-per-second': {
    status: 429,
    body: { message: 'Requests rate limit exceeded' },
    class: 'RATE_LIMITED',
  },
  'capacity-exceeded': {
    status: 503,
    body: error('Service tier capacity exceeded for this model.', 'invalid_request_error'),
    class: 'RATE_LIMITED',
  },
  'monthly-limit': {
    status: 429,
    body: error('Monthly usage limit reached', 'rate_limited'),
    class: 'QUOTA_EXHAUSTED',
  },
  'prompt-too-long': {
    status: 400,
    body: error(
      'Prompt contains 140001 tokens and 0 draft tokens, too large for model with 131072 maximum context length',
      'invalid_request_prompt',
      '3051',
    ),
    class: 'CONTEXT_LENGTH',
  },
  'unknown-field': {
    status: 422,
    body: {
      object: 'error',
      message: { detail: [{ type: 'extra_forbidden', loc: ['body', 'metadata'] }] },
      type: 'invalid_request_error',
      param: null,
      code: null,
    },
    class: 'INVALID_REQUEST',
  },
} satisfies Record<string, RecordedFailure>;

function listed(model: SimulatedModel): unknown {
  return {
    id: model.id,
    object: 'model',
    created: 1_786_665_600,
    owned_by: 'mistralai',
    capabilities: {
      completion_chat: model.kind === undefined,
      completion_fim: false,
      function_calling: model.tools ?? false,
      fine_tuning: false,
      vision: model.vision ?? false,
    },
    name: model.id,
    description: '',
    max_context_length: model.contextWindow,
    aliases: [],
    deprecation: model.hidden ? '2026-12-31T12:00:00Z' : null,
    default_model_temperature: 0.3,
    type: 'base',
  };
}

/** As pydantic words it; the message is a list. */
const extra = (...loc: readonly (string | number)[]): unknown => ({
  object: 'error',
  message: {
    detail: [{ type: 'extra_forbidden', loc: ['body', ...loc], msg: 'Extra inputs are not permitted' }],
  },
  type: 'invalid_request_error',
  param: null,
  code: null,
});

const origins = ['https://api.mistral.ai'];

export const simulation = openAiCompatibleSimulation({
  slug: 'mistral',
  origins: { vibe: origins, api: origins },
  keys: {
    good: 'MistralKey0123456789abcdefGood00',
    bad: 'MistralKey0123456789abcdefNone00',
    wrongProduct: null,
  },
  models: [
    { id: 'mistral-large-2512', contextWindow: 262_144, vision: true, tools: true, offerings: ['api'] },
    { id: 'mistral-large-latest', contextWindow: 262_144, vision: true, tools: true, offerings: ['api'] },
    { id: 'devstral-2512', contextWindow: 262_144, tools: true, offerings: ['api'] },
    { id: 'open-mixtral-8x7b', contextWindow: 32_768, offerings: ['api'], hidden: true },
    { id: 'mistral-embed', contextWindow: 8_192, offerings: ['api'], kind: 'EMBEDDING' },
    { id: 'mistral-ocr-latest', contextWindow: 16_384, offerings: ['api'], kind: 'OTHER' },
    { id: 'mistral-vibe-cli-latest', contextWindow: 200_000, tools: true, offerings: ['vibe'] },
  ],
  base: '/v1',
  embeds: true,
  listed,
  usage: { place: 'finish-chunk', unasked: true },
  objects: firstOf(
    nineAlphanumerics((message) => error(message, 'invalid_function_call', '3280')),
    unknownFields(
      ['max_completion_tokens', 'stream_options', 'seed', 'user', 'store', 'service_tier', 'verbosity'],
      (name) => extra(name),
      422,
    ),
    unknownMessageFields(
      ['reasoning_content', 'name'],
      (index, role, name) => extra('messages', index, role, name),
      422,
    ),
  ),
  failures,
});
