/** Hugging Face's router: a public list that states who serves what at which price; the hub tells whose key it is. */
import { openAiCompatibleSimulation, openAiError } from '../openai-compatible.js';
import { json, refusal, type SimulatedModel } from '../simulation.js';

/** The fastest provider has the price and the abilities, another one the smallest window; a third is down. */
function listed(model: SimulatedModel): unknown {
  const serving = {
    status: model.hidden ? 'error' : 'live',
    supports_tools: model.tools ?? false,
    supports_structured_output: false,
    is_model_author: false,
  };
  const window = model.contextWindow ?? 0;
  return {
    id: model.id,
    object: 'model',
    created: 1_786_665_600,
    owned_by: model.id.split('/')[0],
    architecture: {
      input_modalities: model.vision ? ['text', 'image'] : ['text'],
      output_modalities: ['text'],
    },
    providers: [
      {
        ...serving,
        provider: 'slow',
        context_length: window,
        pricing: { input: 9, output: 9 },
        throughput: 20,
      },
      {
        ...serving,
        provider: 'fast',
        context_length: window * 2,
        pricing: model.prices && { input: model.prices.input, output: model.prices.output },
        throughput: 180,
      },
      { provider: 'down', status: 'error', context_length: 1_024, throughput: 900 },
    ],
  };
}

export const simulation = openAiCompatibleSimulation({
  slug: 'huggingface',
  origins: { api: ['https://router.huggingface.co', 'https://huggingface.co'] },
  keys: { good: 'hf_GoodGoodGood', bad: 'hf_UnknownUnknown', wrongProduct: null },
  base: '/v1',
  usage: { place: 'own-chunk', unasked: false, cached: 'details' },
  publicList: true,
  listed,
  routes: [
    {
      use: 'account',
      method: 'GET',
      path: '/api/whoami-v2',
      auth: ['bearer'],
      refuse: () =>
        refusal({ status: 401, body: { error: 'Invalid username or password.' }, class: 'AUTHENTICATION' }),
      serve: () => json({ type: 'user', id: '0a1b2c3d', name: 'margaret-h', canPay: true, isPro: false }),
    },
  ],
  models: [
    {
      id: 'moonshotai/Kimi-K2.6',
      contextWindow: 262_144,
      vision: true,
      tools: true,
      prices: { input: 0.95, output: 4 },
    },
    { id: 'zai-org/GLM-5.2', contextWindow: 202_752, tools: true, prices: { input: 0.6, output: 2.2 } },
    { id: 'tiiuae/falcon-7b', contextWindow: 2_048, hidden: true },
  ],
  failures: {
    'bad-key': {
      status: 401,
      body: { error: 'Invalid credentials in Authorization header' },
      class: 'AUTHENTICATION',
    },
    'key-may-not': {
      status: 403,
      body: {
        error:
          'This authentication method does not have sufficient permissions to call Inference Providers on behalf of user margaret-h',
      },
      class: 'AUTHENTICATION',
    },
    'unknown-model': {
      status: 400,
      body: openAiError(
        "The requested model 'no-such-model' does not exist",
        'invalid_request_error',
        'model_not_found',
      ),
      class: 'MODEL_NOT_FOUND',
    },
    'no-provider': {
      status: 400,
      body: openAiError(
        "The requested model 'tiiuae/falcon-7b' is not supported by any provider you have enabled.",
        'invalid_request_error',
        'model_not_supported',
      ),
      class: 'MODEL_NOT_FOUND',
    },
    'credits-used': {
      status: 402,
      body: {
        error:
          'You have exceeded your monthly included credits for Inference Providers. Subscribe to PRO to get 20x more monthly included credits.',
      },
      class: 'BILLING',
    },
  },
});
