/** What the simulations of Ark's two faces have in common: errors, usage, and a list that is not the plan's. */
import type { ChatUsageStyle } from './chat-answer.js';
import { listRoute, refuseWith } from './openai-compatible.js';
import type { RecordedFailure, SimulatedModel, SimulatedRoute } from './simulation.js';

export const ARK_USAGE: ChatUsageStyle = {
  place: 'own-chunk',
  unasked: false,
  cached: 'details',
  reasoning: true,
};

const error = (type: string, code: string, message: string): unknown => ({
  error: { code, message: `${message} Request id: 021767000000000`, param: '', type },
});

/** A wall, by the window it names. */
const wall = (window: string, resetsAt: string): RecordedFailure => ({
  status: 429,
  body: error(
    'TooManyRequests',
    'AccountQuotaExceeded',
    `You have exceeded the ${window} usage quota. It will reset at ${resetsAt} +0800 CST.`,
  ),
  class: 'QUOTA_EXHAUSTED',
});

export const arkFailures = {
  'bad-key': {
    status: 401,
    body: error(
      'Unauthorized',
      'AuthenticationError',
      'The API key or AK/SK in the request is missing or invalid.',
    ),
    class: 'AUTHENTICATION',
  },
  'five-hour-wall': wall('5-hour', '2026-08-12 18:58:34'),
  'weekly-wall': wall('weekly', '2026-08-16 23:59:59'),
  'monthly-wall': wall('monthly', '2026-09-03 23:59:59'),
  'no-subscription': {
    status: 400,
    body: error(
      'BadRequest',
      'InvalidSubscription',
      'Your account does not have a valid CodingPlan subscription, or your subscription has expired.',
    ),
    class: 'PLAN_INACTIVE',
  },
  overdue: {
    status: 403,
    body: error(
      'Forbidden',
      'AccountOverdueError',
      'The request failed because your account has an overdue balance.',
    ),
    class: 'BILLING',
  },
  'unknown-model': {
    status: 404,
    body: error(
      'NotFound',
      'InvalidEndpointOrModel.NotFound',
      'The model or endpoint does not exist or you do not have access to it.',
    ),
    class: 'MODEL_NOT_FOUND',
  },
  'model-not-open': {
    status: 404,
    body: error('NotFound', 'ModelNotOpen', 'Your account has not activated the model.'),
    class: 'MODEL_NOT_FOUND',
  },
  'no-access': {
    status: 403,
    body: error('Forbidden', 'AccessDenied', 'You do not have access to the requested resource.'),
    class: 'MODEL_NOT_FOUND',
  },
  'unsafe-content': {
    status: 400,
    body: error('BadRequest', 'SensitiveContentDetected', 'The input may contain sensitive information.'),
    class: 'CONTENT_POLICY',
  },
  'rate-limit': {
    status: 429,
    body: error(
      'TooManyRequests',
      'RateLimitExceeded.EndpointRPMExceeded',
      'The Requests Per Minute (RPM) limit of the associated endpoint has been exceeded.',
    ),
    class: 'RATE_LIMITED',
  },
  overloaded: {
    status: 429,
    body: error('TooManyRequests', 'ServerOverloaded', 'The service is currently unable to handle more.'),
    class: 'RATE_LIMITED',
  },
  'server-error': {
    status: 500,
    body: error('InternalServerError', 'InternalServiceError', 'The service encountered an internal error.'),
    class: 'UPSTREAM_ERROR',
  },
} satisfies Record<string, RecordedFailure>;

/** The platform's list. */
export function platformListRoute(path: string, models: readonly SimulatedModel[]): SimulatedRoute {
  const route = listRoute(path, { refuse: refuseWith(arkFailures['bad-key']), listed: entry });
  return { ...route, serve: (call) => route.serve({ ...call, models }) };
}

const DOMAINS = { CHAT: 'LLM', EMBEDDING: 'Embedding', OTHER: 'ImageGeneration' } as const;

function entry(model: SimulatedModel): unknown {
  return {
    id: model.id,
    object: 'model',
    created: 1_786_665_600,
    name: model.id.replace(/-\d{6}$/, ''),
    version: model.id.slice(-6),
    domain: model.vision ? 'VLM' : DOMAINS[model.kind ?? 'CHAT'],
    status: model.hidden ? 'Shutdown' : 'Active',
    modalities: {
      input_modalities: model.vision ? ['text', 'image'] : ['text'],
      output_modalities: ['text'],
    },
    token_limits: {
      context_window: model.contextWindow,
      max_output_token_length: model.maxOutputTokens,
      ...(model.reasoning && { max_reasoning_token_length: 32_768 }),
    },
    features: { tools: { function_calling: model.tools ?? false } },
  };
}
