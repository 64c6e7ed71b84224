/** OpenCode Go: a subscription for open models. */
import type { WireProtocol } from '../../domain/vocabulary.js';
import type { Quirks } from '../../protocols/target.js';
import { defineProvider } from '../define-provider.js';
import { gptQuirks, replayQuirks } from '../family-quirks.js';
import {
  fieldsAt,
  HOUR_SECONDS,
  instantOf,
  monthSecondsBefore,
  type QuotaContext,
  type QuotaStatement,
  statedWindow,
  WEEK_SECONDS,
} from '../plan-quota.js';
import { OPENCODE_FAILURES, OPENCODE_SESSION_HEADER, parseOpenCodeModels } from './opencode.js';

const GO = 'https://opencode.ai/zen/go/v1';

// https://opencode.ai/docs/go
export const provider = defineProvider({
  slug: 'opencode-go',
  name: 'OpenCode Go',
  aliases: ['opencodego'],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://opencode.ai/auth',
  offerings: [
    {
      code: 'go',
      name: 'Go',
      billing: 'SUBSCRIPTION',
      credential: 'API_KEY',
      secretHint: 'sk-…',
      foreignSecrets: [],
      termsNotice:
        'OpenCode Go routes by conversation, so Switchyard sends a stable x-opencode-session with every request. Models ' +
        'whose id ends in "-contributor" train on what is sent to them.',
      plans: [
        { code: 'go', name: 'Go', monthlyPriceUsd: '10' },
        { code: 'go-plus', name: 'Go Plus', monthlyPriceUsd: '40' },
      ],
      regions: [],
      endpoints: [
        { protocol: 'OPENAI_CHAT', url: `${GO}/chat/completions`, auth: 'bearer' },
        { protocol: 'ANTHROPIC_MESSAGES', url: `${GO}/messages`, auth: 'x-api-key' },
        { protocol: 'OPENAI_RESPONSES', url: `${GO}/responses`, auth: 'bearer' },
      ],
      protocolsOf: goProtocols,
      models: { kind: 'live', url: `${GO}/models`, auth: 'bearer', parse: parseOpenCodeModels },
      // The list is public; usage asks for the key first and then for the subscription.
      verify: [
        { url: `${GO}/usage`, auth: 'bearer' },
        { url: `${GO}/models`, auth: 'bearer' },
      ],
      reportsQuota: true,
      quirks,
      quota: { probes: [{ url: `${GO}/usage`, auth: 'bearer' }], parse: readQuota },
      catalog: { facts: ['opencode-go'], prices: ['opencode-go', 'opencode'] },
      failures: OPENCODE_FAILURES,
      sessionHeader: OPENCODE_SESSION_HEADER,
    },
  ],
});

/**
 * Shares of the whole account; a single model's cap may be hit earlier and shows itself with the refusal. Source:
 * https://github.com/anomalyco/opencode/blob/dev/packages/console/app/src/routes/zen/go/v1/usage.ts.
 */
function readQuota([body]: readonly unknown[], { now }: QuotaContext): QuotaStatement {
  const read = (field: string, name: string, seconds: (resetsAt: number | null) => number | null) => {
    const { status, percent, resetsAt } = fieldsAt(body, 'usage', field);
    const windowSeconds = seconds(instantOf(resetsAt, now));
    const percentUsed = status === 'rate-limited' ? 100 : percent;
    return statedWindow({ name, windowSeconds, unit: 'SHARE', percentUsed, resetsAt }, now);
  };
  const windows = [
    ...read('rolling', '5h', () => 5 * HOUR_SECONDS),
    ...read('weekly', 'weekly', () => WEEK_SECONDS),
    // From the day of the month on which it was bought.
    ...read('monthly', 'monthly', monthSecondsBefore),
  ];
  return { windows, active: windows.length > 0 ? true : null };
}

/** Format by model: the table at https://opencode.ai/docs/go. */
function goProtocols(upstreamId: string): readonly WireProtocol[] {
  if (/^(?:minimax-|qwen)/.test(upstreamId)) return ['ANTHROPIC_MESSAGES'];
  if (/^(?:grok-|gpt-|muse-spark-)/.test(upstreamId)) return ['OPENAI_RESPONSES'];
  return ['OPENAI_CHAT'];
}

/** https://opencode.ai/docs/go: requests are passed on to whoever serves the model. */
function quirks(upstreamId: string): Quirks {
  return upstreamId.startsWith('gpt-') ? gptQuirks(upstreamId) : replayQuirks(upstreamId);
}
