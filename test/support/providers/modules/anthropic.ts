/** Anthropic: Messages only, a list that pages after an id, and a version that every call must name. */
import { messagesAnswer } from '../messages-answer.js';
import { generationRoute, refuseWith } from '../openai-compatible.js';
import { json, type RecordedFailure, type SimulatedCall, type Simulation } from '../simulation.js';

const PAGE = 2;

const error = (type: string, message: string): unknown => ({
  type: 'error',
  error: { type, message },
  request_id: 'req_011CSHoEeqs5C35K2UUqR7Fy',
});

const failures = {
  'bad-key': {
    status: 401,
    body: error('authentication_error', 'invalid x-api-key'),
    class: 'AUTHENTICATION',
  },
  'unknown-model': {
    status: 404,
    body: error('not_found_error', 'model: no-such-model'),
    class: 'MODEL_NOT_FOUND',
  },
  'no-credit': {
    status: 400,
    body: error(
      'invalid_request_error',
      'Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purchase credits.',
    ),
    class: 'BILLING',
  },
  'own-limit': {
    status: 400,
    body: error(
      'invalid_request_error',
      'You have reached your specified API usage limits. You will regain access on 2026-09-01 at 00:00 UTC.',
    ),
    class: 'QUOTA_EXHAUSTED',
  },
  'rate-limit': {
    status: 429,
    body: error('rate_limit_error', 'This request would exceed the rate limit for your organization.'),
    headers: { 'retry-after': '12' },
    class: 'RATE_LIMITED',
  },
  overloaded: { status: 529, body: error('overloaded_error', 'Overloaded'), class: 'UPSTREAM_ERROR' },
  'prompt-too-long': {
    status: 400,
    body: error('invalid_request_error', 'prompt is too long: 208310 tokens > 200000 maximum'),
    class: 'CONTEXT_LENGTH',
  },
  'body-too-large': {
    status: 413,
    body: error('request_too_large', 'Request exceeds the maximum size'),
    class: 'CONTEXT_LENGTH',
  },
  'no-permission': {
    status: 403,
    body: error('permission_error', 'Your API key does not have permission to use the specified resource.'),
    class: 'AUTHENTICATION',
  },
  'server-error': { status: 500, body: error('api_error', 'Internal server error'), class: 'UPSTREAM_ERROR' },
} satisfies Record<string, RecordedFailure>;

const refuse = refuseWith(failures['bad-key']);

function listPage({ models, query, headers }: SimulatedCall): ReturnType<typeof json> {
  if (headers['anthropic-version'] !== '2023-06-01')
    return json(error('invalid_request_error', 'anthropic-version: header is required'), 400);
  const after = models.findIndex(({ id }) => id === query.get('after_id')) + 1;
  const page = models.slice(after, after + PAGE);
  return json({
    data: page.map((model) => ({
      type: 'model',
      id: model.id,
      display_name: model.displayName,
      created_at: '2026-04-16T00:00:00Z',
      max_input_tokens: model.contextWindow,
      max_tokens: model.maxOutputTokens,
      capabilities: {
        batch: { supported: true },
        image_input: { supported: model.vision ?? false },
        thinking: { supported: model.reasoning ?? false, types: { enabled: { supported: true } } },
        structured_outputs: { supported: true },
      },
    })),
    first_id: page[0]?.id ?? null,
    last_id: page.at(-1)?.id ?? null,
    has_more: after + PAGE < models.length,
  });
}

export const simulation: Simulation = {
  slug: 'anthropic',
  origins: { api: ['https://api.anthropic.com'] },
  keys: {
    good: 'sk-ant-api03-GoodGoodGood',
    bad: 'sk-ant-api03-UnknownUnknown',
    // The sign-in of a consumer plan.
    wrongProduct: 'sk-ant-oat01-SubscriptionToken',
  },
  models: [
    {
      id: 'claude-opus-5',
      displayName: 'Claude Opus 5',
      contextWindow: 1_000_000,
      maxOutputTokens: 128_000,
      reasoning: true,
      vision: true,
    },
    {
      id: 'claude-sonnet-4-6',
      displayName: 'Claude Sonnet 4.6',
      contextWindow: 1_000_000,
      maxOutputTokens: 64_000,
      reasoning: true,
      vision: true,
    },
    {
      id: 'claude-haiku-4-5-20251001',
      displayName: 'Claude Haiku 4.5',
      contextWindow: 200_000,
      maxOutputTokens: 64_000,
      reasoning: true,
      vision: true,
    },
  ],
  routes: [
    { use: 'models', method: 'GET', path: '/v1/models', auth: ['x-api-key'], refuse, serve: listPage },
    generationRoute('/v1/messages', refuse, (call) => messagesAnswer(call, 'anthropic'), ['x-api-key']),
  ],
  failures,
  verdicts: { api: { bad: 'AUTHENTICATION', wrongProduct: 'AUTHENTICATION' } },
};
