/** Xiaomi MiMo: the Token Plan, with a cluster per region, and the API paid per token. */
import type { Quirks } from '../../protocols/target.js';
import { defineProvider, type FailureRule, type ListedModel } from '../define-provider.js';
import { known, type ListEntry } from '../model-list.js';
import { chatAt, messagesAt, openAiCompatible } from '../openai-compatible.js';

const PLAN = 'https://token-plan-cn.xiaomimimo.com';
const API = 'https://api.xiaomimimo.com';

/** https://platform.xiaomimimo.com/docs/en-US/quick-start/error-codes; codes repeat the status they stand for. */
const FAILURES: readonly FailureRule[] = [
  // The documentation gives 429 to "too frequent" and to "quota exhausted"; UNCONFIRMED how the second is worded.
  { status: 429, message: /quota|exhausted|used up|credits/i, class: 'QUOTA_EXHAUSTED' },
  // Comes on bursts, with quota left: https://github.com/XiaomiMiMo/MiMo/issues/99.
  { message: /upstream request failed: insufficient account funds/i, class: 'RATE_LIMITED', scope: 'MODEL' },
  { message: /not supported model/i, class: 'MODEL_NOT_FOUND' },
];

export const provider = defineProvider({
  slug: 'xiaomi',
  name: 'Xiaomi MiMo',
  aliases: ['mimo', 'xiaomi-mimo'],
  kind: 'LAB',
  consoleUrl: 'https://platform.xiaomimimo.com/console/api-keys',
  offerings: [
    // https://platform.xiaomimimo.com/docs/en-US/integration/tools-overview
    openAiCompatible({
      code: 'token-plan',
      name: 'Token Plan',
      billing: 'SUBSCRIPTION',
      secretHint: 'tp-…',
      foreignSecrets: [{ pattern: /^sk-/, belongsTo: "MiMo's API, paid per token" }],
      termsNotice:
        'A Token Plan key works in the region it was bought for and nowhere else; choose that region. The plan is made for ' +
        'AI coding tools, and what is left of it is shown in the console only.',
      plans: [
        { code: 'lite', name: 'Lite', monthlyPriceUsd: null },
        { code: 'standard', name: 'Standard', monthlyPriceUsd: null },
        { code: 'pro', name: 'Pro', monthlyPriceUsd: null },
        { code: 'max', name: 'Max', monthlyPriceUsd: '100' },
      ],
      regions: [
        { code: 'cn', name: 'Mainland China', origins: {} },
        { code: 'sgp', name: 'Singapore', origins: { [PLAN]: 'https://token-plan-sgp.xiaomimimo.com' } },
        { code: 'ams', name: 'Amsterdam', origins: { [PLAN]: 'https://token-plan-ams.xiaomimimo.com' } },
      ],
      base: `${PLAN}/v1`,
      endpoints: [chatAt(`${PLAN}/v1`), messagesAt(`${PLAN}/anthropic/v1`)],
      readModel,
      quirks,
      catalog: { facts: ['xiaomi-token-plan-sgp'], prices: ['xiaomi'] },
      failures: FAILURES,
    }),
    openAiCompatible({
      base: `${API}/v1`,
      secretHint: 'sk-…',
      foreignSecrets: [{ pattern: /^tp-/, belongsTo: "MiMo's Token Plan" }],
      endpoints: [chatAt(`${API}/v1`), messagesAt(`${API}/anthropic/v1`)],
      readModel,
      quirks,
      catalog: { facts: ['xiaomi'], prices: ['xiaomi'] },
      failures: FAILURES,
    }),
  ],
});

/** The list states ids only. */
function readModel({ id }: ListEntry): ListedModel {
  return { upstreamId: id, ...known({ kind: /-(?:tts|asr)\b/.test(id) ? ('OTHER' as const) : undefined }) };
}

/**
 * https://platform.xiaomimimo.com/docs/en-US/api/chat/openai-api, and of thoughts
 * https://platform.xiaomimimo.com/docs/en-US/usage-guide/passing-back-reasoning_content.
 */
function quirks(): Quirks {
  return {
    maxTokensField: 'max_completion_tokens',
    reasoningControl: 'thinking-type',
    replays: 'reasoning_content',
    responseFormat: 'json_object',
  };
}
