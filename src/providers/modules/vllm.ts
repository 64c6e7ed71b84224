/** A local vLLM server. */
import { defineProvider } from '../define-provider.js';
import { known } from '../model-list.js';
import { chatAt, localServer, messagesAt, responsesAt } from '../openai-compatible.js';

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
      base: BASE,
      takesKey: true,
      endpoints: [chatAt(BASE), messagesAt(BASE), responsesAt(BASE)],
      readModel: (entry) => ({
        upstreamId: entry.id,
        ...known({ contextWindow: entry.count('max_model_len') }),
      }),
    }),
  ],
});
