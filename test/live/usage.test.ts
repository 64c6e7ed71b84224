import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/domain/clock.js';
import { packHistogram } from '../../src/domain/histogram.js';
import { DAY_MS, HOUR_MS } from '../../src/domain/time-range.js';
import type { StoredUsageEvent, UsageEvent } from '../../src/domain/usage.js';
import type { UsageDimension, UsageInterval } from '../../src/domain/vocabulary.js';
import { createBus } from '../../src/live/bus.js';
import { commitUsage } from '../../src/persistence/usage.js';
import {
  findUsageAttempts,
  findUsageEvents,
  lastUsageSeq,
  usageEventsAfter,
} from '../../src/persistence/usage-events.js';
import { listUsageEvents } from '../../src/persistence/usage-pages.js';
import { matchesFilter } from '../../src/usage/event-filter.js';
import { followTotals, followUsage, type FollowedEvent } from '../../src/usage/live-feed.js';
import { usageReport, usageTotalsNow } from '../../src/usage/reports.js';
import { foldEvents, mergeDeltas } from '../../src/usage/rollup.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/wait.js';
import { attemptRecord, T0 } from '../unit/journal/records.js';
import { makeEvent, randomEvents, seededRandom } from '../unit/usage/events.js';

let database: TestDatabase;
let workspaces = 0;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.close();
});

const newWorkspace = (): string => `ws_usage_${++workspaces}`;
const commit = (events: readonly UsageEvent[]): Promise<StoredUsageEvent[]> => commitUsage(database, events);
const withoutSeq = ({ seq: _, ...event }: StoredUsageEvent): Omit<StoredUsageEvent, 'seq'> => event;
const withoutAttempts = ({ attempts: _, ...event }: UsageEvent): Omit<UsageEvent, 'attempts'> => event;

describe('committing', () => {
  test('what is stored is what was committed, to the last field', async () => {
    const workspaceId = newWorkspace();
    const failure = {
      class: 'RATE_LIMITED',
      httpStatus: 429,
      message: 'slow “down” \\ ok',
      retryAt: T0 + 5_000,
    } as const;
    const event = makeEvent({
      workspaceId,
      tier: 'simple',
      end: {
        attempts: [attemptRecord({ failure, price: null, billing: 'METERED' }), attemptRecord()],
        firstTokenMs: 120,
      },
    });
    const [stored] = await commit([event]);
    expect(stored && withoutSeq(stored)).toEqual(withoutAttempts(event));
    expect(await findUsageEvents(database, workspaceId, [event.id, 'evt_unknown'])).toEqual([stored, null]);
    expect(await findUsageAttempts(database, workspaceId, ['evt_unknown', event.id])).toEqual([
      [],
      event.attempts,
    ]);
  });

  test('places follow the order of the batch', async () => {
    const workspaceId = newWorkspace();
    const events = randomEvents(300, seededRandom(11), workspaceId);
    const stored = await commit(events);
    expect(stored.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    expect(await lastUsageSeq(database)).toBe(stored.at(-1)?.seq);
  });

  test('an event counts once however often and with whatever others it is sent', async () => {
    const workspaceId = newWorkspace();
    const random = seededRandom(5);
    const events = randomEvents(60, random, workspaceId);
    for (let i = 0; i < 12; i++) {
      const from = random(50);
      await commit(events.slice(from, from + 20));
    }
    const [first] = events;
    if (first) {
      await commit([first]);
      expect(await commit([first, first])).toEqual([]);
    }
    const stored = await commitUsage(database, events, true);
    expect(stored.map(({ id }) => id).sort()).toEqual(events.map(({ id }) => id).sort());
    const rows = await usageEventsAfter(database, workspaceId, 0, 1_000, {});
    expect(rows.map(({ id }) => id).sort()).toEqual(events.map(({ id }) => id).sort());
    const report = await usageReport({ sql: database, clock: systemClock }, workspaceId, {
      range: { from: T0 - DAY_MS, to: T0 + DAY_MS },
      interval: 'TOTAL',
      groupBy: [],
      filter: {},
      groupLimit: 20,
    });
    const cost = events.reduce((sum, event) => sum + (event.costNanoUsd ?? 0n), 0n);
    expect(report.totals).toMatchObject({ requests: 60, costNanoUsd: cost });
  });

  test('the stored sums equal the sums of the stored events', async () => {
    const workspaceId = newWorkspace();
    const events = randomEvents(200, seededRandom(23), workspaceId);
    for (let from = 0; from < events.length; from += 37) await commit(events.slice(from, from + 37));
    const rows = await database.query<{
      key: string;
      requests: bigint;
      cost: bigint;
      durations: string;
      reasoning: bigint | null;
    }>(
      `SELECT concat_ws('|', extract(epoch FROM hour)::bigint, provider, model_ref, tier_slug, access_key_id, billing, status) AS key,
              requests, cost_nano_usd AS cost, duration_counts AS durations, reasoning_tokens AS reasoning
       FROM usage_rollup WHERE workspace_id = $1`,
      [workspaceId],
    );
    const expected = mergeDeltas(foldEvents(events)).map(({ key, sums }) => ({
      key: [
        key.hour / 1_000,
        key.provider,
        key.modelRef,
        key.tierSlug,
        key.accessKeyId,
        key.billing,
        key.status,
      ].join('|'),
      requests: BigInt(sums.requests),
      cost: sums.costNanoUsd,
      durations: packHistogram(sums.durations),
      reasoning: sums.tokens.reasoning === null ? null : BigInt(sums.tokens.reasoning),
    }));
    const byKey = (a: { key: string }, b: { key: string }): number => (a.key < b.key ? -1 : 1);
    expect(rows.toSorted(byKey)).toEqual(expected.toSorted(byKey));
  });

  test('commits at the same time become visible in order', async () => {
    const workspaceId = newWorkspace();
    const batches = Array.from({ length: 8 }, (_, i) => randomEvents(40, seededRandom(i + 1), workspaceId));
    let highest = 0;
    let before = 0;
    let done = false;
    const watching = (async () => {
      while (!done) {
        const seen = await usageEventsAfter(database, workspaceId, 0, 1_000, {});
        // Nothing may appear below what was seen before.
        const known = seen.filter(({ seq }) => seq <= highest).length;
        expect(known).toBe(before);
        before = seen.length;
        highest = seen.at(-1)?.seq ?? 0;
      }
    })();
    await Promise.all(batches.map(commit));
    done = true;
    await watching;
  });
});

describe('reading', () => {
  test('pages go backwards without gaps or repeats, and filters agree with their in-memory form', async () => {
    const workspaceId = newWorkspace();
    const events = await commit(randomEvents(90, seededRandom(42), workspaceId));
    const filter = {
      range: { from: T0 + HOUR_MS, to: T0 + 4 * HOUR_MS },
      providers: ['zai'],
      billings: ['SUBSCRIPTION', 'METERED'],
      statuses: ['OK', 'FAILED'],
    } as const;
    const expected = events.filter((event) => matchesFilter(event, filter)).toReversed();
    expect(expected.length).toBeGreaterThan(8);
    const read: StoredUsageEvent[] = [];
    for (let before: number | null = null, more = true; more;) {
      const page = await listUsageEvents(database, workspaceId, { first: 4, before }, filter);
      read.push(...page.items);
      before = page.items.at(-1)?.seq ?? null;
      more = page.hasNextPage;
    }
    expect(read).toEqual(expected);
  });

  test('another workspace sees nothing', async () => {
    const [event] = await commit([makeEvent({ workspaceId: newWorkspace() })]);
    const other = newWorkspace();
    const id = event?.id ?? '';
    expect(await findUsageEvents(database, other, [id])).toEqual([null]);
    expect(await findUsageAttempts(database, other, [id])).toEqual([[]]);
    expect((await listUsageEvents(database, other, { first: 10, before: null }, {})).items).toEqual([]);
    expect(await usageEventsAfter(database, other, 0, 10, {})).toEqual([]);
  });
});

describe('reports', () => {
  const sources = () => ({ sql: database, clock: systemClock });

  test.each<[UsageInterval, readonly UsageDimension[]]>([
    ['HOUR', ['PROVIDER']],
    ['DAY', ['MODEL', 'BILLING']],
    ['WEEK', ['TIER']],
    ['MONTH', ['ACCESS_KEY', 'STATUS']],
    ['TOTAL', ['CONNECTION', 'OFFERING']],
    ['TOTAL', []],
  ])('by %s and %j everything adds up to the totals', async (interval, groupBy) => {
    const workspaceId = newWorkspace();
    const events = randomEvents(150, seededRandom(9), workspaceId);
    await commit(events);
    const report = await usageReport(sources(), workspaceId, {
      range: { from: T0, to: T0 + 10 * HOUR_MS },
      interval,
      groupBy,
      filter: {},
      groupLimit: 20,
    });
    expect(report.totals.requests).toBe(150);
    expect(report.totals.failures).toBe(events.filter(({ status }) => status !== 'OK').length);
    expect(report.rollups.reduce((sum, { totals }) => sum + totals.requests, 0)).toBe(150);
    expect(report.rollups.reduce((sum, { totals }) => sum + totals.savedNanoUsd, 0n)).toBe(
      report.totals.savedNanoUsd,
    );
    expect(report.totals.durationMsP50).toBeGreaterThan(0);
    expect(report.truncated).toBe(false);
    for (const { bucketStart, bucketEnd, group } of report.rollups) {
      expect(bucketStart).toBeGreaterThanOrEqual(report.range.from);
      expect(bucketEnd).toBeLessThanOrEqual(report.range.to);
      expect(group.map(({ dimension }) => dimension)).toEqual(groupBy);
    }
  });

  test('groups past the limit become one, and the largest cost stays', async () => {
    const workspaceId = newWorkspace();
    const events = Array.from({ length: 6 }, (_, i) =>
      makeEvent({
        workspaceId,
        key: `key_${i}`,
        attempt: {
          billing: 'METERED',
          tokens: { input: (i + 1) * 1_000, output: 0, cacheRead: 0, cacheWrite: 0, reasoning: null },
        },
      }),
    );
    await commit(events);
    const report = await usageReport(sources(), workspaceId, {
      range: { from: T0, to: T0 + HOUR_MS },
      interval: 'TOTAL',
      groupBy: ['ACCESS_KEY'],
      filter: {},
      groupLimit: 2,
    });
    expect(report.truncated).toBe(true);
    expect(
      report.rollups.map(({ group, totals }) => [group[0]?.value, group[0]?.label, totals.tokens.input]),
    ).toEqual([
      ['key_5', 'key_5', 6_000],
      ['key_4', 'key_4', 5_000],
      [null, 'other', 10_000],
    ]);
  });

  test('a filter restricts sums, and a report without traffic has no percentiles', async () => {
    const workspaceId = newWorkspace();
    await commit([makeEvent({ workspaceId }), makeEvent({ workspaceId, tier: 'simple' })]);
    const request = {
      range: { from: T0, to: T0 + 1 },
      interval: 'DAY',
      groupBy: ['TIER'],
      groupLimit: 5,
    } as const;
    const simple = await usageReport(sources(), workspaceId, { ...request, filter: { tiers: ['simple'] } });
    expect(simple.totals.requests).toBe(1);
    expect(simple.range).toEqual({ from: Date.UTC(2026, 10, 22), to: Date.UTC(2026, 10, 23) });
    const all = await usageReport(sources(), workspaceId, { ...request, filter: {} });
    expect(all.rollups.map(({ group }) => group)).toContainEqual([
      { dimension: 'TIER', value: null, label: 'none' },
    ]);
    const none = await usageReport(sources(), workspaceId, { ...request, filter: { tiers: ['complex'] } });
    expect(none).toMatchObject({
      rollups: [],
      totals: { requests: 0, durationMsP50: null, firstTokenMsP95: null },
    });
  });

  test('totals cover the calendar window so far', async () => {
    const workspaceId = newWorkspace();
    await commit([
      makeEvent({ workspaceId, at: T0 - DAY_MS }),
      makeEvent({ workspaceId, at: T0 - HOUR_MS, key: 'key_9' }),
      makeEvent({ workspaceId, at: T0 }),
    ]);
    const clock = { now: () => T0 + 60_000, monotonic: () => 0 };
    const totals = async (window: 'HOUR' | 'DAY' | 'TOTAL') =>
      await usageTotalsNow({ sql: database, clock }, workspaceId, {
        window,
        groupBy: ['ACCESS_KEY'],
        filter: {},
      });
    expect((await totals('HOUR')).totals.requests).toBe(1);
    expect(await totals('DAY')).toMatchObject({
      range: { from: Date.UTC(2026, 10, 22), to: T0 + 60_000 },
      totals: { requests: 2 },
      groups: [{ group: [{ value: 'key_1' }] }, { group: [{ value: 'key_9' }] }],
    });
    expect((await totals('TOTAL')).totals.requests).toBe(3);
  });
});

describe('following', () => {
  const newSources = () => ({ sql: database, clock: systemClock, bus: createBus(pino({ level: 'silent' })) });
  type Sources = ReturnType<typeof newSources>;

  async function record(sources: Sources, events: readonly UsageEvent[]): Promise<StoredUsageEvent[]> {
    const stored = await commit(events);
    for (const workspaceId of new Set(stored.map((event) => event.workspaceId))) {
      sources.bus.publish('usage.arrived', {
        workspaceId,
        events: stored.filter((event) => event.workspaceId === workspaceId),
      });
    }
    return stored;
  }

  async function take(feed: AsyncIterableIterator<FollowedEvent>, count: number): Promise<FollowedEvent[]> {
    const taken: FollowedEvent[] = [];
    while (taken.length < count) {
      const result = await feed.next();
      if (result.done === true) break;
      taken.push(result.value);
    }
    return taken;
  }

  test('without a place only new events come, filtered, of one workspace', async () => {
    const sources = newSources();
    const workspaceId = newWorkspace();
    await record(sources, [makeEvent({ workspaceId })]);
    const feed = followUsage(sources, { workspaceId, filter: { tiers: ['simple'] }, afterSeq: null });
    const wanted = makeEvent({ workspaceId, tier: 'simple' });
    await record(sources, [
      makeEvent({ workspaceId }),
      makeEvent({ workspaceId: newWorkspace(), tier: 'simple' }),
      wanted,
    ]);
    const [first] = await take(feed, 1);
    expect(first).toMatchObject({ event: { id: wanted.id }, replayed: false, droppedBefore: 0 });
    await feed.return?.();
  });

  test('from a place on, the past and what happens meanwhile come once each and in order', async () => {
    const sources = newSources();
    const workspaceId = newWorkspace();
    const past = await record(sources, randomEvents(450, seededRandom(2), workspaceId));
    const from = past[9]?.seq ?? 0;
    const feed = followUsage(sources, { workspaceId, filter: {}, afterSeq: from, capacity: 16 });
    const seen: FollowedEvent[] = await take(feed, 5);
    // More than the mailbox holds, while the replay is under way.
    const meanwhile = await record(sources, randomEvents(60, seededRandom(3), workspaceId));
    seen.push(...(await take(feed, 440 - 5 + 60)));
    const later = await record(sources, randomEvents(5, seededRandom(4), workspaceId));
    seen.push(...(await take(feed, 5)));
    expect(seen.map(({ event }) => event.seq)).toEqual(
      [...past.slice(10), ...meanwhile, ...later].map(({ seq }) => seq),
    );
    expect(seen.every(({ droppedBefore }) => droppedBefore === 0)).toBe(true);
    expect(seen[0]?.replayed).toBe(true);
    expect(seen.at(-1)?.replayed).toBe(false);
    await feed.return?.();
  });

  test('a slow reader loses the oldest and is told how many', async () => {
    const sources = newSources();
    const workspaceId = newWorkspace();
    const feed = followUsage(sources, { workspaceId, filter: {}, afterSeq: null, capacity: 10 });
    const stored = await record(sources, randomEvents(25, seededRandom(8), workspaceId));
    const taken = await take(feed, 10);
    expect(taken[0]).toMatchObject({ droppedBefore: 15, event: { seq: stored[15]?.seq } });
    expect(taken.at(-1)?.event.seq).toBe(stored.at(-1)?.seq);
    await feed.return?.();
  });

  test('leaving while idle releases the subscription at once', async () => {
    const sources = newSources();
    const feed = followUsage(sources, { workspaceId: newWorkspace(), filter: {}, afterSeq: 0 });
    const pending = feed.next();
    expect(sources.bus.listeners('usage.arrived')).toBe(1);
    await feed.return?.();
    expect(sources.bus.listeners('usage.arrived')).toBe(0);
    expect(await pending).toEqual({ done: true, value: undefined });
  });

  test('a place that was never reached is refused', async () => {
    const sources = newSources();
    const feed = followUsage(sources, { workspaceId: newWorkspace(), filter: {}, afterSeq: 1_000_000_000 });
    await expect(feed.next()).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(sources.bus.listeners('usage.arrived')).toBe(0);
  });

  test('totals come at once and then as whole new states, coalesced', async () => {
    const workspaceId = newWorkspace();
    const sources = newSources();
    const now = systemClock.now();
    const feed = followTotals(sources, {
      workspaceId,
      request: { window: 'TOTAL', groupBy: ['PROVIDER'], filter: {} },
      minIntervalMs: 250,
    });
    const first = await feed.next();
    expect(first.value).toMatchObject({ sequence: 1, totals: { requests: 0 }, groups: [] });
    const from = performance.now();
    for (let i = 0; i < 5; i++) await record(sources, [makeEvent({ workspaceId, at: now })]);
    let state = (await feed.next()).value;
    expect(performance.now() - from).toBeGreaterThan(150);
    let states = 1;
    while (state?.totals.requests !== 5) {
      state = (await feed.next()).value;
      states++;
    }
    expect(states).toBeLessThanOrEqual(3);
    expect(state.groups).toMatchObject([{ group: [{ value: 'zai' }], totals: { requests: 5 } }]);
    expect(state.sequence).toBe(1 + states);
    await feed.return?.();
  });

  test('totals that nobody changes stay silent, and leaving releases timer and subscription at once', async () => {
    const sources = newSources();
    const workspaceId = newWorkspace();
    const request = { window: 'DAY', groupBy: [], filter: { tiers: ['simple'] } } as const;
    const feed = followTotals(sources, { workspaceId, request, minIntervalMs: 250 });
    await feed.next();
    let answered = false;
    const pending = feed.next().then((result) => {
      answered = true;
      return result;
    });
    await record(sources, [makeEvent({ workspaceId, tier: 'complex' })]);
    const startedAt = performance.now();
    await until('half a second passed', async () => {
      await database.ping();
      return performance.now() > startedAt + 500;
    });
    expect(answered).toBe(false);
    await feed.return?.();
    expect(await pending).toEqual({ done: true, value: undefined });
    expect(sources.bus.listeners('usage.arrived')).toBe(0);
  });
});
