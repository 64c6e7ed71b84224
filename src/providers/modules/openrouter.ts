/** OpenRouter: models of many providers, paid per token from credits. */
import type { Quirks } from '../../protocols/target.js';
import { defineProvider } from '../define-provider.js';
import { replayQuirks } from '../family-quirks.js';
import { chatAt, messagesAt, openAiCompatible, responsesAt } from '../openai-compatible.js';
import { readOpenRouterModel } from '../openrouter-list.js';

const BASE = 'https://openrouter.ai/api/v1';

// https://openrouter.ai/docs/api/reference/overview
export const provider = defineProvider({
  slug: 'openrouter',
  name: 'OpenRouter',
  aliases: ['open-router'],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://openrouter.ai/settings/keys',
  offerings: [
    openAiCompatible({
      base: BASE,
      secretHint: 'sk-or-v1-…',
      endpoints: [chatAt(BASE), messagesAt(BASE), responsesAt(BASE)],
      readModel: readOpenRouterModel,
      // The list is public.
      verify: [{ url: `${BASE}/key`, auth: 'bearer' }],
      quirks,
      catalog: { facts: ['openrouter'], prices: ['openrouter'] },
      // https://openrouter.ai/docs/api/reference/errors-and-debugging
      failures: [
        {
          message: /not a valid model ID|no endpoints found|no allowed providers/i,
          class: 'MODEL_NOT_FOUND',
        },
        { status: 403, message: /moderation|flagged/i, class: 'CONTENT_POLICY' },
        { message: /key limit exceeded/i, class: 'BILLING' },
        { message: /free-models-per-day/i, class: 'QUOTA_EXHAUSTED', scope: 'MODEL' },
        // Whoever serves the model is busy: https://openrouter.ai/docs/api-reference/errors.
        {
          status: 429,
          message: /rate-limited upstream|provider returned error/i,
          class: 'RATE_LIMITED',
          scope: 'MODEL',
        },
      ],
    }),
  ],
});

/** https://openrouter.ai/docs/guides/best-practices/reasoning-tokens; what a model does not know is passed over for it. */
function quirks(upstreamId: string): Quirks {
  return {
    ...replayQuirks(upstreamId),
    reasoningControl: 'reasoning-object',
    efforts: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'],
  };
}
