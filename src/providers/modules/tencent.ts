/** Tencent Cloud: the coding plan of its knowledge engine. */
import type { Quirks } from '../../protocols/target.js';
import { defineProvider } from '../define-provider.js';
import { replayQuirks } from '../family-quirks.js';
import { chatAt, messagesAt, openAiCompatible } from '../openai-compatible.js';
import { callsPublished } from '../plan-quota.js';

const CODING = 'https://api.lkeap.cloud.tencent.com/coding';

// https://cloud.tencent.com/document/product/1823/130092
export const provider = defineProvider({
  slug: 'tencent',
  name: 'Tencent Cloud',
  aliases: ['tencent-cloud', 'tencent-coding-plan', 'hunyuan'],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://console.cloud.tencent.com/lkeap',
  offerings: [
    openAiCompatible({
      code: 'coding-plan',
      name: 'Coding Plan',
      billing: 'SUBSCRIPTION',
      // The same prefix as Alibaba's plan keys.
      secretHint: 'sk-sp-…',
      termsNotice:
        'Tencent Cloud allows the Coding Plan in interactive coding tools only, not for automated or batch calls. See ' +
        'https://cloud.tencent.com/document/product/1823/130092.',
      // UNCONFIRMED names; sold in yuan.
      plans: [
        { code: 'lite', name: 'Lite', monthlyPriceUsd: null },
        { code: 'pro', name: 'Pro', monthlyPriceUsd: null },
      ],
      // UNCONFIRMED numbers, those of the other clouds' plans of the same price.
      publishedWindows: {
        lite: callsPublished(1_200, 9_000, 18_000),
        pro: callsPublished(6_000, 45_000, 90_000),
      },
      base: `${CODING}/v3`,
      endpoints: [chatAt(`${CODING}/v3`), messagesAt(`${CODING}/anthropic/v1`)],
      models: {
        kind: 'curated',
        models: [
          'tc-code-latest',
          'hunyuan-2.0-instruct',
          'hunyuan-2.0-thinking',
          'hunyuan-t1',
          'hunyuan-turbos',
          'glm-5',
          'kimi-k2.5',
          'minimax-m2.5',
        ].map((upstreamId) => ({ upstreamId })),
      },
      // No list is documented. Whatever stands at its place asks for the key first (UNCONFIRMED), and then may well be
      // nothing.
      verify: [
        {
          url: `${CODING}/v3/models`,
          auth: 'bearer',
          toleratedClasses: ['MODEL_NOT_FOUND', 'INVALID_REQUEST'],
        },
      ],
      quirks,
      catalog: {
        facts: ['tencent-coding-plan'],
        prices: ['zai', 'moonshotai', 'minimax', 'openrouter'],
      },
      failures: [
        { codes: ['not_authorized'], class: 'AUTHENTICATION' },
        // UNCONFIRMED wordings.
        { message: /套餐.*(?:过期|未开通)|plan (?:has )?expired|no active plan/i, class: 'PLAN_INACTIVE' },
        { status: 429, message: /额度|用量|quota|usage limit/i, class: 'QUOTA_EXHAUSTED' },
      ],
    }),
  ],
});

/** https://cloud.tencent.com/document/product/1823/130092 names no fields; all of this is UNCONFIRMED and harmless if wrong. */
function quirks(upstreamId: string): Quirks {
  return { ...replayQuirks(upstreamId), maxTokensField: 'max_tokens', noDeveloperRole: true };
}
