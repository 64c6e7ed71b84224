/** The plans of the simulated team, and the phases over which its weeks are averaged. */
import type { PlanDescription } from './plans.js';
import { DAY, HOUR } from './time.js';

/** As listed in the tier. */
export const PLANS: readonly PlanDescription[] = [
  {
    id: 'kimi',
    provider: 'kimi',
    offering: 'coding-plan',
    model: 'kimi-for-coding',
    unit: 'REQUESTS',
    fiveHours: 500,
    week: 2_500,
    chargeOf: () => 1,
    statesReset: false,
  },
  {
    id: 'zai',
    provider: 'zai',
    offering: 'coding-plan',
    model: 'glm-5.1',
    unit: 'CREDITS',
    // As many as the plan Pro has, and its rates: https://docs.z.ai/devpack/overview
    fiveHours: 6_000,
    week: 30_000,
    chargeOf: ({ input, cached, output }) => (input * 6.9 + cached * 1.7 + output * 24) / 10_000,
    statesReset: true,
  },
  {
    id: 'minimax',
    provider: 'minimax',
    offering: 'token-plan',
    model: 'MiniMax-M2.5',
    unit: 'REQUESTS',
    fiveHours: 200,
    week: 2_000,
    chargeOf: () => 1,
    statesReset: true,
  },
];

/** Ends of the running weeks, from Monday 0:00 UTC: plans are bought on different days, and which is first is chance. */
export const PHASES: readonly (readonly number[])[] = [
  [1 * DAY + 9 * HOUR, 3 * DAY + 14 * HOUR, 5 * DAY + 18 * HOUR],
  [3 * DAY + 14 * HOUR, 5 * DAY + 18 * HOUR, 1 * DAY + 9 * HOUR],
  [5 * DAY + 18 * HOUR, 1 * DAY + 9 * HOUR, 3 * DAY + 14 * HOUR],
];
