/** A local vLLM server. */
import type { Quirks } from '../../protocols/target.js';
import { defineProvider } from '../define-provider.js';
import { known } from '../model-list.js';
import { chatAt, embeddingsAt, localServer, messagesAt, responsesAt } from '../openai-compatible.js';

const BASE = 'http://127.0.0.1:8000/v1';

// https://docs.vllm.ai/en/latest/serving/openai_compatible_server
export const provider = defineProvider({
  slug: 'vllm',
  name: 'vLLM',
  aliases: [],
  kind: 'LOCAL',
  consoleUrl: null,
  offerings: [
    localServer({
      quirks,
      base: BASE,
      takesKey: true,
      endpoints: [chatAt(BASE), messagesAt(BASE), responsesAt(BASE), embeddingsAt(BASE)],
      readModel: (entry) => ({
        upstreamId: entry.id,
        ...known({ contextWindow: entry.count('max_model_len') }),
      }),
    }),
  ],
});

/**
 * https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html: an effort outside of its list is an error. Roles are
 * the model template's, and few have more.
 */
function quirks(): Quirks {
  return {
    maxTokensField: 'max_tokens',
    noDeveloperRole: true,
    efforts: ['none', 'low', 'medium', 'high'],
  };
}
