/** MiniMax: business codes inside HTTP 200, a paged list in Anthropic's shape, and windows that are not always five hours. */
import { chatAnswer, type ChatUsageStyle } from '../chat-answer.js';
import { generationRoute, messagesRoute } from '../openai-compatible.js';
import type { QuotaMeter, SimulatedQuota, WindowState } from '../quota.js';
import {
  json,
  type RecordedFailure,
  refusal,
  type SimulatedCall,
  type SimulatedModel,
  type SimulatedRoute,
  type Simulation,
} from '../simulation.js';

const USAGE: ChatUsageStyle = { place: 'own-chunk', unasked: false, cached: 'details', reasoning: true };

/** How MiniMax says no in its own form, always with HTTP 200. */
const business = (
  code: number,
  message: string,
  failureClass: RecordedFailure['class'],
): RecordedFailure => ({
  status: 200,
  body: { base_resp: { status_code: code, status_msg: message } },
  class: failureClass,
});

/** How it says no in Anthropic's form: the code is at the end of the message. */
const said = (
  status: number,
  type: string,
  message: string,
  failureClass: RecordedFailure['class'],
): RecordedFailure => ({
  status,
  body: { type: 'error', error: { type, message }, request_id: '06a1b2c3d4e5f60718293a4b5c6d7e8f' },
  class: failureClass,
});

const failures = {
  'bad-key': business(1004, 'login fail: Please carry the API secret key', 'AUTHENTICATION'),
  'invalid-key': business(2049, 'invalid api key', 'AUTHENTICATION'),
  'bad-key-anthropic': said(401, 'authentication_error', 'login fail (1004)', 'AUTHENTICATION'),
  'plan-wall': said(
    429,
    'rate_limit_error',
    'Token Plan usage limit reached: Upgrade your Token Plan or purchase Credits for more usage. (2056)',
    'QUOTA_EXHAUSTED',
  ),
  'plan-wall-with-200': business(2056, 'usage limit exceeded', 'QUOTA_EXHAUSTED'),
  overloaded: said(
    529,
    'overloaded_error',
    'The service is busy, please retry later. (2064)',
    'UPSTREAM_ERROR',
  ),
  'rate-limit': business(1002, 'rate limit', 'RATE_LIMITED'),
  'token-rate-limit': business(1039, 'token limit', 'RATE_LIMITED'),
  'rate-limit-anthropic': said(429, 'rate_limit_error', 'rate limit exceeded(RPM) (1002)', 'RATE_LIMITED'),
  'no-balance': business(1008, 'insufficient balance', 'BILLING'),
  'no-balance-anthropic': said(402, 'insufficient_balance_error', 'insufficient balance (1008)', 'BILLING'),
  'unsafe-input': business(1026, 'input new_sensitive', 'CONTENT_POLICY'),
  'unknown-model': business(2013, "invalid params, unknown model 'abab'", 'MODEL_NOT_FOUND'),
  'model-not-in-plan': said(
    400,
    'invalid_request_error',
    'your current token plan not support model, MiniMax-M2.7-highspeed (2061)',
    'MODEL_NOT_FOUND',
  ),
  'prompt-too-long': said(
    400,
    'invalid_request_error',
    'invalid params, context window exceeds limit (2013)',
    'CONTEXT_LENGTH',
  ),
  'bad-parameter': business(2013, 'invalid params', 'INVALID_REQUEST'),
  'server-error': business(1000, 'unknown error', 'UPSTREAM_ERROR'),
} satisfies Record<string, RecordedFailure>;

const refuse: SimulatedRoute['refuse'] = () => refusal(failures['bad-key']);
/** The plan's key and the key for the wallet are let in by the same door, and each to its own room. */
const refuseUnknown: SimulatedRoute['refuse'] = (state) => (state === 'wrongProduct' ? null : refuse(state));

const QUOTA: SimulatedQuota = {
  windows: {
    interval: { seconds: 14_400, limit: 5_000, used: 900, left: 0.5 },
    weekly: { seconds: 604_800, limit: 25_000, used: 7_500, left: 0.4 },
  },
  wall: () => failures['plan-wall'],
};

/** Rows without counts, as newer plans have them: video is not in this plan and looks untouched. */
function remains(quota: QuotaMeter): unknown {
  const interval = quota.window('interval');
  const weekly = quota.window('weekly');
  const left = ({ percentUsed }: WindowState): number => Math.ceil(100 - percentUsed);
  const row = (
    name: string,
    status: number,
    percents: readonly [number, number],
    boost?: number,
  ): unknown => ({
    start_time: interval.startedAt,
    end_time: interval.resetsAt,
    remains_time: interval.resetsAt - interval.now,
    current_interval_total_count: 0,
    current_interval_usage_count: 0,
    model_name: name,
    current_weekly_total_count: 0,
    current_weekly_usage_count: 0,
    weekly_start_time: weekly.startedAt,
    weekly_end_time: weekly.resetsAt,
    weekly_remains_time: weekly.resetsAt - weekly.now,
    current_interval_status: status,
    current_interval_remaining_percent: percents[0],
    current_weekly_status: status,
    current_weekly_remaining_percent: percents[1],
    weekly_boost_permille: boost,
  });
  return {
    model_remains: [row('general', 1, [left(interval), left(weekly)], 1500), row('video', 3, [100, 100])],
    base_resp: { status_code: 0, status_msg: 'success' },
  };
}

const PAGE_MAX = 4;

/** At most so many at a time, behind the one that is named. */
function page({ models, query }: SimulatedCall): unknown {
  const after = models.findIndex(({ id }) => id === query.get('after_id')) + 1;
  const shown = models.slice(after, after + Math.min(PAGE_MAX, Number(query.get('limit') ?? PAGE_MAX)));
  return {
    data: shown.map(({ id, displayName }: SimulatedModel) => ({
      id,
      type: 'model',
      display_name: displayName,
      created_at: '2026-06-01T00:00:00Z',
    })),
    first_id: shown[0]?.id,
    last_id: shown.at(-1)?.id,
    has_more: after + shown.length < models.length,
  };
}

export const simulation: Simulation = {
  slug: 'minimax',
  origins: {
    'token-plan': ['https://api.minimax.io', 'https://www.minimax.io', 'https://api.minimaxi.com'],
    api: ['https://api.minimax.io', 'https://api.minimaxi.com'],
  },
  keys: {
    good: 'sk-cp-GoodPlanKeyGoodPlanKeyGoodPlanKey00',
    bad: 'sk-cp-UnknownKeyUnknownKeyUnknownKey00000',
    wrongProduct: 'sk-api-WalletKeyWalletKeyWalletKey000000',
  },
  models: [
    { id: 'MiniMax-M3', displayName: 'MiniMax M3' },
    { id: 'MiniMax-M2.7', displayName: 'MiniMax M2.7' },
    { id: 'MiniMax-M2.7-highspeed', displayName: 'MiniMax M2.7 Highspeed' },
    { id: 'MiniMax-M2.5', displayName: 'MiniMax M2.5' },
    { id: 'MiniMax-M2.5-highspeed', displayName: 'MiniMax M2.5 Highspeed' },
    { id: 'MiniMax-M2.1', displayName: 'MiniMax M2.1' },
    { id: 'MiniMax-M2', displayName: 'MiniMax M2' },
  ],
  routes: [
    {
      use: 'models',
      method: 'GET',
      path: '/anthropic/v1/models',
      auth: ['bearer', 'x-api-key'],
      refuse: refuseUnknown,
      serve: (call) => json(page(call)),
    },
    {
      use: 'account',
      method: 'GET',
      path: '/v1/token_plan/remains',
      auth: ['bearer'],
      refuse,
      serve: ({ quota }) => json(remains(quota)),
    },
    { ...messagesRoute('/anthropic/v1/messages', 'minimax', refuseUnknown), phrase: (failure) => failure },
    generationRoute('/v1/chat/completions', refuseUnknown, (call) => chatAnswer(call, 'minimax', USAGE)),
  ],
  failures,
  quota: QUOTA,
  verdicts: {
    'token-plan': { bad: 'AUTHENTICATION', wrongProduct: 'AUTHENTICATION' },
    api: { bad: 'AUTHENTICATION', wrongProduct: null },
  },
};
