/** Volcengine Ark: ByteDance's coding plan in mainland China. */
import { ARK_CONSOLE_CHOICE, ARK_FAILURES, ARK_PLANS, ARK_PUBLISHED_WINDOWS, arkQuirks } from '../ark.js';
import { defineProvider, type ListedModel } from '../define-provider.js';
import { chatAt, messagesAt } from '../openai-compatible.js';

const PLAN = 'https://ark.cn-beijing.volces.com/api/coding';

/**
 * The plan's list at `/models` names every model of the platform and leaves out several of the plan, so the plan's own
 * page counts: https://www.volcengine.com/docs/82379/1925114.
 */
const MODELS: readonly ListedModel[] = [
  ARK_CONSOLE_CHOICE,
  { upstreamId: 'doubao-seed-evolving', contextWindow: 256_000 },
  { upstreamId: 'doubao-seed-2.1-turbo', contextWindow: 256_000 },
  { upstreamId: 'doubao-seed-2.0-lite', contextWindow: 256_000 },
  { upstreamId: 'glm-5.3', contextWindow: 1_000_000 },
  { upstreamId: 'deepseek-v4-pro', contextWindow: 1_000_000 },
  { upstreamId: 'deepseek-v4-flash', contextWindow: 1_000_000 },
  { upstreamId: 'kimi-k2.7-code', contextWindow: 256_000 },
  // UNCONFIRMED: the page names the family without the version.
  { upstreamId: 'minimax-m3', contextWindow: 256_000 },
];

// https://www.volcengine.com/docs/82379/1928261
export const provider = defineProvider({
  slug: 'volcengine',
  name: 'Volcengine Ark',
  aliases: ['volcengine-ark', 'volces', 'doubao'],
  kind: 'LAB',
  consoleUrl: 'https://console.volcengine.com/ark/region:ark+cn-beijing/apiKey',
  offerings: [
    {
      code: 'coding-plan',
      name: 'Coding Plan',
      billing: 'SUBSCRIPTION',
      credential: 'API_KEY',
      secretHint: null,
      foreignSecrets: [],
      termsNotice:
        'The Ark Coding Plan is meant for AI coding tools. Its key draws on the plan only under /api/coding, which is what ' +
        'Switchyard calls; used elsewhere, the same key is charged per token.',
      // Sold in yuan: 40 and 200 a month.
      plans: ARK_PLANS,
      regions: [],
      endpoints: [chatAt(`${PLAN}/v3`), messagesAt(`${PLAN}/v1`)],
      models: { kind: 'curated', models: MODELS },
      verify: [{ url: `${PLAN}/v3/models`, auth: 'bearer' }],
      // Usage is told to the account's signing keys only.
      reportsQuota: false,
      quirks: arkQuirks,
      // https://www.volcengine.com/docs/82379/1925114
      publishedWindows: ARK_PUBLISHED_WINDOWS,
      catalog: { facts: [], prices: ['zai', 'deepseek', 'moonshotai', 'minimax'] },
      failures: ARK_FAILURES,
      sessionHeader: null,
    },
  ],
});
