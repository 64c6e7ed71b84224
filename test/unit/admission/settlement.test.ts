/** What a request counts for in counters is what recorded usage says of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { boundsOf } from '../../../src/admission/bounds.js';
import { createCounterBook } from '../../../src/admission/counter-book.js';
import { settlementOf } from '../../../src/admission/settlement.js';
import { systemClock } from '../../../src/domain/clock.js';
import { NO_SCOPE, windowAt, type LimitScope, type SummedMetric } from '../../../src/domain/limits.js';
import { HOUR_MS } from '../../../src/domain/time-range.js';
import { NO_TOKENS, totalTokens } from '../../../src/domain/tokens.js';
import type { UsageEvent } from '../../../src/domain/usage.js';
import type { AttemptRecord } from '../../../src/journal/record.js';
import { measureUntil } from '../../../src/persistence/limits.js';
import { commitUsage } from '../../../src/persistence/usage.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { attemptRecord, T0 } from '../journal/records.js';
import { makeEvent, seededRandom } from '../usage/events.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.query(
    `INSERT INTO workspace (id, slug, name, created_at) VALUES ('ws_1', 'one', 'One', now())`,
  );
  await database.query(
    `INSERT INTO routing_tier (id, workspace_id, slug, name, position, strategy, created_at, updated_at)
     VALUES ('tier_1', 'ws_1', 'simple', 'Simple', 0, 'ORDERED', now(), now())`,
  );
});
afterAll(() => database.close());

const PRICE = { id: 'price_1', input: '1000000000', output: '3000000000', cacheRead: null, cacheWrite: null };
const FAILURE = { class: 'UPSTREAM_ERROR', httpStatus: 500, message: 'broken', retryAt: null } as const;
const METRICS = ['REQUESTS', 'TOKENS', 'COST_USD'] as const;
const SCOPES: readonly Partial<LimitScope>[] = [
  {},
  { accessKeyId: 'key_1' },
  { accessKeyId: 'key_2' },
  { tierId: 'tier_1' },
  { provider: 'zai' },
  { provider: 'kimi' },
  { connectionId: 'conn_plan' },
  { connectionId: 'conn_zai' },
  { connectionId: 'conn_kimi' },
  { provider: 'kimi', accessKeyId: 'key_1', tierId: 'tier_1' },
];

const LIMITS = SCOPES.flatMap((scope, i) =>
  METRICS.map((metric) => ({
    id: `lim_${i}_${metric}`,
    name: 'limit',
    metric,
    window: 'DAY' as const,
    max: 1,
    scope: { ...NO_SCOPE, ...scope },
    reachedUntil: null,
  })),
);
const keyOf = (id: string) => ({ id, hash: '', validUntil: null, allowedModels: [], allowedTiers: [] });

const WAYS = {
  plan: { provider: 'zai', offering: 'zai/coding-plan', connectionId: 'conn_plan', billing: 'SUBSCRIPTION' },
  zai: { provider: 'zai', offering: 'zai/api', connectionId: 'conn_zai', billing: 'METERED' },
  kimi: { provider: 'kimi', offering: 'kimi/api', connectionId: 'conn_kimi', billing: 'METERED' },
} as const;
const attempt = (way: keyof typeof WAYS, over: Partial<AttemptRecord> = {}): AttemptRecord =>
  attemptRecord({ ...WAYS[way], price: PRICE, ...over });
const used = (input: number, output: number) => ({ tokens: { ...NO_TOKENS, input, output } });

/** What counters and the database say of the same requests, by limit. */
async function count(events: readonly UsageEvent[]) {
  const book = createCounterBook({ clock: systemClock, fromNothing: true });
  for (const event of events) {
    const holder = { workspaceId: 'ws_1', key: keyOf(event.accessKeyId), limits: LIMITS };
    book.reserve('gateway', { id: event.id, bounds: [], unseeded: false });
    const attempts = event.attempts.map((one) => ({ ...one, tokens: totalTokens(one.tokens) }));
    book.settle(settlementOf({ ...event, rejected: event.status === 'REJECTED', attempts }, holder));
  }
  await commitUsage(database, events);
  return Promise.all(
    LIMITS.map(async ({ scope, metric }) => {
      const window = windowAt(T0, 'DAY');
      const counted = book.standing({ kind: 'WINDOW', workspaceId: 'ws_1', metric, scope, ...window }).used;
      // The moment lies within an hour: part is read from sums, part from single requests.
      const to = window.from + 14 * HOUR_MS + 30 * 60_000;
      const sums = await measureUntil(database, { workspaceId: 'ws_1', scope, from: window.from, to });
      const recorded = { REQUESTS: sums.requests, TOKENS: sums.tokens, COST_USD: sums.costNanoUsd }[metric];
      return { scope, metric, counted, recorded: Number(recorded) };
    }),
  );
}

const figure = (
  all: Awaited<ReturnType<typeof count>>,
  scope: Partial<LimitScope>,
  metric: SummedMetric,
): number | undefined =>
  all.find((one) => one.metric === metric && sameScope(one.scope, { ...NO_SCOPE, ...scope }))?.counted;
const sameScope = (a: LimitScope, b: LimitScope): boolean => JSON.stringify(a) === JSON.stringify(b);

describe('a request that fell back', () => {
  it('counts its first attempt for the connection that failed, and itself for the one that answered', async () => {
    const attempts = [
      attempt('zai', { ...used(1_000_000, 0), failure: FAILURE }),
      attempt('kimi', used(2_000_000, 1_000_000)),
    ];
    const event = makeEvent({ key: 'key_1', tier: 'simple', end: { attempts } });
    const all = await count([{ ...event, tierId: 'tier_1' }]);
    for (const { counted, recorded, ...what } of all) expect(counted, JSON.stringify(what)).toBe(recorded);
    const of = (scope: Partial<LimitScope>) => METRICS.map((metric) => figure(all, scope, metric));
    expect(of({ connectionId: 'conn_zai' })).toEqual([0, 1_000_000, 1_000_000_000]);
    expect(of({ connectionId: 'conn_kimi' })).toEqual([1, 3_000_000, 5_000_000_000]);
    expect(of({})).toEqual([1, 4_000_000, 6_000_000_000]);
    await database.query('TRUNCATE usage_event, usage_attempt, usage_rollup');
  });
});

it('whatever requests do, counters and recorded usage agree on every limit', async () => {
  const random = seededRandom(7);
  const one = <T>(of: readonly T[]): T => of[random(of.length)] as T;
  const events = Array.from({ length: 200 }, () => {
    const attempts = Array.from({ length: random(4) }, (_, i) =>
      attempt(one(['plan', 'zai', 'kimi'] as const), {
        ...used(random(3) === 0 ? 0 : random(90_000), random(4_000)),
        ...(random(8) === 0 && { price: null }),
        ...((i < 2 || random(2) === 0) && { failure: FAILURE }),
      }),
    );
    const isTiered = random(2) === 0;
    const at = windowAt(T0, 'DAY').from + random(14 * HOUR_MS + 29 * 60_000);
    const event = makeEvent({
      at,
      key: one(['key_1', 'key_2']),
      ...(isTiered && { tier: 'simple' }),
      end: {
        attempts,
        status: attempts.length === 0 ? 'REJECTED' : one(['OK', 'FAILED', 'CANCELLED'] as const),
      },
    });
    return { ...event, tierId: isTiered ? 'tier_1' : null };
  });
  const all = await count(events);
  for (const { counted, recorded, ...what } of all) expect(counted, JSON.stringify(what)).toBe(recorded);
  // A plan costs nothing; everything else was used.
  expect(all.filter(({ counted }) => counted === 0)).toMatchObject([
    { scope: { connectionId: 'conn_plan' }, metric: 'COST_USD' },
  ]);
  const traffic = { accessKeyId: 'key_1', tierId: null, provider: 'zai', connectionId: 'conn_zai' };
  const bounds = boundsOf({
    workspaceId: 'ws_1',
    key: keyOf('key_1'),
    limits: LIMITS,
    traffic,
    now: T0,
    figures: { REQUESTS: 1, TOKENS: 1, COST_USD: 1 },
  });
  expect(bounds).toHaveLength(4 * METRICS.length);
});
