/** Command Code: one subscription for models of many makers, through its Provider API. */
import type { Quirks } from '../../protocols/target.js';
import { defineProvider, type ListedModel } from '../define-provider.js';
import { claudeQuirks, replayQuirks } from '../family-quirks.js';
import { known, type ListEntry } from '../model-list.js';
import { chatAt, messagesAt, openAiCompatible } from '../openai-compatible.js';
import {
  fieldsAt,
  HOUR_SECONDS,
  type QuotaContext,
  type QuotaStatement,
  statedWindow,
  WEEK_SECONDS,
} from '../plan-quota.js';

const HOST = 'https://api.commandcode.ai';
const PROVIDER = `${HOST}/provider/v1`;

// https://commandcode.ai/docs/provider
export const provider = defineProvider({
  slug: 'commandcode',
  name: 'Command Code',
  aliases: ['command-code', 'cmd'],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://commandcode.ai/studio',
  offerings: [
    openAiCompatible({
      code: 'subscription',
      name: 'Subscription',
      billing: 'SUBSCRIPTION',
      secretHint: 'user_…',
      termsNotice:
        'The Provider API is part of every Command Code plan except Go. Command Code asks other programs to use it and not ' +
        'the interface of its own command line; Switchyard keeps to that.',
      plans: [
        { code: 'goat', name: 'GOAT', monthlyPriceUsd: '70' },
        // Sources disagree: 30 or 80.
        { code: 'pro', name: 'Pro', monthlyPriceUsd: null },
        { code: 'max', name: 'Max', monthlyPriceUsd: '150' },
        { code: 'ultra', name: 'Ultra', monthlyPriceUsd: '300' },
      ],
      base: PROVIDER,
      endpoints: [chatAt(PROVIDER), messagesAt(PROVIDER, 'x-api-key')],
      // Claude is served in the format of its maker only, and nothing else is.
      protocolsOf: (upstreamId) =>
        /(?:^|\/)claude-/.test(upstreamId) ? ['ANTHROPIC_MESSAGES'] : ['OPENAI_CHAT'],
      readModel,
      // The list is public.
      verify: [
        { url: `${HOST}/alpha/billing/credits`, auth: 'bearer' },
        { url: `${PROVIDER}/models`, auth: 'bearer' },
      ],
      reportsQuota: true,
      quirks,
      quota: { probes: [{ url: `${HOST}/alpha/billing/credits`, auth: 'bearer' }], parse: readQuota },
      catalog: {
        facts: [],
        prices: ['anthropic', 'openai', 'deepseek', 'moonshotai', 'zai', 'minimax', 'alibaba', 'openrouter'],
      },
      failures: [
        // UNCONFIRMED: the wording of all three.
        { status: 403, message: /\bplan\b|upgrade|subscription/i, class: 'PLAN_INACTIVE' },
        { status: 429, message: /(?:hour|weekly|monthly|usage|credit)s? limit/i, class: 'QUOTA_EXHAUSTED' },
        { status: 402, class: 'BILLING' },
      ],
    }),
  ],
});

/**
 * Dollars, at the root or within `credits`: https://github.com/steipete/CodexBar/blob/main/docs/command-code.md. Of the
 * month only what is left is stated, not what there was.
 */
function readQuota([body]: readonly unknown[], { now }: QuotaContext): QuotaStatement {
  const nested = fieldsAt(body, 'credits', 'windowLimits');
  const limits = Object.keys(nested).length > 0 ? nested : fieldsAt(body, 'windowLimits');
  const read = (field: string, windowSeconds: number) => {
    const { cap: limit, used, resetAt: resetsAt } = fieldsAt(limits, field);
    return statedWindow({ windowSeconds, unit: 'USD', limit, used, resetsAt }, now);
  };
  return { windows: [...read('fiveHour', 5 * HOUR_SECONDS), ...read('weekly', WEEK_SECONDS)], active: null };
}

function readModel(entry: ListEntry): ListedModel {
  return {
    upstreamId: entry.id,
    ...known({ displayName: entry.text('name'), contextWindow: entry.count('context_length') }),
  };
}

/** https://commandcode.ai/docs/provider: nothing of its own is documented; its models are those of many makers. */
function quirks(upstreamId: string): Quirks {
  return upstreamId.includes('claude-') ? claudeQuirks(upstreamId) : replayQuirks(upstreamId);
}
