/** A local LM Studio. */
import type { ModelKind } from '../../domain/vocabulary.js';
import type { Quirks } from '../../protocols/target.js';
import { defineProvider, type ListedModel } from '../define-provider.js';
import { capabilitiesOf, names } from '../listed-facts.js';
import { known, type ListEntry, parseModelList } from '../model-list.js';
import { chatAt, embeddingsAt, localServer, messagesAt, responsesAt } from '../openai-compatible.js';

const ORIGIN = 'http://127.0.0.1:1234';
/** The compatible list states ids only: https://lmstudio.ai/docs/developer/rest/endpoints. */
const LIST = { url: `${ORIGIN}/api/v0/models`, auth: 'bearer' } as const;

const KINDS: Readonly<Record<string, ModelKind>> = { llm: 'CHAT', vlm: 'CHAT', embeddings: 'EMBEDDING' };

// https://lmstudio.ai/docs/developer/openai-compat and https://lmstudio.ai/docs/developer/anthropic-compat
export const provider = defineProvider({
  slug: 'lmstudio',
  name: 'LM Studio',
  aliases: ['lm-studio'],
  kind: 'LOCAL',
  consoleUrl: null,
  offerings: [
    localServer({
      quirks,
      base: `${ORIGIN}/v1`,
      takesKey: true,
      endpoints: [
        chatAt(`${ORIGIN}/v1`),
        messagesAt(`${ORIGIN}/v1`),
        responsesAt(`${ORIGIN}/v1`),
        embeddingsAt(`${ORIGIN}/v1`),
      ],
      models: { kind: 'live', ...LIST, parse: parseModelList(readModel) },
      verify: [LIST],
    }),
  ],
});

function readModel(entry: ListEntry): ListedModel {
  return {
    upstreamId: entry.id,
    ...known({
      kind: KINDS[entry.text('type') ?? ''],
      // What a model is loaded with holds; the other is what it could have.
      contextWindow: entry.count('loaded_context_length') ?? entry.count('max_context_length'),
      capabilities: capabilitiesOf([
        ['VISION', entry.text('type') === 'vlm'],
        ['TOOLS', names(entry.value('capabilities'), 'tool_use')],
      ]),
    }),
  };
}

/**
 * https://lmstudio.ai/docs/developer/openai-compat/chat-completions. Said of pictures elsewhere: "'url' field must be a
 * base64 encoded image". Roles are the model template's, and few have more.
 */
function quirks(): Quirks {
  return { maxTokensField: 'max_tokens', noDeveloperRole: true, noImageUrls: true };
}
