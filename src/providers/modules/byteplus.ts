/** BytePlus ModelArk: ByteDance's models outside mainland China, as a coding plan and per token. */
import {
  ARK_CONSOLE_CHOICE,
  ARK_FAILURES,
  ARK_PLANS,
  ARK_PUBLISHED_WINDOWS,
  readArkModel,
  arkQuirks,
} from '../ark.js';
import { defineProvider, type ListedModel } from '../define-provider.js';
import { chatAt, messagesAt, openAiCompatible } from '../openai-compatible.js';

const ARK = 'https://ark.ap-southeast.bytepluses.com/api';
const PLAN = `${ARK}/coding`;

/**
 * UNCONFIRMED for single models: the plan's own page, https://docs.byteplus.com/en/docs/ModelArk/1925114, as others
 * read it. The list at `/models` names every model of the platform. Windows are the smallest that any source states.
 */
const MODELS: readonly ListedModel[] = [
  ARK_CONSOLE_CHOICE,
  { upstreamId: 'dola-seed-2.0-pro', contextWindow: 256_000 },
  { upstreamId: 'dola-seed-2.0-lite', contextWindow: 256_000 },
  { upstreamId: 'dola-seed-2.0-code', contextWindow: 256_000 },
  { upstreamId: 'bytedance-seed-code', contextWindow: 256_000 },
  { upstreamId: 'glm-5.2', contextWindow: 256_000 },
  { upstreamId: 'glm-5.1', contextWindow: 200_000 },
  { upstreamId: 'kimi-k2.5', contextWindow: 256_000 },
  { upstreamId: 'gpt-oss-120b', contextWindow: 128_000 },
  { upstreamId: 'deepseek-v4-pro', contextWindow: 256_000 },
  { upstreamId: 'deepseek-v4-flash', contextWindow: 256_000 },
];

const PRICES = ['zai', 'deepseek', 'moonshotai'];

export const provider = defineProvider({
  slug: 'byteplus',
  name: 'BytePlus ModelArk',
  aliases: ['byteplus-plan', 'modelark', 'modelark-coding-plan'],
  kind: 'LAB',
  consoleUrl: 'https://console.byteplus.com/ark/region:ark+ap-southeast-1/apiKey',
  offerings: [
    {
      code: 'coding-plan',
      name: 'ModelArk Coding Plan',
      billing: 'SUBSCRIPTION',
      credential: 'API_KEY',
      secretHint: null,
      foreignSecrets: [],
      termsNotice:
        'The ModelArk Coding Plan is meant for AI coding tools. Its key draws on the plan only under /api/coding, which is ' +
        'what Switchyard calls; used elsewhere, the same key is charged per token.',
      plans: ARK_PLANS,
      regions: [],
      endpoints: [messagesAt(`${PLAN}/v1`), chatAt(`${PLAN}/v3`)],
      models: { kind: 'curated', models: MODELS },
      verify: [{ url: `${PLAN}/v3/models`, auth: 'bearer' }],
      reportsQuota: false,
      quirks: arkQuirks,
      // https://docs.byteplus.com/en/docs/ModelArk/2165245
      publishedWindows: ARK_PUBLISHED_WINDOWS,
      catalog: { facts: [], prices: PRICES },
      failures: ARK_FAILURES,
      sessionHeader: null,
    },
    // https://docs.byteplus.com/api/docs/ModelArk/1330626; ids carry their date: `deepseek-v4-1-flash-260910`.
    openAiCompatible({
      base: `${ARK}/v3`,
      readModel: readArkModel,
      quirks: arkQuirks,
      catalog: { facts: [], prices: PRICES },
      failures: ARK_FAILURES,
    }),
  ],
});
