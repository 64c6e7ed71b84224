/** OpenCode Go: wants a session on every request; the format depends on the model. */
import { goUsageRoute, opencodeFailures, opencodeRoutes, refuseByKey } from '../opencode-console.js';
import { json, type Simulation } from '../simulation.js';

function usage(): unknown {
  const at = (hours: number): string => new Date(Date.now() + hours * 3_600_000).toISOString();
  return {
    workspaceID: 'wrk_01K46JDFR0E75SG2Q8K172KF3Y',
    userID: 'usr_01K46JDFR0E75SG2Q8K172KF3Z',
    usage: {
      rolling: { status: 'ok', percent: 4, resetsAt: at(3) },
      weekly: { status: 'ok', percent: 3, resetsAt: at(80) },
      monthly: { status: 'ok', percent: 1, resetsAt: at(500) },
    },
  };
}

export const simulation: Simulation = {
  slug: 'opencode-go',
  origins: { go: ['https://opencode.ai'] },
  keys: {
    good: 'sk-GoodGoKeyGoodGoKeyGoodGoKey000000',
    bad: 'sk-UnknownGoKeyUnknownGoKey000000000',
    // A workspace with a Zen balance and no Go subscription.
    wrongProduct: 'sk-ZenOnlyKeyZenOnlyKeyZenOnlyKey000',
  },
  models: [
    { id: 'glm-5.3' },
    { id: 'glm-5.2' },
    { id: 'glm-5.1' },
    { id: 'kimi-k3' },
    { id: 'kimi-k2.7-code' },
    { id: 'deepseek-v4-pro' },
    { id: 'minimax-m3' },
    { id: 'qwen3.7-max' },
    { id: 'grok-4.7' },
    { id: 'gpt-5.6-luna' },
    { id: 'muse-spark-1.3' },
  ],
  routes: [
    ...opencodeRoutes('/zen/go/v1', 'go', {
      wantsSession: true,
      refuse: refuseByKey(opencodeFailures['subscription-required']),
    }),
    goUsageRoute(() => json(usage())),
  ],
  failures: opencodeFailures,
  verdicts: { go: { bad: 'AUTHENTICATION', wrongProduct: 'PLAN_INACTIVE' } },
};
