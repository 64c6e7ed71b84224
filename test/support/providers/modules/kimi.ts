/** Kimi Code: K2 models state usage inside the finishing choice, K3 beside it; its quota wall is a 403. */
import { chatAnswer, type ChatUsageStyle } from '../chat-answer.js';
import { messagesAnswer } from '../messages-answer.js';
import { missingThoughts } from '../objections.js';
import { iso, type QuotaMeter, type SimulatedQuota } from '../quota.js';
import { json, refusal, type RecordedFailure, type Simulation } from '../simulation.js';

const K2_USAGE: ChatUsageStyle = { place: 'finish-choice', unasked: true, cached: 'top-level' };
const K3_USAGE: ChatUsageStyle = { place: 'finish-chunk', unasked: true, cached: 'details', reasoning: true };

const error = (type: string, message: string): unknown => ({ error: { message, type } });
const wall = (message: string): unknown => ({ type: 'error', error: { type: 'permission_error', message } });

const failures = {
  'bad-key': {
    status: 401,
    body: error('invalid_authentication_error', 'Invalid Authentication'),
    class: 'AUTHENTICATION',
  },
  'cycle-wall': {
    status: 403,
    body: wall(
      "You've reached your usage limit for this billing cycle. Your quota will be refreshed in the next cycle. " +
        'To continue now, purchase extra usage or upgrade your plan: https://www.kimi.com/code/#pricing',
    ),
    class: 'QUOTA_EXHAUSTED',
  },
  'five-hour-wall': {
    status: 403,
    body: wall(
      "You've reached your 5-hour usage limit. Your quota will reset when the current 5-hour window ends.",
    ),
    class: 'QUOTA_EXHAUSTED',
  },
  'weekly-wall': {
    status: 403,
    body: wall("You've reached your weekly (7-day) usage limit."),
    class: 'QUOTA_EXHAUSTED',
  },
  'model-not-in-plan': {
    status: 403,
    body: wall('You do not have access to model k3-preview'),
    class: 'MODEL_NOT_FOUND',
  },
  'unknown-model': {
    status: 404,
    body: error('resource_not_found_error', 'Not found the model or Permission denied'),
    class: 'MODEL_NOT_FOUND',
  },
  'client-refused': {
    status: 403,
    body: error(
      'access_terminated_error',
      'Kimi For Coding is currently only available for Coding Agents such as Kimi CLI, Claude Code, Roo Code, Kilo Code, etc.',
    ),
    class: 'CLIENT_REFUSED',
  },
  'account-not-active': {
    status: 429,
    body: error(
      'exceeded_current_quota_error',
      'Your account org-0123456789abcdef0123456789abcdef is not active, please check your plan and billing details',
    ),
    class: 'BILLING',
  },
  concurrency: {
    status: 429,
    body: error(
      'rate_limit_reached_error',
      'request reached max organization concurrency: 1, please try again after 0 seconds',
    ),
    headers: { 'retry-after': '0' },
    class: 'RATE_LIMITED',
  },
  overloaded: {
    status: 429,
    body: error('engine_overloaded_error', 'The engine is currently overloaded, please try again later'),
    class: 'RATE_LIMITED',
  },
  'prompt-too-long': {
    status: 400,
    body: error('invalid_request_error', 'Invalid request: Your request exceeded model token limit: 262144'),
    class: 'CONTEXT_LENGTH',
  },
  'server-error': { status: 500, body: error('server_error', 'Internal error'), class: 'UPSTREAM_ERROR' },
} satisfies Record<string, RecordedFailure>;

const QUOTA: SimulatedQuota = {
  windows: {
    '5h': { seconds: 18_000, limit: 2_000, used: 1_390, left: 0.4 },
    weekly: { seconds: 604_800, limit: 20_480, used: 2_140, left: 0.43 },
  },
  wall: (name) => failures[name === '5h' ? 'five-hour-wall' : 'weekly-wall'],
};

function usages(quota: QuotaMeter): unknown {
  const detail = (name: string): unknown => {
    const { limit, used, remaining, resetsAt } = quota.window(name);
    // Nanoseconds, as the real service writes them.
    const resetTime = iso(resetsAt).replace('Z', '716839Z');
    return { limit: String(limit), used: String(used), remaining: String(remaining), resetTime };
  };
  return {
    user: { userId: 'user-simulated' },
    usage: detail('weekly'),
    limits: [{ window: { duration: 300, timeUnit: 'TIME_UNIT_MINUTE' }, detail: detail('5h') }],
    parallel: { limit: '20' },
    totalQuota: { limit: '100', remaining: '99' },
  };
}

/** In the words of the Open Platform; UNCONFIRMED that the plan's are the same. */
const objects = missingThoughts((index) =>
  error(
    'invalid_request_error',
    `thinking is enabled but reasoning_content is missing in assistant tool call message at index ${index}`,
  ),
);

const refuse = (): ReturnType<typeof refusal> => refusal(failures['bad-key']);

export const simulation: Simulation = {
  slug: 'kimi',
  origins: { 'coding-plan': ['https://api.kimi.com', 'https://api.kimi.ai'] },
  keys: {
    good: 'sk-kimi-GoodKeyGoodKeyGoodKeyGoodKey',
    bad: 'sk-kimi-UnknownUnknownUnknownUnknown',
    wrongProduct: 'sk-MoonshotPlatformKeyMoonshotPlatformKey00000000000',
  },
  models: [
    { id: 'k3', displayName: 'Kimi K3', contextWindow: 1_048_576, reasoning: true, vision: true },
    { id: 'k3-256k', displayName: 'Kimi K3 256k', contextWindow: 262_144, reasoning: true, vision: true },
    {
      id: 'kimi-for-coding',
      displayName: 'Kimi for Coding',
      contextWindow: 262_144,
      reasoning: true,
      vision: true,
    },
    {
      id: 'kimi-for-coding-highspeed',
      displayName: 'Kimi for Coding Highspeed',
      contextWindow: 262_144,
      reasoning: true,
      vision: true,
    },
  ],
  routes: [
    {
      use: 'models',
      method: 'GET',
      path: '/coding/v1/models',
      auth: ['bearer'],
      refuse,
      serve: ({ models }) =>
        json({
          object: 'list',
          data: models.map((model) => ({
            id: model.id,
            object: 'model',
            context_length: model.contextWindow,
            supports_reasoning: model.reasoning ?? false,
            supports_image_in: model.vision ?? false,
            supports_video_in: false,
            display_name: model.displayName,
          })),
        }),
    },
    {
      use: 'account',
      method: 'GET',
      path: '/coding/v1/usages',
      auth: ['bearer'],
      refuse,
      serve: ({ quota }) => json(usages(quota)),
    },
    {
      use: 'generation',
      method: 'POST',
      path: '/coding/v1/chat/completions',
      auth: ['bearer'],
      refuse,
      serve: (call) => {
        const objection = objects(call.body);
        if (objection) return refusal(objection);
        return chatAnswer(call, 'kimi', String(call.body['model']).startsWith('k3') ? K3_USAGE : K2_USAGE);
      },
    },
    {
      use: 'generation',
      method: 'POST',
      path: '/coding/v1/messages',
      auth: ['x-api-key', 'bearer'],
      refuse,
      serve: (call) => messagesAnswer(call, 'kimi'),
    },
  ],
  failures,
  quota: QUOTA,
  verdicts: { 'coding-plan': { bad: 'AUTHENTICATION', wrongProduct: 'AUTHENTICATION' } },
};
