/** A local llama-server of llama.cpp. */
import type { Quirks } from '../../protocols/target.js';
import { defineProvider, type ListedModel } from '../define-provider.js';
import { isFields, known, type ListEntry } from '../model-list.js';
import { chatAt, embeddingsAt, localServer, messagesAt, responsesAt } from '../openai-compatible.js';

const ORIGIN = 'http://127.0.0.1:8080';
const BASE = `${ORIGIN}/v1`;

// https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md
export const provider = defineProvider({
  slug: 'llamacpp',
  name: 'llama.cpp',
  aliases: ['llama-cpp', 'llama.cpp', 'llama-server'],
  kind: 'LOCAL',
  consoleUrl: null,
  offerings: [
    localServer({
      quirks,
      base: BASE,
      takesKey: true,
      endpoints: [chatAt(BASE), messagesAt(BASE), responsesAt(BASE), embeddingsAt(BASE)],
      readModel,
      // The list never asks for the key that the server was started with; its properties do.
      verify: [
        { url: `${ORIGIN}/props`, auth: 'bearer' },
        { url: `${BASE}/models`, auth: 'bearer' },
      ],
      failures: [{ types: ['exceed_context_size_error'], class: 'CONTEXT_LENGTH' }],
    }),
  ],
});

/** The context a model was trained with says little about the one it is served with, so only the latter is taken. */
function readModel(entry: ListEntry): ListedModel {
  const meta = entry.value('meta');
  const context = isFields(meta) ? meta['n_ctx'] : undefined;
  return {
    upstreamId: entry.id,
    ...known({ contextWindow: typeof context === 'number' && context > 0 ? context : undefined }),
  };
}

/** https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md. Roles are the model template's, and few have more. */
function quirks(): Quirks {
  return { maxTokensField: 'max_tokens', noDeveloperRole: true };
}
