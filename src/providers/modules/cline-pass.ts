/** ClinePass: a subscription for open coding models, behind Cline's own API. */
import { defineProvider } from '../define-provider.js';
import { replayQuirks } from '../family-quirks.js';
import { openAiCompatible } from '../openai-compatible.js';
import {
  HOUR_SECONDS,
  instantOf,
  itemsAt,
  monthSecondsBefore,
  type QuotaContext,
  type QuotaStatement,
  statedWindow,
  WEEK_SECONDS,
} from '../plan-quota.js';

const BASE = 'https://api.cline.bot/api/v1';

/** There is no model list (`/models` answers 404), so these are the plan's models of August 2026. */
const MODELS = [
  'cline-pass/glm-5.2',
  'cline-pass/kimi-k2.7-code',
  'cline-pass/kimi-k2.6',
  'cline-pass/kimi-k3',
  'cline-pass/deepseek-v4-pro',
  'cline-pass/deepseek-v4-flash',
  'cline-pass/mimo-v2.5',
  'cline-pass/mimo-v2.5-pro',
  'cline-pass/minimax-m3',
  'cline-pass/qwen3.7-max',
  'cline-pass/qwen3.7-plus',
];

/** Makers of these models: Cline states neither windows nor prices of its own. */
const MAKERS = ['zai', 'moonshotai', 'deepseek', 'xiaomi', 'minimax', 'alibaba'];

// https://docs.cline.bot/api
export const provider = defineProvider({
  slug: 'cline-pass',
  name: 'ClinePass',
  aliases: ['clinepass', 'cline'],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://app.cline.bot/settings/api-keys',
  offerings: [
    openAiCompatible({
      code: 'pass',
      name: 'ClinePass',
      billing: 'SUBSCRIPTION',
      secretHint: 'sk_…',
      plans: [{ code: 'pass', name: 'ClinePass', monthlyPriceUsd: '9.99' }],
      base: BASE,
      models: { kind: 'curated', models: MODELS.map((upstreamId) => ({ upstreamId })) },
      verify: [{ url: `${BASE}/users/me/plan/usage-limits`, auth: 'bearer' }],
      reportsQuota: true,
      // https://docs.cline.bot/api: nothing of its own is documented; its models are those of many makers.
      quirks: replayQuirks,
      quota: {
        probes: [{ url: `${BASE}/users/me/plan/usage-limits`, auth: 'bearer' }],
        parse: readQuota,
      },
      catalog: { facts: MAKERS, prices: MAKERS },
      // https://docs.cline.bot/api/errors; the code repeats the status. UNCONFIRMED: how a used-up window is worded.
      failures: [
        { status: 429, message: /(?:hour|weekly|monthly|plan|usage) limit|quota/i, class: 'QUOTA_EXHAUSTED' },
        { status: 403, message: /plan|subscription/i, class: 'PLAN_INACTIVE' },
      ],
    }),
  ],
});

/** Percentages by kind of window: https://github.com/steipete/CodexBar/blob/main/docs/cline.md. Other kinds occur as well. */
function readQuota([body]: readonly unknown[], { now }: QuotaContext): QuotaStatement {
  const windows = itemsAt(body, 'data', 'limits').flatMap(({ type, percentUsed, resetsAt }) => {
    const facts = { unit: 'SHARE', percentUsed, resetsAt } as const;
    switch (type) {
      case 'five_hour':
        return statedWindow({ ...facts, windowSeconds: 5 * HOUR_SECONDS }, now);
      case 'weekly':
        return statedWindow({ ...facts, windowSeconds: WEEK_SECONDS }, now);
      case 'monthly': {
        const windowSeconds = monthSecondsBefore(instantOf(resetsAt, now));
        return statedWindow({ ...facts, name: 'monthly', windowSeconds }, now);
      }
      default:
        return [];
    }
  });
  return { windows, active: null };
}
