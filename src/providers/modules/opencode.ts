/** OpenCode Zen: models paid from a prepaid balance. */
import type { WireProtocol } from '../../domain/vocabulary.js';
import type { Quirks } from '../../protocols/target.js';
import { defineProvider, type FailureRule } from '../define-provider.js';
import { claudeQuirks, gptQuirks, replayQuirks } from '../family-quirks.js';
import { parseModelList } from '../model-list.js';

const ZEN = 'https://opencode.ai/zen/v1';

/** The console's error types, shared by Zen and Go: packages/console/app in https://github.com/anomalyco/opencode. */
export const OPENCODE_FAILURES: readonly FailureRule[] = [
  { types: ['AuthError'], class: 'AUTHENTICATION' },
  // All of these come with status 401 and say nothing about the key.
  { types: ['CreditsError', 'MonthlyLimitError', 'UserLimitError'], class: 'BILLING' },
  { types: ['ModelError', 'ModelAccessError', 'RegionError'], class: 'MODEL_NOT_FOUND' },
  { types: ['GoUsageLimitError', 'BlackUsageLimitError'], class: 'QUOTA_EXHAUSTED' },
  // Counts the free models only: what is paid for goes on.
  { types: ['FreeUsageLimitError'], class: 'QUOTA_EXHAUSTED', scope: 'MODEL' },
  // Whoever serves the model behind the console is busy; the plan itself has room.
  { codes: ['provider_rate_limit_exceeded'], class: 'RATE_LIMITED', scope: 'MODEL' },
  // Requests a minute are counted per key and model:
  // https://github.com/anomalyco/opencode/blob/dev/packages/console/app/src/routes/zen/util/keyRateLimiter.ts.
  { types: ['RateLimitError'], class: 'RATE_LIMITED', scope: 'MODEL' },
  { types: ['SubscriptionRequiredError', 'EntitlementError'], class: 'PLAN_INACTIVE' },
  { types: ['MissingSessionID'], class: 'CLIENT_REFUSED' },
];

/** Reads the list of Zen or Go. Ids with this prefix are trials that the console hides as well. */
export const parseOpenCodeModels = parseModelList(({ id }) =>
  id.startsWith('alpha-') ? null : { upstreamId: id },
);

/** Header that keeps a conversation on one upstream, and with it its prompt cache. */
export const OPENCODE_SESSION_HEADER = 'x-opencode-session';

// https://opencode.ai/docs/zen
export const provider = defineProvider({
  slug: 'opencode',
  name: 'OpenCode Zen',
  aliases: ['opencode-zen', 'opencodezen', 'zen'],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://opencode.ai/auth',
  offerings: [
    {
      code: 'zen',
      name: 'Zen',
      billing: 'METERED',
      credential: 'API_KEY',
      secretHint: 'sk-…',
      foreignSecrets: [],
      termsNotice: null,
      plans: [],
      regions: [],
      endpoints: [
        { protocol: 'OPENAI_CHAT', url: `${ZEN}/chat/completions`, auth: 'bearer' },
        { protocol: 'ANTHROPIC_MESSAGES', url: `${ZEN}/messages`, auth: 'x-api-key' },
        { protocol: 'OPENAI_RESPONSES', url: `${ZEN}/responses`, auth: 'bearer' },
        { protocol: 'GEMINI', url: `${ZEN}/models/{model}:{method}`, auth: 'x-goog-api-key' },
      ],
      protocolsOf: zenProtocols,
      models: { kind: 'live', url: `${ZEN}/models`, auth: 'bearer', parse: parseOpenCodeModels },
      // The list is public and Zen has no call of its own that only reads. Go's usage is behind the same keys: it asks
      // for a subscription only once it has accepted the key.
      verify: [
        { url: 'https://opencode.ai/zen/go/v1/usage', auth: 'bearer', toleratedTypes: ['EntitlementError'] },
        { url: `${ZEN}/models`, auth: 'bearer' },
      ],
      reportsQuota: false,
      quirks,
      catalog: { facts: ['opencode'], prices: ['opencode'] },
      failures: OPENCODE_FAILURES,
      sessionHeader: OPENCODE_SESSION_HEADER,
    },
  ],
});

/** Each model answers in the format of its maker: the table at https://opencode.ai/docs/zen. */
function zenProtocols(upstreamId: string): readonly WireProtocol[] {
  if (/^(?:claude-|qwen3\.\d)/.test(upstreamId)) return ['ANTHROPIC_MESSAGES'];
  if (upstreamId.startsWith('gpt-')) return ['OPENAI_RESPONSES'];
  if (upstreamId.startsWith('gemini-')) return ['GEMINI'];
  return ['OPENAI_CHAT'];
}

/** https://opencode.ai/docs/zen: requests are passed on to whoever serves the model. */
function quirks(upstreamId: string): Quirks {
  if (upstreamId.startsWith('claude-')) return claudeQuirks(upstreamId);
  return upstreamId.startsWith('gpt-') ? gptQuirks(upstreamId) : replayQuirks(upstreamId);
}
