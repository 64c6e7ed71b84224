/** A local LM Studio: lists what is downloaded, with the window it is loaded with or could have. */
import {
  openAiCompatibleSimulation,
  openAiError,
  plainEntry,
  refuseOnlyWrong,
} from '../openai-compatible.js';

const badKey = {
  status: 401,
  body: openAiError('Invalid LM Studio API token.', 'invalid_request_error', 'invalid_api_key'),
  class: 'AUTHENTICATION',
} as const;

export const simulation = openAiCompatibleSimulation({
  slug: 'lmstudio',
  origins: { local: ['http://127.0.0.1:1234'] },
  keys: { good: 'sk-lm-good0000', bad: 'sk-lm-bad00000', wrongProduct: null },
  base: '/v1',
  embeds: true,
  listPath: '/api/v0/models',
  messagesPath: '/v1/messages',
  responsesPath: '/v1/responses',
  usage: { place: 'own-chunk', unasked: false },
  // Started without a key it takes any request; with one, a wrong key is refused. Both are played at once.
  refuse: refuseOnlyWrong(badKey),
  listed: (model) => {
    const chats = model.kind !== 'EMBEDDING';
    const window = model.contextWindow ?? 0;
    return {
      ...plainEntry(model),
      type: chats ? (model.vision ? 'vlm' : 'llm') : 'embeddings',
      publisher: 'lmstudio-community',
      arch: 'qwen3',
      compatibility_type: 'gguf',
      quantization: '4bit',
      ...(model.tools
        ? { state: 'loaded', max_context_length: window * 8, loaded_context_length: window }
        : { state: 'not-loaded', max_context_length: window }),
      ...(chats && { capabilities: model.tools ? ['tool_use'] : [] }),
    };
  },
  models: [
    { id: 'qwen/qwen3-4b-2507', contextWindow: 32_768, tools: true },
    { id: 'qwen2-vl-7b-instruct', contextWindow: 32_768, vision: true },
    { id: 'text-embedding-nomic-embed-text-v1.5', contextWindow: 2_048, kind: 'EMBEDDING' },
  ],
  failures: {
    'bad-key': badKey,
    'prompt-too-long': {
      status: 400,
      body: {
        error:
          'Trying to keep the first 5000 tokens when context overflows. However, the model is loaded with context length of only 4096 tokens.',
      },
      class: 'CONTEXT_LENGTH',
    },
  },
});
