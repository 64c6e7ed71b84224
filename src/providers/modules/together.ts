/** Together AI: open models, paid per token. */
import type { ModelKind } from '../../domain/vocabulary.js';
import type { Quirks } from '../../protocols/target.js';
import { defineProvider, type ListedModel } from '../define-provider.js';
import { replayQuirks } from '../family-quirks.js';
import { readPrices } from '../listed-facts.js';
import { known, type ListEntry, parseModelList } from '../model-list.js';
import { chatAt, embeddingsAt, openAiCompatible } from '../openai-compatible.js';

const BASE = 'https://api.together.xyz/v1';

const KINDS: Readonly<Record<string, ModelKind>> = {
  chat: 'CHAT',
  embedding: 'EMBEDDING',
  // Base models complete text, but do not chat.
  language: 'OTHER',
  code: 'OTHER',
  image: 'OTHER',
  video: 'OTHER',
  audio: 'OTHER',
  transcribe: 'OTHER',
  moderation: 'OTHER',
  rerank: 'OTHER',
};

// https://docs.together.ai/reference; the errors: https://docs.together.ai/docs/error-codes
export const provider = defineProvider({
  slug: 'together',
  name: 'Together AI',
  aliases: ['togetherai', 'together-ai'],
  kind: 'AGGREGATOR',
  consoleUrl: 'https://api.together.ai/settings/api-keys',
  offerings: [
    openAiCompatible({
      base: BASE,
      endpoints: [chatAt(BASE), embeddingsAt(BASE)],
      // The list is a bare array.
      models: {
        kind: 'live',
        url: `${BASE}/models`,
        auth: 'bearer',
        parse: parseModelList(readModel, { entries: null, id: 'id' }),
      },
      quirks,
      catalog: { facts: ['togetherai'], prices: ['togetherai'] },
      failures: [
        { message: /`?inputs`? tokens \+ `?max_new_tokens`? must be/i, class: 'CONTEXT_LENGTH' },
        { codes: ['model_not_available'], class: 'MODEL_NOT_FOUND' },
        { types: ['credit_limit'], class: 'BILLING' },
      ],
    }),
  ],
});

function readModel(entry: ListEntry): ListedModel {
  const prices = readPrices(entry.value('pricing'), {
    input: 'input',
    output: 'output',
    cacheRead: 'cached_input',
  });
  return {
    upstreamId: entry.id,
    ...known({
      kind: KINDS[entry.text('type') ?? ''],
      displayName: entry.text('display_name'),
      contextWindow: entry.count('context_length'),
      // Zeros stand for models that are paid by other measures.
      prices: prices && (prices.input > 0n || prices.output > 0n) ? prices : undefined,
    }),
  };
}

/** https://docs.together.ai/reference/chat-completions-1 */
function quirks(upstreamId: string): Quirks {
  return { ...replayQuirks(upstreamId), maxTokensField: 'max_tokens' };
}
