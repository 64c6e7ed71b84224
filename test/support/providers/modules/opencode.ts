/** OpenCode Zen: prepaid, with a public list and no call that reads the balance. */
import { GENERATE_PATH, geminiAnswer } from '../gemini-answer.js';
import { generationRoute } from '../openai-compatible.js';
import { goUsageRoute, opencodeFailures, opencodeRoutes, refuseByKey } from '../opencode-console.js';
import { refusal, type Simulation } from '../simulation.js';

const refuse = refuseByKey(opencodeFailures['no-credit']);

export const simulation: Simulation = {
  slug: 'opencode',
  origins: { zen: ['https://opencode.ai'] },
  keys: {
    good: 'sk-GoodZenKeyGoodZenKeyGoodZenKey0000',
    bad: 'sk-UnknownZenKeyUnknownZenKey00000000',
    wrongProduct: null,
  },
  models: [
    { id: 'claude-sonnet-4-6' },
    { id: 'gpt-5.5' },
    { id: 'glm-5.2' },
    { id: 'kimi-k2.7-code' },
    { id: 'minimax-m3' },
    { id: 'qwen3.6-plus' },
    { id: 'deepseek-v4-pro' },
    { id: 'gemini-3.1-pro' },
    { id: 'alpha-unreleased', hidden: true },
  ],
  routes: [
    ...opencodeRoutes('/zen/v1', 'zen', { wantsSession: false, refuse }),
    generationRoute(`/zen/v1${GENERATE_PATH}`, refuse, (call) => geminiAnswer(call, 'zen'), [
      'x-goog-api-key',
    ]),
    // A Zen key is accepted here, only without a subscription behind it.
    goUsageRoute(() => refusal(opencodeFailures['no-subscription'])),
  ],
  failures: opencodeFailures,
  verdicts: { zen: { bad: 'AUTHENTICATION', wrongProduct: null } },
};
