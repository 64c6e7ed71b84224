/** What OpenCode's two products have in common: paths, public lists, errors, and the cost behind every answer. */
import { formatUsd } from '../../../src/domain/money.js';
import type { TokenCounts } from '../../../src/domain/tokens.js';
import { chatAnswer, type ChatUsageStyle } from './chat-answer.js';
import { messagesAnswer } from './messages-answer.js';
import { responsesAnswer } from './responses-answer.js';
import { json, type JsonReply, refusal, type RecordedFailure, type SimulatedRoute } from './simulation.js';

const failure = (type: string, message: string): unknown => ({ type: 'error', error: { type, message } });

export const opencodeFailures = {
  'bad-key': { status: 401, body: failure('AuthError', 'Unauthorized'), class: 'AUTHENTICATION' },
  'missing-key': { status: 401, body: failure('AuthError', 'Missing API key.'), class: 'AUTHENTICATION' },
  'no-credit': {
    status: 401,
    body: failure(
      'CreditsError',
      'Insufficient balance. Manage your billing here: https://opencode.ai/workspace/wrk_01K46JDFR0E75SG2Q8K172KF3Y/billing',
    ),
    class: 'BILLING',
  },
  'monthly-limit': {
    status: 401,
    body: failure('MonthlyLimitError', 'Your workspace has reached its monthly spending limit of $20.'),
    class: 'BILLING',
  },
  'user-limit': {
    status: 401,
    body: failure('UserLimitError', 'You have reached your monthly spending limit of $20.'),
    class: 'BILLING',
  },
  'unknown-model': {
    status: 401,
    body: failure('ModelError', 'Model is not supported'),
    class: 'MODEL_NOT_FOUND',
  },
  'model-access': {
    status: 403,
    body: failure('ModelAccessError', 'Model is disabled'),
    class: 'MODEL_NOT_FOUND',
  },
  region: {
    status: 403,
    body: failure('RegionError', 'This model is not available in your region.'),
    class: 'MODEL_NOT_FOUND',
  },
  'no-subscription': {
    status: 403,
    body: failure('EntitlementError', 'OpenCode Go subscription required.'),
    class: 'PLAN_INACTIVE',
  },
  'subscription-required': {
    status: 402,
    body: failure('SubscriptionRequiredError', 'OpenCode Go subscription required.'),
    class: 'PLAN_INACTIVE',
  },
  'five-hour-wall': {
    status: 429,
    body: {
      type: 'error',
      error: { type: 'GoUsageLimitError', message: '5-hour usage limit reached. It will reset in 2 hours.' },
      metadata: { workspace: 'wrk_01K46JDFR0E75SG2Q8K172KF3Y', limitName: '5 hour' },
    },
    headers: { 'retry-after': '7200' },
    class: 'QUOTA_EXHAUSTED',
  },
  'free-limit': {
    status: 429,
    body: failure('FreeUsageLimitError', 'Rate limit exceeded. Please try again later.'),
    headers: { 'retry-after': '3600' },
    class: 'QUOTA_EXHAUSTED',
  },
  'old-plan-limit': {
    status: 429,
    body: failure('BlackUsageLimitError', 'Subscription quota exceeded.'),
    class: 'QUOTA_EXHAUSTED',
  },
  'rate-limit': {
    status: 429,
    body: failure('RateLimitError', 'Rate limit exceeded. Please try again later.'),
    headers: { 'retry-after': '60' },
    class: 'RATE_LIMITED',
  },
  'upstream-throttled': {
    status: 429,
    body: {
      error: {
        message: 'Error from provider (Console Go): Provider rate limit exceeded',
        type: 'rate_limit_error',
        param: null,
        code: 'provider_rate_limit_exceeded',
      },
    },
    class: 'RATE_LIMITED',
  },
  'missing-session': {
    status: 400,
    body: failure(
      'MissingSessionID',
      'Request is missing x-opencode-session and cannot be routed efficiently.',
    ),
    class: 'CLIENT_REFUSED',
  },
  'server-error': { status: 500, body: failure('error', 'Internal server error.'), class: 'UPSTREAM_ERROR' },
} satisfies Record<string, RecordedFailure>;

/** A made-up price, so that the cost frame carries a number: a dollar per million tokens of either kind. */
function cost(tokens: TokenCounts): { cost: string } {
  return {
    cost: formatUsd(BigInt(tokens.input + tokens.cacheRead + tokens.cacheWrite + tokens.output) * 1000n),
  };
}

/** The console asks its upstreams for usage whether the client did or not. */
function usageOf(model: string): ChatUsageStyle {
  const afterword = (tokens: TokenCounts): Record<string, unknown> => ({ choices: [], ...cost(tokens) });
  if (!model.startsWith('deepseek-'))
    return { place: 'own-chunk', unasked: true, cached: 'details', afterword };
  return {
    place: 'finish-chunk',
    unasked: true,
    nulls: true,
    cached: 'hit-and-miss',
    reasoning: true,
    afterword,
  };
}

/** The paths under `/zen/v1` or `/zen/go/v1`, the list open to everyone. */
export function opencodeRoutes(
  base: string,
  provider: string,
  rules: { readonly wantsSession: boolean; readonly refuse: SimulatedRoute['refuse'] },
): SimulatedRoute[] {
  const post = (path: string, serve: SimulatedRoute['serve']): SimulatedRoute => ({
    use: 'generation',
    method: 'POST',
    path: base + path,
    auth: ['bearer', 'x-api-key'],
    refuse: rules.refuse,
    serve: (call) => {
      const session = call.headers['x-opencode-session'];
      if (rules.wantsSession && !session) return refusal(opencodeFailures['missing-session']);
      return serve(call);
    },
  });
  return [
    {
      use: 'models',
      method: 'GET',
      path: `${base}/models`,
      auth: [],
      refuse: () => null,
      serve: ({ models }) =>
        json({
          object: 'list',
          data: models.map(({ id }) => ({
            id,
            object: 'model',
            created: 1_790_000_000,
            owned_by: 'opencode',
          })),
        }),
    },
    post('/chat/completions', (call) => chatAnswer(call, provider, usageOf(String(call.body['model'])))),
    post('/messages', (call) =>
      messagesAnswer(call, provider, (tokens) => ({ type: 'ping', ...cost(tokens) })),
    ),
    post('/responses', (call) => responsesAnswer(call, provider)),
  ];
}

/** Go's usage, which only takes the bearer form. */
export function goUsageRoute(serve: SimulatedRoute['serve']): SimulatedRoute {
  return {
    use: 'account',
    method: 'GET',
    path: '/zen/go/v1/usage',
    auth: ['bearer'],
    refuse: refuseByKey(opencodeFailures['no-subscription']),
    serve,
  };
}

/** Refuses bad and missing keys, and says something else to keys of another product. */
export function refuseByKey(
  toWrongProduct: RecordedFailure,
): (state: 'bad' | 'missing' | 'wrongProduct') => JsonReply {
  return (state) => {
    if (state === 'wrongProduct') return refusal(toWrongProduct);
    return refusal(opencodeFailures[state === 'bad' ? 'bad-key' : 'missing-key']);
  };
}
