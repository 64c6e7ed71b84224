/** StepFun: the Step Plan for coding tools, and its API paid per token. */
import type { Quirks } from '../../protocols/target.js';
import { defineProvider, type FailureRule, type Region } from '../define-provider.js';
import { chatAt, messagesAt, openAiCompatible } from '../openai-compatible.js';

const GLOBAL = 'https://api.stepfun.ai';
const API = `${GLOBAL}/v1`;
const PLAN = `${GLOBAL}/step_plan/v1`;

/** Keys of one site are unknown to the other. */
const REGIONS: readonly Region[] = [
  { code: 'global', name: 'Global (stepfun.ai)', origins: {} },
  { code: 'cn', name: 'Mainland China (stepfun.com)', origins: { [GLOBAL]: 'https://api.stepfun.com' } },
];

/** https://platform.stepfun.com/docs/zh/api-reference/error-codes */
const FAILURES: readonly FailureRule[] = [
  { status: 400, message: /model .*(?:not exist|no permission|not found)/i, class: 'MODEL_NOT_FOUND' },
  // UNCONFIRMED: how a used-up window of the plan is worded.
  {
    message: /(?:hour|weekly|monthly|plan)\b.{0,20}(?:limit|quota)|quota exceeded/i,
    class: 'QUOTA_EXHAUSTED',
  },
];

export const provider = defineProvider({
  slug: 'stepfun',
  name: 'StepFun',
  aliases: ['step-fun'],
  kind: 'LAB',
  consoleUrl: 'https://platform.stepfun.ai/interface-key',
  offerings: [
    // https://platform.stepfun.ai/docs/en/step-plan/integrations/reasoning-api
    openAiCompatible({
      code: 'step-plan',
      name: 'Step Plan',
      billing: 'SUBSCRIPTION',
      termsNotice:
        'The Step Plan is meant for coding tools and agents. It is counted in prompts, each of which stands for ' +
        'several requests.',
      // Sold in yuan on the Chinese site; only the lowest price in dollars is known, from a secondary source.
      plans: [
        { code: 'mini', name: 'Flash Mini', monthlyPriceUsd: '6.99' },
        { code: 'plus', name: 'Flash Plus', monthlyPriceUsd: null },
        { code: 'pro', name: 'Flash Pro', monthlyPriceUsd: null },
        { code: 'max', name: 'Flash Max', monthlyPriceUsd: null },
      ],
      regions: REGIONS,
      base: PLAN,
      endpoints: [chatAt(PLAN), messagesAt(PLAN)],
      // UNCONFIRMED: whether the plan has a list of its own. The platform's names models that the plan does not pay for.
      models: {
        kind: 'curated',
        models: ['step-3.7-flash', 'step-3.5-flash-2603', 'step-3.5-flash'].map((upstreamId) => ({
          upstreamId,
        })),
      },
      // Plan and platform share their keys; that there is a plan behind one shows itself with the first request.
      verify: [{ url: `${API}/models`, auth: 'bearer' }],
      quirks,
      catalog: { facts: ['stepfun'], prices: ['stepfun'] },
      failures: FAILURES,
    }),
    // https://platform.stepfun.ai/docs
    openAiCompatible({
      regions: REGIONS,
      base: API,
      endpoints: [chatAt(API), messagesAt(API)],
      readModel: ({ id }) => ({ upstreamId: id, ...(NO_CHAT.test(id) && { kind: 'OTHER' }) }),
      quirks,
      catalog: { facts: ['stepfun'], prices: ['stepfun'] },
      failures: FAILURES,
    }),
  ],
});

/** Speech and images; the list states nothing but ids. */
const NO_CHAT = /^(?:step-?(?:audio|tts|asr)|step-(?:1x|2x|image))/;

/** https://platform.stepfun.ai/docs/en/step-plan/integrations/reasoning-api. UNCONFIRMED: the role `developer`. */
function quirks(): Quirks {
  return { maxTokensField: 'max_tokens', efforts: ['low', 'medium', 'high'], noDeveloperRole: true };
}
