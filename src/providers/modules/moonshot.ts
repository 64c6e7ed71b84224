/** The Open Platform of Moonshot AI, paid per token. Its plan, Kimi Code, is another provider with other keys. */
import { defineProvider, type ListedModel } from '../define-provider.js';
import { kimiQuirks } from '../family-quirks.js';
import { capabilitiesOf } from '../listed-facts.js';
import { known, type ListEntry } from '../model-list.js';
import { chatAt, messagesAt, openAiCompatible } from '../openai-compatible.js';

const GLOBAL = 'https://api.moonshot.ai';

// https://platform.moonshot.ai/docs
export const provider = defineProvider({
  slug: 'moonshot',
  name: 'Moonshot AI',
  aliases: ['moonshotai'],
  kind: 'LAB',
  consoleUrl: 'https://platform.moonshot.ai/console/api-keys',
  offerings: [
    openAiCompatible({
      base: `${GLOBAL}/v1`,
      secretHint: 'sk-…',
      foreignSecrets: [{ pattern: /^sk-kimi-/, belongsTo: 'Kimi Code, the coding plan (provider kimi)' }],
      // The two platforms have accounts and keys of their own.
      regions: [
        { code: 'global', name: 'Global (moonshot.ai)', origins: {} },
        {
          code: 'cn',
          name: 'Mainland China (moonshot.cn)',
          origins: { [GLOBAL]: 'https://api.moonshot.cn' },
        },
      ],
      // https://platform.moonshot.ai/docs/guide/agent-support
      endpoints: [chatAt(`${GLOBAL}/v1`), messagesAt(`${GLOBAL}/anthropic/v1`)],
      readModel,
      // Prices of the Chinese platform are in yuan; the list prices are those of the global one.
      quirks: kimiQuirks,
      catalog: { facts: ['moonshotai'], prices: ['moonshotai'] },
      failures: [
        { types: ['exceeded_current_quota_error'], class: 'BILLING' },
        { types: ['rate_limit_reached_error'], class: 'RATE_LIMITED' },
        { types: ['engine_overloaded_error'], class: 'RATE_LIMITED', scope: 'MODEL' },
        { types: ['content_filter'], class: 'CONTENT_POLICY' },
        // In Anthropic's error form only the wording is left (UNCONFIRMED).
        { message: /insufficient balance|plan and billing details/i, class: 'BILLING' },
        { message: /considered high risk/i, class: 'CONTENT_POLICY' },
        { message: /exceeded model token limit/i, class: 'CONTEXT_LENGTH' },
      ],
    }),
  ],
});

function readModel(entry: ListEntry): ListedModel {
  return {
    upstreamId: entry.id,
    ...known({
      contextWindow: entry.count('context_length'),
      capabilities: capabilitiesOf([
        ['REASONING', entry.flag('supports_reasoning')],
        ['VISION', entry.flag('supports_image_in')],
      ]),
    }),
  };
}
