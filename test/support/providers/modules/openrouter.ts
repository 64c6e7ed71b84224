/** OpenRouter: a public list with prices per token, usage without being asked, and the status again as the code. */
import { json, refusal, type SimulatedModel } from '../simulation.js';
import { openAiCompatibleSimulation } from '../openai-compatible.js';

const base = '/api/v1';

const error = (code: number, message: string): unknown => ({ error: { message, code } });
const badKey = { status: 401, body: error(401, 'User not found.'), class: 'AUTHENTICATION' } as const;

/** Prices are decimal strings; a router to other models has none of its own. */
function listed(model: SimulatedModel): unknown {
  const perToken = (price: number): string => (price / 1_000_000).toFixed(12).replace(/0+$/, '');
  const kind = model.kind === undefined ? 'text' : 'image';
  return {
    id: model.id,
    canonical_slug: model.id,
    name: model.displayName,
    created: 1_786_665_600,
    context_length: model.contextWindow,
    architecture: {
      input_modalities: model.vision ? ['text', 'image'] : ['text'],
      output_modalities: [kind],
      tokenizer: 'Other',
    },
    pricing: model.prices
      ? {
          prompt: perToken(model.prices.input),
          completion: perToken(model.prices.output),
          request: '0',
          input_cache_read: perToken(model.prices.input / 10),
        }
      : { prompt: '-1', completion: '-1' },
    top_provider: {
      context_length: model.contextWindow,
      max_completion_tokens: model.maxOutputTokens ?? null,
      is_moderated: false,
    },
    supported_parameters: [
      'max_tokens',
      ...(model.tools ? ['tools', 'tool_choice'] : []),
      ...(model.reasoning ? ['reasoning', 'include_reasoning'] : []),
    ],
  };
}

export const simulation = openAiCompatibleSimulation({
  slug: 'openrouter',
  origins: { api: ['https://openrouter.ai'] },
  keys: { good: 'sk-or-v1-900d', bad: 'sk-or-v1-bad0', wrongProduct: null },
  base,
  messagesPath: `${base}/messages`,
  responsesPath: `${base}/responses`,
  usage: { place: 'own-chunk', unasked: true, cached: 'details', reasoning: true },
  publicList: true,
  listed,
  routes: [
    {
      use: 'account',
      method: 'GET',
      path: `${base}/key`,
      auth: ['bearer'],
      refuse: () => refusal(badKey),
      serve: () =>
        json({
          data: {
            label: 'sk-or-v1-900...00d',
            usage: 1.25,
            limit: null,
            limit_remaining: null,
            is_free_tier: false,
          },
        }),
    },
  ],
  models: [
    {
      id: 'anthropic/claude-sonnet-4.6',
      displayName: 'Anthropic: Claude Sonnet 4.6',
      contextWindow: 1_000_000,
      maxOutputTokens: 64_000,
      vision: true,
      reasoning: true,
      tools: true,
      prices: { input: 3, output: 15 },
    },
    {
      id: 'deepseek/deepseek-v4-flash:free',
      displayName: 'DeepSeek: DeepSeek V4 Flash (free)',
      contextWindow: 163_840,
      prices: { input: 0, output: 0 },
    },
    {
      id: 'z-ai/glm-5.2',
      displayName: 'Z.ai: GLM 5.2',
      contextWindow: 202_752,
      reasoning: true,
      tools: true,
      prices: { input: 0.59, output: 2.39 },
    },
    { id: 'openrouter/auto', displayName: 'Auto Router', contextWindow: 2_000_000 },
    {
      id: 'black-forest-labs/flux.2-pro',
      displayName: 'FLUX.2 Pro',
      contextWindow: 46_864,
      kind: 'OTHER',
    },
  ],
  failures: {
    'bad-key': badKey,
    'unknown-model': {
      status: 400,
      body: error(400, 'no-such-model is not a valid model ID'),
      class: 'MODEL_NOT_FOUND',
    },
    'no-endpoints': {
      status: 404,
      body: error(404, 'No endpoints found matching your data policy.'),
      class: 'MODEL_NOT_FOUND',
    },
    'no-credits': {
      status: 402,
      body: error(402, 'Insufficient credits. Add more using https://openrouter.ai/settings/credits'),
      class: 'BILLING',
    },
    'key-limit': { status: 403, body: error(403, 'Key limit exceeded (monthly limit).'), class: 'BILLING' },
    flagged: {
      status: 403,
      body: error(403, 'Your input was flagged by moderation.'),
      class: 'CONTENT_POLICY',
    },
    'free-models-wall': {
      status: 429,
      body: error(
        429,
        'Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free model requests',
      ),
      class: 'QUOTA_EXHAUSTED',
    },
    'rate-limit': {
      status: 429,
      body: error(429, 'Provider returned error'),
      headers: { 'retry-after': '5' },
      class: 'RATE_LIMITED',
    },
    'provider-down': { status: 502, body: error(502, 'Provider returned error'), class: 'UPSTREAM_ERROR' },
    'prompt-too-long': {
      status: 400,
      body: error(
        400,
        "This endpoint's maximum context length is 131072 tokens. However, you requested about 140001 tokens.",
      ),
      class: 'CONTEXT_LENGTH',
    },
  },
});
