/** A local vLLM server: its list states the served window; a wrong key is refused in one word. */
import { openAiCompatibleSimulation, plainEntry, refuseOnlyWrong } from '../openai-compatible.js';

const badKey = { status: 401, body: { error: 'Unauthorized' }, class: 'AUTHENTICATION' } as const;
const error = (code: number, type: string, message: string): unknown => ({
  error: { message, type, param: null, code },
});

export const simulation = openAiCompatibleSimulation({
  slug: 'vllm',
  origins: { local: ['http://127.0.0.1:8000'] },
  keys: { good: 'good-key', bad: 'bad-key', wrongProduct: null },
  base: '/v1',
  embeds: true,
  messagesPath: '/v1/messages',
  responsesPath: '/v1/responses',
  usage: { place: 'own-chunk', unasked: false, cached: 'details' },
  // Started without a key it takes any request; with one, a wrong key is refused. Both are played at once.
  refuse: refuseOnlyWrong(badKey),
  listed: (model) => ({
    ...plainEntry(model),
    owned_by: 'vllm',
    root: model.id,
    parent: null,
    max_model_len: model.contextWindow,
    permission: [],
  }),
  models: [
    { id: 'Qwen/Qwen3-Coder-30B-A3B-Instruct', contextWindow: 262_144 },
    { id: 'BAAI/bge-m3', contextWindow: 8_192, kind: 'EMBEDDING' },
  ],
  failures: {
    'bad-key': badKey,
    'unknown-model': {
      status: 404,
      body: error(404, 'NotFoundError', 'The model `no-such-model` does not exist.'),
      class: 'MODEL_NOT_FOUND',
    },
    'prompt-too-long': {
      status: 400,
      body: error(
        400,
        'BadRequestError',
        "This model's maximum context length is 262144 tokens. However, your request has 270000 input tokens.",
      ),
      class: 'CONTEXT_LENGTH',
    },
  },
});
