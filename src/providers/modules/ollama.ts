/** A local Ollama. Ollama's own machines are another provider. */
import type { Quirks } from '../../protocols/target.js';
import { defineProvider, type ListedModel } from '../define-provider.js';
import { isFields, type ListEntry, parseModelList } from '../model-list.js';
import { chatAt, embeddingsAt, localServer, messagesAt, responsesAt } from '../openai-compatible.js';

const ORIGIN = 'http://127.0.0.1:11434';
const LIST = { url: `${ORIGIN}/api/tags`, auth: 'bearer' } as const;

// https://docs.ollama.com/api/openai-compatibility and https://docs.ollama.com/api/anthropic-compatibility
export const provider = defineProvider({
  slug: 'ollama',
  name: 'Ollama',
  aliases: [],
  kind: 'LOCAL',
  consoleUrl: null,
  offerings: [
    localServer({
      quirks,
      base: `${ORIGIN}/v1`,
      endpoints: [
        chatAt(`${ORIGIN}/v1`),
        messagesAt(`${ORIGIN}/v1`),
        responsesAt(`${ORIGIN}/v1`),
        embeddingsAt(`${ORIGIN}/v1`),
      ],
      // https://docs.ollama.com/api/tags. The context a model is loaded with depends on the server's settings and is not
      // listed, so it stays unknown.
      models: {
        kind: 'live',
        ...LIST,
        parse: parseModelList(readModel, { entries: 'models', id: 'name' }),
      },
      verify: [LIST],
    }),
  ],
});

/** Names keep their tag: `:latest` is what answers to the bare name as well, but is one model among others. */
function readModel(entry: ListEntry): ListedModel {
  const details = entry.value('details');
  const family = isFields(details) ? details['family'] : undefined;
  const embeds = typeof family === 'string' && family.includes('bert');
  return { upstreamId: entry.id, ...(embeds && { kind: 'EMBEDDING' }) };
}

/**
 * https://docs.ollama.com/api/openai-compatibility: other efforts are an error, and other fields are passed over. Roles are
 * the model template's: instructions under `developer` would be lost without a word.
 */
function quirks(): Quirks {
  return {
    maxTokensField: 'max_tokens',
    efforts: ['none', 'low', 'medium', 'high'],
    noDeveloperRole: true,
    noImageUrls: true,
  };
}
