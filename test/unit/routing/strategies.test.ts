/** The order in which the strategies try a tier's candidates. */
import { describe, expect, it } from 'vitest';
import type { QuotaReading } from '../../../src/domain/quota.js';
import type { Billing, SkipReason, TargetStrategy } from '../../../src/domain/vocabulary.js';
import type { Affinity, Candidate, Conditions, RequestTraits } from '../../../src/routing/decision.js';
import { inStrategyOrder, withAffinityFirst } from '../../../src/routing/order.js';
import type { PriceRecord } from '../../../src/journal/record.js';
import { DAY, HOUR, NOW, weekly, window } from './quota-readings.js';

interface Way {
  readonly id: string;
  readonly billing?: Billing;
  readonly skip?: SkipReason;
  readonly quota?: readonly QuotaReading[];
  /** Nano-dollars per million tokens of input. */
  readonly price?: string;
  readonly firstTokenMs?: number;
}

const price = (input: string): PriceRecord => ({
  id: 'prc_1',
  input,
  output: '0',
  cacheRead: null,
  cacheWrite: null,
});
const candidate = ({ id, billing = 'SUBSCRIPTION', skip, price: input }: Way): Candidate => ({
  modelRef: 'zai/glm-5.1',
  route: {
    model: {
      id: 'mdl_1',
      ref: 'zai/glm-5.1',
      provider: 'zai',
      upstreamId: 'glm-5.1',
      displayName: 'GLM',
      firstSeenAt: 0,
      contextWindow: null,
      maxOutputTokens: null,
      capabilities: [],
      price: input === undefined ? null : price(input),
      via: [],
    },
    workspaceId: 'ws_1',
    connection: {
      id,
      provider: 'zai',
      offering: 'coding-plan',
      billing,
      region: null,
      baseUrl: null,
      priority: 0,
      secret: null,
      planCode: null,
      quota: [],
      cooldowns: [],
      cooldownsClearedAt: 0,
      maxConcurrency: null,
    },
    offering: {} as never,
    protocols: ['OPENAI_CHAT'],
  },
  protocol: 'OPENAI_CHAT',
  skip: skip ?? null,
  until: null,
  lastResort: false,
  tier: null,
});
const TRAITS: RequestTraits = {
  model: 'auto',
  header: () => undefined,
  protocol: 'OPENAI_CHAT',
  translatable: true,
  inputTokens: 10_000,
  outputTokens: 500,
  capabilities: [],
  classify: () => ({ tierSlug: 'default', score: 0, signals: [], reason: '' }),
};
const at = (connectionId: string): Affinity => ({ connectionId, modelRef: 'zai/glm-5.1', tierSlug: null });

function arranged(
  strategy: TargetStrategy,
  ways: readonly Way[],
  affinity: Affinity | null = null,
): readonly Candidate[] {
  const conditions: Conditions = {
    now: NOW,
    hold: () => null,
    quota: (id) => ways.find((way) => way.id === id)?.quota ?? [],
    firstTokenMs: (id) => ways.find((way) => way.id === id)?.firstTokenMs ?? null,
    affinity,
  };
  return withAffinityFirst(inStrategyOrder(strategy, ways.map(candidate), TRAITS, conditions), conditions);
}
const order = (...args: Parameters<typeof arranged>): string[] =>
  arranged(...args).map(({ route }) => route?.connection.id ?? '');

const METERED: Way = { id: 'metered', billing: 'METERED' };

describe('ORDERED', () => {
  it('is the order listed, whatever is known', () => {
    expect(order('ORDERED', [METERED, { id: 'a', quota: [weekly(0.9, 6 * DAY)] }, { id: 'b' }])).toEqual([
      'metered',
      'a',
      'b',
    ]);
  });
});

describe('SUBSCRIPTION_FIRST', () => {
  it('tries plans as listed, then the rest as listed', () => {
    const local: Way = { id: 'local', billing: 'LOCAL' };
    expect(order('SUBSCRIPTION_FIRST', [METERED, { id: 'b' }, local, { id: 'a' }])).toEqual([
      'b',
      'a',
      'metered',
      'local',
    ]);
  });

  it('gives a plan that is used up no precedence', () => {
    expect(order('SUBSCRIPTION_FIRST', [METERED, { id: 'a', skip: 'QUOTA_EXHAUSTED' }, { id: 'b' }])).toEqual(
      ['b', 'metered', 'a'],
    );
  });
});

describe('EXPIRING_FIRST', () => {
  it('tries the plan first whose week ends sooner with as much left', () => {
    const ways = [
      METERED,
      { id: 'a', quota: [weekly(0.5, 5 * DAY)] },
      { id: 'b', quota: [weekly(0.5, DAY)] },
    ];
    expect(order('EXPIRING_FIRST', ways)).toEqual(['b', 'a', 'metered']);
  });

  it('tries the plan first that has more left of a week that ends at the same time', () => {
    const ways = [
      { id: 'a', quota: [weekly(0.8, DAY)] },
      { id: 'b', quota: [weekly(0.1, DAY)] },
    ];
    expect(order('EXPIRING_FIRST', ways)).toEqual(['b', 'a']);
  });

  it('tries a plan that nothing is known of after the others and before what costs', () => {
    const ways = [METERED, { id: 'unknown' }, { id: 'known', quota: [weekly(0.97, 6 * DAY)] }];
    expect(order('EXPIRING_FIRST', ways)).toEqual(['known', 'unknown', 'metered']);
  });

  it('keeps equals as listed', () => {
    const quota = [weekly(0.5, DAY)];
    const ways = ['e', 'b', 'd', 'a', 'c'].map((id) => ({ id, quota }));
    expect(order('EXPIRING_FIRST', ways)).toEqual(['e', 'b', 'd', 'a', 'c']);
  });
});

describe('PACED', () => {
  const ahead = [weekly(0.6, 5 * DAY)];
  const inStep = [weekly(0.3, 5 * DAY)];

  it('holds the plans that are ahead of their pace until time has caught up, as a last resort', () => {
    const ways = [{ id: 'a', quota: ahead }, METERED, { id: 'b', quota: inStep }];
    expect(order('PACED', ways)).toEqual(['b', 'a', 'metered']);
    const held = arranged('PACED', ways).find(({ route }) => route?.connection.id === 'a');
    // 60 % less the 5 % that count as in step are over 3.85 days into the week, which is 2 days old.
    expect(held).toMatchObject({ skip: 'HELD_BY_PACE', lastResort: true });
    expect((held?.until ?? 0) - NOW).toBeCloseTo(1.85 * DAY, -3);
  });

  it('does not hold a plan that is ahead in five hours but not in its week', () => {
    const ways = [{ id: 'a', quota: [window('5h', 5 * HOUR, 0.7, 4 * HOUR), ...inStep] }];
    expect(arranged('PACED', ways)[0]?.skip).toBeNull();
  });

  it('holds nothing of which the pace is unknown', () => {
    const fresh = [weekly(0.2, 7 * DAY - HOUR)];
    const endless = [{ ...weekly(0.9, DAY), resetsAt: null }];
    const ways = [{ id: 'a' }, { id: 'b', quota: fresh }, { id: 'c', quota: endless }];
    expect(arranged('PACED', ways).map(({ skip }) => skip)).toEqual([null, null, null]);
  });

  it('lets a conversation finish where it is', () => {
    const ways = [
      { id: 'b', quota: inStep },
      { id: 'a', quota: ahead },
    ];
    expect(order('PACED', ways, at('a'))).toEqual(['a', 'b']);
    expect(arranged('PACED', ways, at('b'))[1]?.skip).toBe('HELD_BY_PACE');
  });
});

describe('LOWEST_COST', () => {
  it('tries plans and local servers first, then by price; an unknown price is no low price', () => {
    const ways: Way[] = [
      { id: 'unknown', billing: 'METERED' },
      { id: 'dear', billing: 'METERED', price: '3000000000' },
      { id: 'local', billing: 'LOCAL' },
      { id: 'cheap', billing: 'METERED', price: '100000000' },
      { id: 'plan' },
    ];
    expect(order('LOWEST_COST', ways)).toEqual(['local', 'plan', 'cheap', 'dear', 'unknown']);
  });
});

describe('LOWEST_LATENCY', () => {
  it('tries the fastest first, and what was not measured before it, so that it is', () => {
    const ways = [{ id: 'slow', firstTokenMs: 900 }, { id: 'fast', firstTokenMs: 200 }, { id: 'new' }];
    expect(order('LOWEST_LATENCY', ways)).toEqual(['new', 'fast', 'slow']);
  });
});

describe('a conversation', () => {
  const STRATEGIES: TargetStrategy[] = [
    'ORDERED',
    'SUBSCRIPTION_FIRST',
    'EXPIRING_FIRST',
    'PACED',
    'LOWEST_COST',
    'LOWEST_LATENCY',
  ];
  it.each(STRATEGIES)('stays where its cache is warm with %s, the others as they were', (strategy) => {
    const ways = [{ id: 'a' }, { id: 'b' }, { id: 'c' }];
    expect(order(strategy, ways, at('c'))).toEqual(['c', 'a', 'b']);
  });

  it.each(STRATEGIES)('goes on with %s as if it were new when its connection cannot be used', (strategy) => {
    const ways: Way[] = [{ id: 'a' }, { id: 'b', skip: 'COOLING_DOWN' }];
    expect(order(strategy, ways, at('b'))).toEqual(order(strategy, ways));
  });
});
