/** Synthetic: a list that states everything, prices with a dollar sign, and an allowance that grows back in ticks. */
import type { ChatUsageStyle } from '../chat-answer.js';
import {
  OPENAI_FAILURES,
  openAiCompatibleSimulation,
  openAiError,
  refuseWith,
} from '../openai-compatible.js';
import { iso, type QuotaMeter, type SimulatedQuota, type WindowState } from '../quota.js';
import { json, type RecordedFailure, type SimulatedModel } from '../simulation.js';

const USAGE: ChatUsageStyle = { place: 'own-chunk', unasked: false, cached: 'details', reasoning: true };

const failures = {
  'allowance-used-up': {
    status: 429,
    body: openAiError('You have used up your weekly credits.', 'rate_limit_error'),
    class: 'QUOTA_EXHAUSTED',
  },
  'no-balance': { status: 402, body: { error: 'Payment required' }, class: 'BILLING' },
} satisfies Record<string, RecordedFailure>;

const QUOTA: SimulatedQuota = {
  windows: {
    '5h': { seconds: 18_000, limit: 750, used: 150, left: 0.2 },
    weekly: { seconds: 604_800, limit: 36, used: 0.7, left: 0.02 },
  },
  costOf: () => 0.01,
  wall: () => failures['allowance-used-up'],
};

/** An allowance that is used up grows back all at once here, and otherwise in twelve minutes. */
function nextTick({ now, remaining, resetsAt }: WindowState): string {
  return iso(remaining === 0 ? resetsAt : Math.min(resetsAt, now + 720_000));
}

function quotas(quota: QuotaMeter): unknown {
  const rolling = quota.window('5h');
  const weekly = quota.window('weekly');
  return {
    plan: 'Starter',
    weeklyTokenLimit: {
      nextRegenAt: nextTick(weekly),
      percentRemaining: 100 - weekly.percentUsed,
      maxCredits: `$${weekly.limit.toFixed(2)}`,
      remainingCredits: `$${weekly.remaining.toFixed(2)}`,
      nextRegenCredits: '$0.72',
    },
    rollingFiveHourLimit: {
      nextTickAt: nextTick(rolling),
      tickPercent: 0.05,
      remaining: Math.floor(rolling.remaining),
      max: rolling.limit,
      limited: rolling.remaining === 0,
    },
    search: { hourly: { limit: 250, requests: 2, renewsAt: iso(rolling.now + 2_880_000) } },
  };
}

/** Dollars per token as Synthetic writes them. */
const perToken = (dollarsPerMillion: number): string =>
  `$${(dollarsPerMillion / 1e6).toFixed(12).replace(/0+$/, '')}`;

function entry(model: SimulatedModel): unknown {
  return {
    id: model.id,
    object: 'model',
    name: model.displayName,
    provider: 'synthetic',
    hugging_face_id: model.id.replace(/^hf:/, ''),
    input_modalities: model.vision ? ['text', 'image'] : ['text'],
    output_modalities: ['text'],
    context_length: model.contextWindow,
    max_output_length: model.maxOutputTokens,
    supported_features: [...(model.tools ? ['tools'] : []), ...(model.reasoning ? ['reasoning'] : [])],
    pricing: model.prices && {
      prompt: perToken(model.prices.input),
      completion: perToken(model.prices.output),
      input_cache_reads: perToken(model.prices.input / 10),
      input_cache_writes: '0',
    },
  };
}

export const simulation = openAiCompatibleSimulation({
  slug: 'synthetic',
  origins: { subscription: ['https://api.synthetic.new'] },
  keys: {
    good: 'syn_00000000000000000000000goodkey00',
    bad: 'syn_0000000000000000000000unknown000',
    wrongProduct: null,
  },
  models: [
    {
      id: 'syn:large:text',
      displayName: 'syn:large:text',
      contextWindow: 524_288,
      maxOutputTokens: 65_536,
      reasoning: true,
      tools: true,
      prices: { input: 1.4, output: 4.4 },
    },
    {
      id: 'hf:zai-org/GLM-5.2',
      displayName: 'zai-org/GLM-5.2',
      contextWindow: 524_288,
      maxOutputTokens: 65_536,
      reasoning: true,
      tools: true,
      prices: { input: 1.4, output: 4.4 },
    },
    {
      id: 'hf:moonshotai/Kimi-K2.6',
      displayName: 'moonshotai/Kimi-K2.6',
      contextWindow: 262_144,
      maxOutputTokens: 65_536,
      vision: true,
      reasoning: true,
      prices: { input: 0.95, output: 4 },
    },
    {
      id: 'hf:openai/gpt-oss-120b',
      displayName: 'openai/gpt-oss-120b',
      contextWindow: 131_072,
      maxOutputTokens: 32_768,
      prices: { input: 0.1, output: 0.1 },
    },
  ],
  base: '/openai/v1',
  publicList: true,
  listed: entry,
  messagesPath: '/anthropic/v1/messages',
  usage: USAGE,
  failures,
  quota: QUOTA,
  routes: [
    {
      use: 'account',
      method: 'GET',
      path: '/v2/quotas',
      auth: ['bearer'],
      refuse: refuseWith(OPENAI_FAILURES['bad-key']),
      serve: ({ quota }) => json(quotas(quota)),
    },
  ],
});
