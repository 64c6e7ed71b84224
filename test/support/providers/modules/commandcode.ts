/** Command Code: a public list that says how each model is called, and limits in dollars. */
import type { ChatUsageStyle } from '../chat-answer.js';
import { messagesAnswer } from '../messages-answer.js';
import {
  OPENAI_FAILURES,
  openAiCompatibleSimulation,
  openAiError,
  refuseWith,
} from '../openai-compatible.js';
import type { QuotaMeter, SimulatedQuota } from '../quota.js';
import { json, type RecordedFailure, type SimulatedModel, type SimulatedRoute } from '../simulation.js';

const USAGE: ChatUsageStyle = { place: 'own-chunk', unasked: false, cached: 'details', reasoning: true };

const failures = {
  'no-plan': {
    status: 403,
    body: openAiError('Your plan does not include the Provider API. Upgrade to use it.', 'permission_error'),
    class: 'PLAN_INACTIVE',
  },
  'five-hour-wall': {
    status: 429,
    body: openAiError('You have reached your 5 hour limit.', 'rate_limit_error'),
    class: 'QUOTA_EXHAUSTED',
  },
  'no-credits': {
    status: 402,
    body: openAiError('Insufficient credits.', 'billing_error'),
    class: 'BILLING',
  },
} satisfies Record<string, RecordedFailure>;

const QUOTA: SimulatedQuota = {
  windows: {
    fiveHour: { seconds: 18_000, limit: 3, used: 0.75, left: 0.4 },
    weekly: { seconds: 604_800, limit: 15, used: 1.5, left: 0.54 },
  },
  costOf: () => 0.001,
  wall: (name) => ({
    ...failures['five-hour-wall'],
    body: openAiError(
      `You have reached your ${name === 'weekly' ? 'weekly' : '5 hour'} limit.`,
      'rate_limit_error',
    ),
  }),
};

/** The windows stand at the root here; some accounts have them inside `credits`. */
function credits(quota: QuotaMeter): unknown {
  const window = (name: string): unknown => {
    const { limit, resetsAt, used } = quota.window(name);
    return { cap: limit, used, resetAt: resetsAt };
  };
  return {
    credits: {
      monthlyCredits: 8.5,
      purchasedCredits: 0,
      premiumMonthlyCredits: 0,
      opensourceMonthlyCredits: 0,
    },
    windowLimits: {
      fiveHour: window('fiveHour'),
      weekly: window('weekly'),
      exceeded: null,
      limited: false,
    },
  };
}

const isClaude = (id: string): boolean => id.startsWith('claude-');

function entry(model: SimulatedModel): unknown {
  return {
    id: model.id,
    object: 'model',
    name: model.displayName,
    context_length: model.contextWindow,
    supported_endpoints: isClaude(model.id) ? ['/messages'] : ['/chat/completions'],
  };
}

const refuse = refuseWith(OPENAI_FAILURES['bad-key']);

const messages: SimulatedRoute = {
  use: 'generation',
  method: 'POST',
  path: '/provider/v1/messages',
  auth: ['x-api-key'],
  refuse,
  serve: (call) =>
    isClaude(String(call.body['model']))
      ? messagesAnswer(call, 'commandcode')
      : json(openAiError('Use /chat/completions for this model.', 'invalid_request_error'), 400),
};

export const simulation = openAiCompatibleSimulation({
  slug: 'commandcode',
  origins: { subscription: ['https://api.commandcode.ai'] },
  keys: {
    good: 'user_GoodKeyGoodKeyGoodKeyGoodKeyGoodKeyGoodKeyGoodKey',
    bad: 'user_UnknownUnknownUnknownUnknownUnknownUnknownUnknown',
    wrongProduct: null,
  },
  models: [
    { id: 'claude-sonnet-5', displayName: 'Claude Sonnet 5', contextWindow: 1_000_000 },
    { id: 'deepseek/deepseek-v4-pro', displayName: 'DeepSeek V4 Pro', contextWindow: 1_000_000 },
    { id: 'moonshotai/Kimi-K2.6', displayName: 'Kimi K2.6', contextWindow: 262_144 },
    { id: 'MiniMaxAI/MiniMax-M2.5', displayName: 'MiniMax M2.5', contextWindow: 204_800 },
  ],
  base: '/provider/v1',
  publicList: true,
  listed: entry,
  usage: USAGE,
  failures,
  quota: QUOTA,
  routes: [
    messages,
    {
      use: 'account',
      method: 'GET',
      path: '/alpha/billing/credits',
      auth: ['bearer'],
      refuse,
      serve: ({ quota }) => json(credits(quota)),
    },
  ],
});
