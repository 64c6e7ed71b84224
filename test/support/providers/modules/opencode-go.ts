/** OpenCode Go: wants a session on every request; the format depends on the model. */
import { goUsageRoute, opencodeFailures, opencodeRoutes, refuseByKey } from '../opencode-console.js';
import { iso, type QuotaMeter, type SimulatedQuota } from '../quota.js';
import { json, type Simulation } from '../simulation.js';

const QUOTA: SimulatedQuota = {
  windows: {
    rolling: { seconds: 18_000, limit: 5_000, used: 200, left: 0.6 },
    weekly: { seconds: 604_800, limit: 12_500, used: 375, left: 0.5 },
    monthly: { seconds: 2_592_000, limit: 25_000, used: 250, left: 0.7 },
  },
  wall: (name, { now, resetsAt }) => {
    const limitName = name === 'rolling' ? '5 hour' : name;
    const said = name === 'rolling' ? '5-hour' : `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
    return {
      status: 429,
      body: {
        type: 'error',
        error: { type: 'GoUsageLimitError', message: `${said} usage limit reached.` },
        metadata: { workspace: 'wrk_01K46JDFR0E75SG2Q8K172KF3Y', limitName },
      },
      headers: { 'retry-after': String(Math.ceil((resetsAt - now) / 1000)) },
      class: 'QUOTA_EXHAUSTED',
    };
  },
};

function usage(quota: QuotaMeter): unknown {
  const read = (name: string): unknown => {
    const { percentUsed, remaining, resetsAt } = quota.window(name);
    const status = remaining === 0 ? 'rate-limited' : 'ok';
    return { status, percent: Math.floor(percentUsed), resetsAt: iso(resetsAt) };
  };
  return {
    workspaceID: 'wrk_01K46JDFR0E75SG2Q8K172KF3Y',
    userID: 'usr_01K46JDFR0E75SG2Q8K172KF3Z',
    usage: { rolling: read('rolling'), weekly: read('weekly'), monthly: read('monthly') },
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
    goUsageRoute(({ quota }) => json(usage(quota))),
  ],
  failures: opencodeFailures,
  quota: QUOTA,
  verdicts: { go: { bad: 'AUTHENTICATION', wrongProduct: 'PLAN_INACTIVE' } },
};
