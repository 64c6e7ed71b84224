/** BytePlus ModelArk: short names in the plan, dated ones per token. */
import { ARK_USAGE, arkFailures, platformListRoute } from '../ark.js';
import { chatAnswer } from '../chat-answer.js';
import { generationRoute, openAiCompatibleSimulation, refuseWith } from '../openai-compatible.js';
import type { SimulatedModel } from '../simulation.js';

const PLAN = ['coding-plan'];
const API = ['api'];
const PLATFORM: readonly SimulatedModel[] = [
  {
    id: 'dola-seed-2-1-pro-260928',
    contextWindow: 262_144,
    maxOutputTokens: 131_072,
    vision: true,
    reasoning: true,
    tools: true,
    offerings: API,
  },
  {
    id: 'deepseek-v4-1-flash-260910',
    contextWindow: 1_048_576,
    maxOutputTokens: 393_216,
    tools: true,
    offerings: API,
  },
  { id: 'skylark-embedding-vision-250615', contextWindow: 131_072, kind: 'EMBEDDING', offerings: API },
  { id: 'seedream-5-0-260128', contextWindow: 8_192, kind: 'OTHER', offerings: API },
  { id: 'kimi-k2-250711', contextWindow: 131_072, hidden: true, offerings: API },
];

const refuse = refuseWith(arkFailures['bad-key']);

export const simulation = openAiCompatibleSimulation({
  slug: 'byteplus',
  origins: {
    'coding-plan': ['https://ark.ap-southeast.bytepluses.com'],
    api: ['https://ark.ap-southeast.bytepluses.com'],
  },
  keys: {
    good: '1b2c3d4e-0000-4000-8000-00000000good',
    bad: '1b2c3d4e-0000-4000-8000-000000000bad',
    wrongProduct: null,
  },
  models: [
    { id: 'ark-code-latest', offerings: PLAN },
    { id: 'dola-seed-2.0-pro', offerings: PLAN },
    { id: 'dola-seed-2.0-lite', offerings: PLAN },
    { id: 'dola-seed-2.0-code', offerings: PLAN },
    { id: 'bytedance-seed-code', offerings: PLAN },
    { id: 'glm-5.2', offerings: PLAN },
    { id: 'glm-5.1', offerings: PLAN },
    { id: 'kimi-k2.5', offerings: PLAN },
    { id: 'gpt-oss-120b', offerings: PLAN },
    { id: 'deepseek-v4-pro', offerings: PLAN },
    { id: 'deepseek-v4-flash', offerings: PLAN },
    ...PLATFORM,
  ],
  base: '/api/coding/v3',
  messagesPath: '/api/coding/v1/messages',
  usage: ARK_USAGE,
  failures: arkFailures,
  routes: [
    platformListRoute('/api/coding/v3/models', PLATFORM),
    platformListRoute('/api/v3/models', PLATFORM),
    generationRoute('/api/v3/chat/completions', refuse, (call) => chatAnswer(call, 'byteplus', ARK_USAGE)),
  ],
});
