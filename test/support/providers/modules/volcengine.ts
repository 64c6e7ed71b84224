/** Volcengine Ark: a plan whose list is the platform's, not its own. */
import { ARK_USAGE, arkFailures, platformListRoute } from '../ark.js';
import { openAiCompatibleSimulation } from '../openai-compatible.js';

export const simulation = openAiCompatibleSimulation({
  slug: 'volcengine',
  origins: { 'coding-plan': ['https://ark.cn-beijing.volces.com'] },
  keys: {
    good: '0a1b2c3d-0000-4000-8000-00000000good',
    bad: '0a1b2c3d-0000-4000-8000-000000000bad',
    wrongProduct: null,
  },
  models: [
    { id: 'ark-code-latest' },
    { id: 'doubao-seed-evolving' },
    { id: 'doubao-seed-2.1-turbo' },
    { id: 'doubao-seed-2.0-lite' },
    { id: 'glm-5.3' },
    { id: 'deepseek-v4-pro' },
    { id: 'deepseek-v4-flash' },
    { id: 'kimi-k2.7-code' },
    { id: 'minimax-m3' },
  ],
  base: '/api/coding/v3',
  messagesPath: '/api/coding/v1/messages',
  usage: ARK_USAGE,
  failures: arkFailures,
  routes: [
    platformListRoute('/api/coding/v3/models', [
      { id: 'doubao-seed-2-1-turbo-260628', contextWindow: 262_144 },
      { id: 'doubao-embedding-vision-251215', kind: 'EMBEDDING' },
      { id: 'glm-5-3-260814', contextWindow: 1_048_576 },
    ]),
  ],
});
