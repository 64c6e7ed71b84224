/** Synthetic: open models under a subscription whose allowance grows back bit by bit. */
import type { TokenPrices } from '../../domain/money.js';
import { defineProvider, type ListedModel } from '../define-provider.js';
import { replayQuirks } from '../family-quirks.js';
import { capabilitiesOf, kindOfOutput, names, readPrices } from '../listed-facts.js';
import { isFields, known, type ListEntry } from '../model-list.js';
import { chatAt, messagesAt, openAiCompatible } from '../openai-compatible.js';
import {
  amountOf,
  fieldsAt,
  HOUR_SECONDS,
  instantOf,
  type QuotaContext,
  type QuotaStatement,
  type StatedWindow,
  statedWindow,
  WEEK_SECONDS,
} from '../plan-quota.js';

const API = 'https://api.synthetic.new';

// https://dev.synthetic.new
export const provider = defineProvider({
  slug: 'synthetic',
  name: 'Synthetic',
  aliases: ['synthetic.new'],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://synthetic.new/user-settings/api',
  offerings: [
    openAiCompatible({
      code: 'subscription',
      name: 'Subscription',
      billing: 'SUBSCRIPTION',
      secretHint: 'syn_…',
      termsNotice: null,
      plans: [{ code: 'starter', name: 'Starter', monthlyPriceUsd: null }],
      base: `${API}/openai/v1`,
      endpoints: [chatAt(`${API}/openai/v1`), messagesAt(`${API}/anthropic/v1`)],
      readModel,
      // Reading the quota is not counted as a request. UNCONFIRMED: whether the list asks for the key.
      verify: [
        { url: `${API}/v2/quotas`, auth: 'bearer' },
        { url: `${API}/openai/v1/models`, auth: 'bearer' },
      ],
      reportsQuota: true,
      quota: { probes: [{ url: `${API}/v2/quotas`, auth: 'bearer' }], parse: readQuota },
      // The list states windows and prices itself.
      // https://dev.synthetic.new/docs: nothing of its own is documented; its models are those of many makers.
      quirks: replayQuirks,
      catalog: { facts: [], prices: ['zai', 'moonshotai', 'minimax', 'alibaba'] },
      failures: [
        // UNCONFIRMED: how the end of the allowance is worded.
        {
          status: 429,
          message: /subscription|weekly|five[- ]hour|5[- ]hour|credits|quota/i,
          class: 'QUOTA_EXHAUSTED',
        },
      ],
    }),
  ],
});

/**
 * https://dev.synthetic.new/docs/api/overview; accounts of before have one count that is renewed at once. Allowances grow
 * back in ticks, so that "afresh" is when they are full again, and for one that is used up, when the next tick makes it
 * usable.
 */
function readQuota([body]: readonly unknown[], { now }: QuotaContext): QuotaStatement {
  const stated = isFields(body) && isFields(body['data']) ? body['data'] : body;
  const rolling = fieldsAt(stated, 'rollingFiveHourLimit');
  const weekly = fieldsAt(stated, 'weeklyTokenLimit');
  const older = fieldsAt(stated, 'subscription');
  const share = amountOf(weekly['nextRegenCredits']);
  const whole = amountOf(weekly['maxCredits']);
  const windows = [
    ...statedWindow(
      {
        windowSeconds: 5 * HOUR_SECONDS,
        unit: 'REQUESTS',
        limit: rolling['max'] ?? older['limit'],
        used: older['requests'],
        remaining: rolling['remaining'],
        resetsAt: rolling['nextTickAt'] ?? older['renewsAt'],
      },
      now,
    )
      .map((window) => (rolling['limited'] === true ? { ...window, usedFraction: 1 } : window))
      .map((window) =>
        rolling['max'] === undefined ? window : fullAgain(window, amountOf(rolling['tickPercent'])),
      ),
    ...statedWindow(
      {
        windowSeconds: WEEK_SECONDS,
        unit: 'USD',
        limit: weekly['maxCredits'],
        remaining: weekly['remainingCredits'],
        ...percentLeft(weekly['percentRemaining']),
        resetsAt: instantOf(weekly['nextRegenAt'], now),
      },
      now,
    ).map((window) => fullAgain(window, share !== null && whole ? share / whole : null)),
  ];
  const plan = fieldsAt(stated)['plan'];
  return { windows, active: typeof plan === 'string' && plan !== '' ? true : null };
}

function percentLeft(value: unknown): { percentUsed?: number } {
  const left = amountOf(value);
  return left === null || left > 100 ? {} : { percentUsed: 100 - left };
}

/** From the time of the next tick to that of the last one that is needed. */
function fullAgain(window: StatedWindow, tickShare: number | null): StatedWindow {
  const { usedFraction, resetsAt: nextTick, windowSeconds } = window;
  if (usedFraction === 0 || nextTick === null || windowSeconds === null) return { ...window, resetsAt: null };
  if (usedFraction === 1 || tickShare === null || tickShare <= 0 || tickShare > 1) return window;
  const ticks = Math.ceil(usedFraction / tickShare) - 1;
  return { ...window, resetsAt: nextTick + Math.round(ticks * tickShare * windowSeconds * 1000) };
}

function readModel(entry: ListEntry): ListedModel {
  const features = entry.value('supported_features');
  return {
    upstreamId: entry.id,
    ...known({
      displayName: entry.text('name'),
      kind: kindOfOutput(entry.value('output_modalities')),
      contextWindow: entry.count('context_length'),
      maxOutputTokens: entry.count('max_output_length'),
      capabilities: capabilitiesOf([
        ['VISION', names(entry.value('input_modalities'), 'image')],
        ['REASONING', names(features, 'reasoning')],
        ['TOOLS', names(features, 'tools')],
        ['STRUCTURED_OUTPUT', names(features, 'structured_outputs', 'json_mode')],
      ]),
      prices: pricesOf(entry.value('pricing')),
    }),
  };
}

/** Dollars per token, with their sign: `{"prompt": "$0.0000014", …}`. */
function pricesOf(pricing: unknown): TokenPrices | undefined {
  if (!isFields(pricing)) return undefined;
  const amounts = Object.entries(pricing).map(([name, price]) => [
    name,
    typeof price === 'string' ? price.replace(/^\$/, '') : price,
  ]);
  // A price of zero for writing to the cache means that writing costs what input costs.
  return readPrices(
    Object.fromEntries(amounts),
    { input: 'prompt', output: 'completion', cacheRead: 'input_cache_reads' },
    1,
  );
}
