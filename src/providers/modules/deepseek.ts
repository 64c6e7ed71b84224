/** DeepSeek's API, paid per token from a balance. */
import { usdFromNumber, type TokenPrices, type TokenRates } from '../../domain/money.js';
import type { Quirks } from '../../protocols/target.js';
import { defineProvider } from '../define-provider.js';
import { chatAt, messagesAt, openAiCompatible } from '../openai-compatible.js';

const BASE = 'https://api.deepseek.com';

// https://api-docs.deepseek.com; the errors: https://api-docs.deepseek.com/quick_start/error_codes
export const provider = defineProvider({
  slug: 'deepseek',
  name: 'DeepSeek',
  aliases: [],
  kind: 'LAB',
  consoleUrl: 'https://platform.deepseek.com/api_keys',
  offerings: [
    openAiCompatible({
      base: BASE,
      secretHint: 'sk-…',
      // https://api-docs.deepseek.com/guides/anthropic_api
      endpoints: [chatAt(BASE), messagesAt(`${BASE}/anthropic/v1`, 'x-api-key')],
      quirks,
      catalog: { facts: ['deepseek'], prices: ['deepseek'] },
      publishedPrices: {
        asOf: '2026-08-22',
        models: {
          'deepseek-v4-flash': priced({ usual: [0.22, 0.66, 0.007], peak: [0.44, 1.32, 0.014] }),
          'deepseek-v4-pro': priced({ usual: [0.66, 1.98, 0.022], peak: [1.32, 3.96, 0.044] }),
        },
      },
      failures: [{ message: /Insufficient Balance/i, class: 'BILLING' }],
    }),
  ],
});

/** Dollars per million tokens: input, output, input read from the cache. Writing to it costs nothing extra. */
type Amounts = readonly [input: number, output: number, cacheRead: number];

// UNCONFIRMED: the amounts and hours are as others quote https://api-docs.deepseek.com/quick_start/pricing. They decide
// what a request is said to cost, nothing else, and an operator's own price outranks them.
function priced({ usual, peak }: { usual: Amounts; peak: Amounts }): TokenPrices {
  return {
    ...ratesOf(usual),
    timesOfDay: [{ windows: ['01:00-04:00', '06:00-10:00'], ...ratesOf(peak) }],
  };
}

function ratesOf([input, output, cacheRead]: Amounts): TokenRates {
  return {
    input: usdFromNumber(input),
    output: usdFromNumber(output),
    cacheRead: usdFromNumber(cacheRead),
    cacheWrite: null,
  };
}

/**
 * https://api-docs.deepseek.com/guides/thinking_mode and https://api-docs.deepseek.com/api/create-chat-completion. Said of
 * forced tools: "Thinking mode does not support this tool_choice".
 */
function quirks(): Quirks {
  return {
    maxTokensField: 'max_tokens',
    reasoningControl: 'thinking-type',
    efforts: ['low', 'high', 'max'],
    replays: 'reasoning_content',
    noDeveloperRole: true,
    responseFormat: 'json_object',
    forcedToolsEndThinking: true,
  };
}
