/** Nous Portal: a public list of OpenRouter's form, so that a bad key shows itself only with a request. */
import { openAiCompatibleSimulation, openAiError } from '../openai-compatible.js';
import type { SimulatedModel } from '../simulation.js';

const perToken = (dollarsPerMillion: number): string => (dollarsPerMillion / 1_000_000).toFixed(12);

function listed(model: SimulatedModel): unknown {
  return {
    id: model.id,
    name: model.displayName,
    created: 1_786_665_600,
    context_length: model.contextWindow,
    architecture: {
      input_modalities: model.vision ? ['text', 'image'] : ['text'],
      output_modalities: model.kind === 'OTHER' ? ['image'] : ['text'],
    },
    top_provider: { context_length: model.contextWindow, max_completion_tokens: model.maxOutputTokens },
    supported_parameters: ['max_tokens', 'tools', ...(model.reasoning ? ['reasoning'] : [])],
    pricing: model.prices && {
      prompt: perToken(model.prices.input),
      completion: perToken(model.prices.output),
    },
  };
}

export const simulation = openAiCompatibleSimulation({
  slug: 'nous',
  origins: { portal: ['https://inference-api.nousresearch.com'] },
  keys: {
    good: 'sk-nous-0123456789abcdef0123456789abgood',
    bad: 'sk-nous-0123456789abcdef0123456789abnone',
    wrongProduct: null,
  },
  models: [
    {
      id: 'nousresearch/hermes-4-405b',
      displayName: 'Nous: Hermes 4 405B',
      contextWindow: 131_072,
      maxOutputTokens: 131_072,
      reasoning: true,
      tools: true,
      prices: { input: 0.09, output: 0.37 },
    },
    {
      id: 'moonshotai/kimi-k3',
      displayName: 'MoonshotAI: Kimi K3',
      contextWindow: 1_048_576,
      reasoning: true,
      vision: true,
      tools: true,
      prices: { input: 3, output: 15 },
    },
    { id: 'inclusionai/ring-2.6-1t:free', displayName: 'inclusionAI: Ring 2.6 1T', contextWindow: 262_144 },
    { id: 'google/gemini-3-pro-image', displayName: 'Google: Nano Banana Pro', kind: 'OTHER' },
  ],
  base: '/v1',
  publicList: true,
  listed,
  usage: { place: 'own-chunk', unasked: false, cached: 'details', reasoning: true },
  failures: {
    'no-credits': {
      status: 402,
      body: openAiError('Insufficient credits', 'payment_required'),
      class: 'BILLING',
    },
    'no-subscription': {
      status: 403,
      body: openAiError('Subscription required for this model', 'permission_error'),
      class: 'PLAN_INACTIVE',
    },
  },
  verdicts: { portal: { bad: null, wrongProduct: null } },
});
