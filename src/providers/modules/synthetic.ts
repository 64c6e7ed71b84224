/** Synthetic: open models under a subscription whose allowance grows back bit by bit. */
import type { TokenPrices } from '../../domain/money.js';
import { defineProvider, type ListedModel } from '../define-provider.js';
import { replayQuirks } from '../family-quirks.js';
import { capabilitiesOf, kindOfOutput, names, readPrices } from '../listed-facts.js';
import { isFields, known, type ListEntry } from '../model-list.js';
import { chatAt, messagesAt, openAiCompatible } from '../openai-compatible.js';

const API = 'https://api.synthetic.new';

// https://dev.synthetic.new
export const provider = defineProvider({
  slug: 'synthetic',
  name: 'Synthetic',
  aliases: ['synthetic.new'],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://synthetic.new/user-settings/api',
  offerings: [
    openAiCompatible({
      code: 'subscription',
      name: 'Subscription',
      billing: 'SUBSCRIPTION',
      secretHint: 'syn_…',
      termsNotice: null,
      plans: [{ code: 'starter', name: 'Starter', monthlyPriceUsd: null }],
      base: `${API}/openai/v1`,
      endpoints: [chatAt(`${API}/openai/v1`), messagesAt(`${API}/anthropic/v1`)],
      readModel,
      // Reading the quota is not counted as a request. UNCONFIRMED: whether the list asks for the key.
      verify: [
        { url: `${API}/v2/quotas`, auth: 'bearer' },
        { url: `${API}/openai/v1/models`, auth: 'bearer' },
      ],
      reportsQuota: true,
      // The list states windows and prices itself.
      // https://dev.synthetic.new/docs: nothing of its own is documented; its models are those of many makers.
      quirks: replayQuirks,
      catalog: { facts: [], prices: ['zai', 'moonshotai', 'minimax', 'alibaba'] },
      failures: [
        // UNCONFIRMED: how the end of the allowance is worded.
        {
          status: 429,
          message: /subscription|weekly|five[- ]hour|5[- ]hour|credits|quota/i,
          class: 'QUOTA_EXHAUSTED',
        },
      ],
    }),
  ],
});

function readModel(entry: ListEntry): ListedModel {
  const features = entry.value('supported_features');
  return {
    upstreamId: entry.id,
    ...known({
      displayName: entry.text('name'),
      kind: kindOfOutput(entry.value('output_modalities')),
      contextWindow: entry.count('context_length'),
      maxOutputTokens: entry.count('max_output_length'),
      capabilities: capabilitiesOf([
        ['VISION', names(entry.value('input_modalities'), 'image')],
        ['REASONING', names(features, 'reasoning')],
        ['TOOLS', names(features, 'tools')],
        ['STRUCTURED_OUTPUT', names(features, 'structured_outputs', 'json_mode')],
      ]),
      prices: pricesOf(entry.value('pricing')),
    }),
  };
}

/** Dollars per token, with their sign: `{"prompt": "$0.0000014", …}`. */
function pricesOf(pricing: unknown): TokenPrices | undefined {
  if (!isFields(pricing)) return undefined;
  const amounts = Object.entries(pricing).map(([name, price]) => [
    name,
    typeof price === 'string' ? price.replace(/^\$/, '') : price,
  ]);
  // A price of zero for writing to the cache means that writing costs what input costs.
  return readPrices(
    Object.fromEntries(amounts),
    { input: 'prompt', output: 'completion', cacheRead: 'input_cache_reads' },
    1,
  );
}
