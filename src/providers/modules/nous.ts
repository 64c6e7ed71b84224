/** Nous Portal: a subscription whose monthly credits pay for models of many makers, and for Nous Research's own. */
import type { Quirks } from '../../protocols/target.js';
import { defineProvider } from '../define-provider.js';
import { replayQuirks } from '../family-quirks.js';
import { openAiCompatible } from '../openai-compatible.js';
import { readOpenRouterModel } from '../openrouter-list.js';

// https://portal.nousresearch.com/api-docs
export const provider = defineProvider({
  slug: 'nous',
  name: 'Nous Research',
  aliases: ['nous-research', 'nousresearch'],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://portal.nousresearch.com',
  offerings: [
    openAiCompatible({
      code: 'portal',
      name: 'Nous Portal',
      billing: 'SUBSCRIPTION',
      termsNotice:
        'Use an API key made in the Nous Portal: the sign-in of Hermes Agent is for Nous Research’s own programs. A ' +
        'subscription buys monthly credits, and every request takes some.',
      // https://hermes-agent.nousresearch.com/docs/integrations/nous-portal
      plans: [
        { code: 'free', name: 'Free', monthlyPriceUsd: '0' },
        { code: 'plus', name: 'Plus', monthlyPriceUsd: '20' },
        { code: 'super', name: 'Super', monthlyPriceUsd: '100' },
        { code: 'ultra', name: 'Ultra', monthlyPriceUsd: '200' },
      ],
      base: 'https://inference-api.nousresearch.com/v1',
      readModel: readOpenRouterModel,
      // The list is public, and no call without cost is known that asks for the key (UNCONFIRMED): a bad key shows itself
      // with the first request. Neither is one known that tells the credits left.
      quirks,
      catalog: { facts: ['openrouter'], prices: ['openrouter'] },
      // UNCONFIRMED wordings.
      failures: [
        { message: /insufficient (?:credits|funds|balance)|out of credits/i, class: 'BILLING' },
        { message: /no active subscription|subscription (?:required|expired)/i, class: 'PLAN_INACTIVE' },
      ],
    }),
  ],
});

/** UNCONFIRMED: thinking is asked for as at OpenRouter, as Nous' own agent does it (https://github.com/NousResearch/hermes-agent). */
function quirks(upstreamId: string): Quirks {
  return { ...replayQuirks(upstreamId), reasoningControl: 'reasoning-object' };
}
