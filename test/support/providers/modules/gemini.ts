/** Gemini: its own format, a list that pages by token, and an OpenAI-compatible endpoint whose errors come in an array. */
import { chatAnswer } from '../chat-answer.js';
import { GENERATE_PATH, geminiAnswer, googleError as error } from '../gemini-answer.js';
import { embeddingsRoute, generationRoute, refuseWith } from '../openai-compatible.js';
import { json, refusal, type RecordedFailure, type SimulatedCall, type Simulation } from '../simulation.js';

const PAGE = 3;

const failures = {
  // A bad key is a bad request here.
  'bad-key': {
    status: 400,
    body: error(400, 'INVALID_ARGUMENT', 'API key not valid. Please pass a valid API key.'),
    class: 'AUTHENTICATION',
  },
  'no-permission': {
    status: 403,
    body: error(403, 'PERMISSION_DENIED', "Method doesn't allow unregistered callers."),
    class: 'AUTHENTICATION',
  },
  'unknown-model': {
    status: 404,
    body: error(
      404,
      'NOT_FOUND',
      'models/no-such-model is not found for API version v1main, or is not supported for generateContent.',
    ),
    class: 'MODEL_NOT_FOUND',
  },
  'rate-limit': {
    status: 429,
    body: error(
      429,
      'RESOURCE_EXHAUSTED',
      'You exceeded your current quota, please check your plan and billing details. Please retry in 34.07s.',
    ),
    class: 'RATE_LIMITED',
  },
  'prompt-too-long': {
    status: 400,
    body: error(
      400,
      'INVALID_ARGUMENT',
      'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).',
    ),
    class: 'CONTEXT_LENGTH',
  },
  overloaded: {
    status: 503,
    body: error(503, 'UNAVAILABLE', 'The model is overloaded. Please try again later.'),
    class: 'UPSTREAM_ERROR',
  },
} satisfies Record<string, RecordedFailure>;

const inArray = (failure: RecordedFailure): RecordedFailure => ({ ...failure, body: [failure.body] });

const METHODS = {
  CHAT: ['generateContent', 'countTokens', 'createCachedContent', 'batchGenerateContent'],
  EMBEDDING: ['embedContent', 'countTextTokens'],
  OTHER: ['predict'],
};

function listPage({ models, query }: SimulatedCall): ReturnType<typeof json> {
  const start = Number(query.get('pageToken')?.replace('page-', '') ?? 0);
  const more = start + PAGE < models.length;
  return json({
    models: models.slice(start, start + PAGE).map((model) => ({
      name: `models/${model.id}`,
      version: '001',
      displayName: model.displayName,
      inputTokenLimit: model.contextWindow,
      outputTokenLimit: model.maxOutputTokens,
      // Those that speak or paint have the method of those that chat.
      supportedGenerationMethods: /-image|-tts/.test(model.id) ? METHODS.CHAT : METHODS[model.kind ?? 'CHAT'],
      ...(model.reasoning && { thinking: true }),
    })),
    ...(more && { nextPageToken: `page-${start + PAGE}` }),
  });
}

export const simulation: Simulation = {
  slug: 'gemini',
  origins: { api: ['https://generativelanguage.googleapis.com'] },
  keys: { good: 'AIzaSyGoodGoodGood', bad: 'AIzaSyUnknownUnknown', wrongProduct: null },
  models: [
    {
      id: 'gemini-2.5-pro',
      displayName: 'Gemini 2.5 Pro',
      contextWindow: 1_048_576,
      maxOutputTokens: 65_536,
      reasoning: true,
    },
    {
      id: 'gemini-2.5-flash',
      displayName: 'Gemini 2.5 Flash',
      contextWindow: 1_048_576,
      maxOutputTokens: 65_536,
      reasoning: true,
    },
    { id: 'gemini-2.5-flash-image', displayName: 'Nano Banana', contextWindow: 32_768, kind: 'OTHER' },
    { id: 'gemini-2.5-flash-preview-tts', displayName: 'Flash TTS', contextWindow: 8_192, kind: 'OTHER' },
    { id: 'gemini-embedding-001', displayName: 'Gemini Embedding', contextWindow: 2_048, kind: 'EMBEDDING' },
    { id: 'imagen-4.0-generate-001', displayName: 'Imagen 4', contextWindow: 480, kind: 'OTHER' },
    {
      id: 'gemini-3-pro-preview',
      displayName: 'Gemini 3 Pro Preview',
      contextWindow: 1_048_576,
      maxOutputTokens: 65_536,
      reasoning: true,
    },
  ],
  routes: [
    {
      use: 'models',
      method: 'GET',
      path: '/v1beta/models',
      auth: ['x-goog-api-key'],
      refuse: refuseWith(failures['bad-key']),
      serve: listPage,
    },
    generationRoute(
      `/v1beta${GENERATE_PATH}`,
      refuseWith(failures['bad-key']),
      (call) => geminiAnswer(call, 'gemini'),
      ['x-goog-api-key'],
    ),
    {
      ...generationRoute(
        '/v1beta/openai/chat/completions',
        () => refusal(inArray(failures['bad-key'])),
        (call) => chatAnswer(call, 'gemini', { place: 'finish-chunk', unasked: false, cached: 'details' }),
      ),
      phrase: inArray,
    },
    {
      ...embeddingsRoute('/v1beta/openai/embeddings', 'gemini', () => refusal(inArray(failures['bad-key']))),
      phrase: inArray,
    },
  ],
  failures,
  verdicts: { api: { bad: 'AUTHENTICATION', wrongProduct: null } },
};
