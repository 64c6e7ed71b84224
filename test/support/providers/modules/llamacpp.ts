/** A local llama-server: one model, a list that never asks for a key, properties that do. */
import { openAiCompatibleSimulation, plainEntry, refuseOnlyWrong } from '../openai-compatible.js';
import { json } from '../simulation.js';

const error = (code: number, type: string, message: string, more: object = {}): unknown => ({
  error: { code, message, type, ...more },
});

const badKey = {
  status: 401,
  body: error(401, 'authentication_error', 'Invalid API Key'),
  class: 'AUTHENTICATION',
} as const;

// Started without a key it takes any request; with one, a wrong key is refused. Both are played at once.
const refuse = refuseOnlyWrong(badKey);

export const simulation = openAiCompatibleSimulation({
  slug: 'llamacpp',
  origins: { local: ['http://127.0.0.1:8080'] },
  keys: { good: 'good-key', bad: 'bad-key', wrongProduct: null },
  base: '/v1',
  embeds: true,
  messagesPath: '/v1/messages',
  responsesPath: '/v1/responses',
  usage: { place: 'own-chunk', unasked: false, cached: 'details' },
  refuse,
  publicList: true,
  routes: [
    {
      use: 'account',
      method: 'GET',
      path: '/props',
      auth: ['bearer'],
      refuse,
      serve: ({ models }) =>
        json({
          default_generation_settings: { n_ctx: models[0]?.contextWindow },
          total_slots: 4,
          model_alias: models[0]?.id,
          modalities: { vision: false, audio: false },
        }),
    },
  ],
  listed: (model) => ({
    ...plainEntry(model),
    owned_by: 'llamacpp',
    meta: {
      vocab_type: 2,
      n_vocab: 151_936,
      n_ctx_train: 262_144,
      n_ctx: model.contextWindow,
      n_embd: 2_048,
    },
  }),
  models: [
    { id: 'unsloth/Qwen3.6-35B-A3B-GGUF', contextWindow: 65_536 },
    { id: 'nomic-ai/nomic-embed-text-v1.5-GGUF', contextWindow: 2_048, kind: 'EMBEDDING' },
  ],
  failures: {
    'bad-key': badKey,
    // Without its router it answers to any name.
    'unknown-model': {
      status: 400,
      body: error(400, 'invalid_request_error', "model 'no-such-model' not found"),
      class: 'MODEL_NOT_FOUND',
    },
    'prompt-too-long': {
      status: 400,
      body: error(
        400,
        'exceed_context_size_error',
        'the request exceeds the available context size, try increasing it',
        { n_prompt_tokens: 70_000, n_ctx: 65_536 },
      ),
      class: 'CONTEXT_LENGTH',
    },
    loading: {
      status: 503,
      body: error(503, 'unavailable_error', 'Loading model'),
      class: 'UPSTREAM_ERROR',
    },
  },
});
