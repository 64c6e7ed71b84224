/** A local Ollama: no keys, a list of its own, three totals as usage when asked. */
import { openAiCompatibleSimulation, openAiError } from '../openai-compatible.js';
import { json } from '../simulation.js';

export const simulation = openAiCompatibleSimulation({
  slug: 'ollama',
  origins: { local: ['http://127.0.0.1:11434'] },
  keys: { good: 'unused', bad: 'unused-bad', wrongProduct: null },
  base: '/v1',
  embeds: true,
  messagesPath: '/v1/messages',
  responsesPath: '/v1/responses',
  usage: { place: 'own-chunk', unasked: false },
  refuse: () => null,
  publicList: true,
  routes: [
    {
      use: 'models',
      method: 'GET',
      path: '/api/tags',
      auth: [],
      refuse: () => null,
      serve: ({ models }) =>
        json({
          models: models.map(({ id, kind }) => {
            const family = kind === 'EMBEDDING' ? 'nomic-bert' : 'qwen3';
            return {
              name: id,
              model: id,
              modified_at: '2026-08-01T12:00:00.000000000+02:00',
              size: 4_683_087_332,
              digest: '0a8c266910232fd3291e71e5ba1e058cc5af9d411192cf88b6d30e92b6e73163',
              details: {
                format: 'gguf',
                family,
                families: [family],
                parameter_size: '8B',
                quantization_level: 'Q4_K_M',
              },
            };
          }),
        }),
    },
  ],
  models: [
    { id: 'qwen3-coder:30b' },
    { id: 'gpt-oss:20b' },
    { id: 'llama3.2:latest' },
    { id: 'nomic-embed-text:latest', kind: 'EMBEDDING' },
    { id: 'paraphrase-multilingual:latest', kind: 'EMBEDDING' },
  ],
  failures: {
    'unknown-model': {
      status: 404,
      body: openAiError("model 'no-such-model' not found", 'not_found_error'),
      class: 'MODEL_NOT_FOUND',
    },
    'no-tools': {
      status: 400,
      body: openAiError('registry.ollama.ai/library/gemma:2b does not support tools', 'api_error'),
      class: 'INVALID_REQUEST',
    },
    'out-of-memory': {
      status: 500,
      body: openAiError(
        'model requires more system memory (9.0 GiB) than is available (4.1 GiB)',
        'api_error',
      ),
      class: 'UPSTREAM_ERROR',
    },
    busy: {
      status: 503,
      body: openAiError('server busy, please try again. maximum pending requests exceeded', 'api_error'),
      class: 'UPSTREAM_ERROR',
    },
  },
});
