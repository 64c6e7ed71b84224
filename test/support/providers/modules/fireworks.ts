/** Fireworks: an account API with a paged list, and an inference API that states usage on the finishing chunk unasked. */
import { openAiCompatibleSimulation, openAiError, refuseWith } from '../openai-compatible.js';
import { json, type SimulatedCall } from '../simulation.js';

const PAGE = 2;
const LIST_PATH = '/v1/accounts/fireworks/models';
const base = '/inference/v1';
const account = 'accounts/fireworks/models';

const badKey = {
  status: 401,
  body: openAiError('The API key you provided is invalid.', 'invalid_request_error', 'UNAUTHORIZED'),
  class: 'AUTHENTICATION',
} as const;

function listPage({ models, query }: SimulatedCall): ReturnType<typeof json> {
  const start = Number(query.get('pageToken') ?? 0);
  return json({
    models: models.slice(start, start + PAGE).map((model) => ({
      name: model.id,
      displayName: model.displayName,
      state: 'READY',
      kind: model.kind === 'EMBEDDING' ? 'EMBEDDING_MODEL' : 'HF_BASE_MODEL',
      contextLength: model.contextWindow,
      supportsTools: model.tools ?? false,
      supportsImageInput: model.vision ?? false,
      supportsServerless: !model.hidden,
    })),
    nextPageToken: start + PAGE < models.length ? String(start + PAGE) : '',
    totalSize: models.length,
  });
}

export const simulation = openAiCompatibleSimulation({
  slug: 'fireworks',
  origins: { api: ['https://api.fireworks.ai'] },
  keys: { good: 'fw_GoodGoodGood', bad: 'fw_UnknownUnknown', wrongProduct: null },
  base,
  embeds: true,
  listPath: LIST_PATH,
  messagesPath: `${base}/messages`,
  responsesPath: `${base}/responses`,
  usage: { place: 'finish-chunk', unasked: true, cached: 'details' },
  routes: [
    {
      use: 'models',
      method: 'GET',
      path: LIST_PATH,
      auth: ['bearer'],
      refuse: refuseWith(badKey),
      serve: listPage,
    },
  ],
  models: [
    {
      id: `${account}/deepseek-v4-pro`,
      displayName: 'DeepSeek V4 Pro',
      contextWindow: 1_048_576,
      tools: true,
    },
    {
      id: `${account}/kimi-k2p6`,
      displayName: 'Kimi K2.6',
      contextWindow: 262_144,
      tools: true,
      vision: true,
    },
    { id: `${account}/glm-5p2`, displayName: 'GLM 5.2', contextWindow: 202_752, tools: true },
    { id: `${account}/llama-v3-8b`, displayName: 'Llama 3 8B', contextWindow: 8_192, hidden: true },
    {
      id: `${account}/qwen3-embedding-8b`,
      displayName: 'Qwen3 Embedding 8B',
      contextWindow: 40_960,
      kind: 'EMBEDDING',
    },
  ],
  failures: {
    'bad-key': badKey,
    'unknown-model': {
      status: 404,
      body: openAiError(
        'Model not found, inaccessible, and/or not deployed',
        'invalid_request_error',
        'NOT_FOUND',
      ),
      class: 'MODEL_NOT_FOUND',
    },
    suspended: {
      status: 412,
      body: openAiError(
        'Account margaret is suspended, possibly due to reaching the monthly spending limit or failure to pay past invoices.',
        'invalid_request_error',
        'PRECONDITION_FAILED',
      ),
      class: 'BILLING',
    },
    'prompt-too-long': {
      status: 400,
      body: openAiError(
        'The prompt is too long: 140001, model maximum context length: 131071',
        'invalid_request_error',
      ),
      class: 'CONTEXT_LENGTH',
    },
  },
});
