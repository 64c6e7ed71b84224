/** NVIDIA: a public list with ids twice, and errors as problem documents. */
import { listRoute, openAiCompatibleSimulation, plainEntry } from '../openai-compatible.js';
import { json, type SimulatedRoute } from '../simulation.js';

const problem = (status: number, title: string, detail: string): unknown => ({
  type: 'about:blank',
  status,
  title,
  detail,
});

const list: SimulatedRoute = {
  ...listRoute('/v1/models'),
  serve: ({ models }) => json({ object: 'list', data: [...models, ...models.slice(0, 1)].map(plainEntry) }),
};

export const simulation = openAiCompatibleSimulation({
  slug: 'nvidia',
  origins: { api: ['https://integrate.api.nvidia.com'] },
  keys: { good: 'nvapi-GoodGoodGood', bad: 'nvapi-UnknownUnknown', wrongProduct: null },
  base: '/v1',
  embeds: true,
  usage: { place: 'own-chunk', unasked: false },
  routes: [list],
  models: [
    { id: 'deepseek-ai/deepseek-v4-pro' },
    { id: 'nvidia/nemotron-3-super-120b-a12b' },
    { id: 'bytedance/seed-oss-36b-instruct' },
    { id: 'nvidia/llama-3.2-nv-embedqa-1b-v2', kind: 'EMBEDDING' },
    { id: 'baai/bge-m3', kind: 'EMBEDDING' },
    { id: 'nvidia/llama-3.2-nv-rerankqa-1b-v2', kind: 'OTHER' },
    { id: 'black-forest-labs/flux.1-dev', kind: 'OTHER' },
  ],
  failures: {
    'bad-key': {
      status: 401,
      body: problem(401, 'Unauthorized', 'Authentication failed'),
      class: 'AUTHENTICATION',
    },
    'no-permission': {
      status: 403,
      body: problem(403, 'Forbidden', 'Authorization failed'),
      class: 'AUTHENTICATION',
    },
    'unknown-model': {
      status: 404,
      body: problem(404, 'Not Found', "Function '0a1b2c3d': Not found for account 'margaret'"),
      class: 'MODEL_NOT_FOUND',
    },
    'credits-used': {
      status: 402,
      body: problem(402, 'Payment Required', 'Cloud credits expired - Please contact NVIDIA representatives'),
      class: 'BILLING',
    },
    'rate-limit': { status: 429, body: problem(429, 'Too Many Requests', ''), class: 'RATE_LIMITED' },
  },
  // Nothing that is free of charge asks for the key.
  verdicts: { api: { bad: null, wrongProduct: null } },
});
