/** Pages of requests with any filter, live and stored: the same requests, in the same order, once each. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/domain/clock.js';
import { DAY_MS, HOUR_MS, type TimeRange } from '../../src/domain/time-range.js';
import type { StoredUsageEvent, UsageEvent } from '../../src/domain/usage.js';
import { BILLINGS, USAGE_STATUSES } from '../../src/domain/vocabulary.js';
import type { AttemptRecord } from '../../src/journal/record.js';
import { createBus } from '../../src/live/bus.js';
import { dropPartitionsBefore } from '../../src/persistence/partitions.js';
import { usageEventsAfter } from '../../src/persistence/usage-events.js';
import type { UsageFilter } from '../../src/persistence/usage-filter.js';
import { listUsageEvents } from '../../src/persistence/usage-pages.js';
import { commitUsage } from '../../src/persistence/usage.js';
import { matchesFilter } from '../../src/usage/event-filter.js';
import { followTotals } from '../../src/usage/live-feed.js';
import { usageTotalsNow } from '../../src/usage/reports.js';
import { createTestDatabase, quietLogger, type TestDatabase } from '../support/database.js';
import { attemptRecord, T0 } from '../unit/journal/records.js';
import { makeEvent, seededRandom, type Random } from '../unit/usage/events.js';

const PROVIDERS = ['zai', 'kimi', 'openai'];
const KEYS = ['key_1', 'key_1', 'key_1', 'key_2', 'key_rare'];
const TIERS = ['simple', 'simple', 'complex', undefined];
const DAYS = 5;
const MINUTE_MS = 60_000;

let database: TestDatabase;
let workspaces = 0;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

const newWorkspace = (): string => `ws_pages_${++workspaces}`;

function oneOf<T>(random: Random, list: readonly T[]): T {
  const value = list[random(list.length)];
  if (value === undefined && !list.includes(value as T)) throw new Error('nothing to choose from');
  return value as T;
}

/** Requests of several days as they come when some were recorded late, some took long and some were tried elsewhere first. */
function mixedEvents(count: number, random: Random, workspaceId: string): UsageEvent[] {
  const attempt = (): AttemptRecord => {
    const provider = oneOf(random, PROVIDERS);
    const record = attemptRecord({
      provider,
      offering: `${provider}/${random(2) === 0 ? 'plan' : 'api'}`,
      connectionId: `conn_${provider}_${random(2)}`,
      modelRef: `${provider}/model-${random(3)}`,
      billing: oneOf(random, BILLINGS),
    });
    return random(6) === 0 ? { ...record, price: null } : record;
  };
  return Array.from({ length: count }, () => {
    const at = T0 - random(DAYS) * DAY_MS - random(8 * 60) * MINUTE_MS - random(3) * 1_000;
    const tier = oneOf(random, TIERS);
    return makeEvent({
      workspaceId,
      at,
      key: oneOf(random, KEYS),
      ...(tier !== undefined && { tier }),
      end: {
        occurredAt: at + (random(40) === 0 ? 2 * DAY_MS : random(4) * 500),
        status: random(12) === 0 ? oneOf(random, USAGE_STATUSES) : 'OK',
        attempts: Array.from({ length: random(20) === 0 ? 0 : 1 + random(3) }, attempt),
      },
    });
  });
}

function randomFilter(random: Random): UsageFilter {
  const some = <T>(list: readonly T[]): T[] => list.filter(() => random(list.length) === 0);
  const range = (): TimeRange => {
    const from = T0 - random(DAYS * 24 * 60) * MINUTE_MS;
    return { from, to: from + 1 + random(400) * MINUTE_MS + random(3) * DAY_MS };
  };
  const models = PROVIDERS.flatMap((provider) => [0, 1, 2, 3].map((n) => `${provider}/model-${n}`));
  const connections = PROVIDERS.flatMap((provider) => [0, 1].map((n) => `conn_${provider}_${n}`));
  const maybe = <T>(name: string, value: () => T): Record<string, T> =>
    random(4) === 0 ? { [name]: value() } : {};
  return {
    ...maybe('range', range),
    ...maybe('providers', () => some(PROVIDERS)),
    ...maybe('models', () => some(models)),
    ...maybe('tiers', () => some(['simple', 'complex', 'never'])),
    ...maybe('accessKeys', () => some(['key_2', 'key_rare', 'key_never'])),
    ...maybe('connections', () => some(connections)),
    ...maybe('billings', () => some(BILLINGS)),
    ...maybe('statuses', () => some(USAGE_STATUSES)),
  };
}

async function allPages(
  workspaceId: string,
  first: number,
  filter: UsageFilter,
  scannedPerEvent = 1,
): Promise<StoredUsageEvent[]> {
  const read: StoredUsageEvent[] = [];
  for (let before: number | null = null, more = true; more;) {
    const page = await listUsageEvents(database, workspaceId, { first, before, scannedPerEvent }, filter);
    expect(page.items.length).toBe(page.hasNextPage ? first : page.items.length);
    read.push(...page.items);
    before = page.items.at(-1)?.seq ?? null;
    more = page.hasNextPage;
  }
  return read;
}

const places = (events: readonly StoredUsageEvent[]): number[] => events.map(({ seq }) => seq);

describe('pages of requests', () => {
  test('with any filter hold what the same filter lets through live, newest first, once each', async () => {
    const workspaceId = newWorkspace();
    const random = seededRandom(17);
    const stored: StoredUsageEvent[] = [];
    for (let batch = 0; batch < 6; batch++) {
      stored.push(...(await commitUsage(database, mixedEvents(200, random, workspaceId))));
      await commitUsage(database, mixedEvents(20, random, newWorkspace()));
    }
    let found = 0;
    for (let round = 0; round < 60; round++) {
      const filter = randomFilter(random);
      const expected = stored.filter((event) => matchesFilter(event, filter));
      found += Math.sign(expected.length);
      const first = Math.max(1 + random(6), Math.ceil(expected.length / 12));
      const read = await allPages(workspaceId, first, filter, 1 + 50 * random(2));
      expect(places(read), JSON.stringify({ filter, first })).toEqual(places(expected.toReversed()));
      const replayed = await usageEventsAfter(database, workspaceId, 0, stored.length, filter);
      expect(places(replayed)).toEqual(places(expected));
    }
    expect(found).toBeGreaterThan(20);
  });

  test('of an hour begin with the one of them that was recorded last, however late', async () => {
    const workspaceId = newWorkspace();
    const hour = T0 - (T0 % HOUR_MS) - HOUR_MS;
    const record = (count: number, at: number) =>
      commitUsage(
        database,
        Array.from({ length: count }, (_, i) => makeEvent({ workspaceId, at: at + i * 1_000 })),
      );
    const own = await record(30, hour);
    await record(30, hour + HOUR_MS);
    const late = await record(10, hour + MINUTE_MS * 30);
    await record(30, hour + HOUR_MS + MINUTE_MS);
    const range = { from: hour, to: hour + HOUR_MS };
    const expected = places([...own, ...late]).toReversed();
    expect(places(await allPages(workspaceId, 4, { range }, 50))).toEqual(expected);
  });

  test('keep requests of the same instant in the order in which they were recorded', async () => {
    const workspaceId = newWorkspace();
    const key = (i: number) => (i % 10 === 3 ? 'key_rare' : 'key_1');
    const events = Array.from({ length: 40 }, (_, i) => makeEvent({ workspaceId, at: T0, key: key(i) }));
    const stored = await commitUsage(database, events);
    expect(await allPages(workspaceId, 3, {})).toEqual(stored.toReversed());
    const rare = stored.filter(({ accessKeyId }) => accessKeyId === 'key_rare').toReversed();
    expect(await allPages(workspaceId, 1, { accessKeys: ['key_rare'] })).toEqual(rare);
  });

  test('within a part of an hour miss none for others of that hour that came later', async () => {
    const workspaceId = newWorkspace();
    const hour = Date.UTC(2026, 10, 21, 9);
    const event = (key: string, minute: number): UsageEvent =>
      makeEvent({ workspaceId, key, at: hour + minute * MINUTE_MS });
    const recorded = [event('key_1', 5), event('key_2', 10), event('key_3', 20)];
    const [, second, third] = await commitUsage(database, [
      ...recorded,
      event('key_1', 55),
      event('key_2', 50),
    ]);
    const filter = { range: { from: hour, to: hour + 30 * MINUTE_MS } };
    const page = { first: 1, before: null, scannedPerEvent: 1 };
    expect(places((await listUsageEvents(database, workspaceId, page, filter)).items)).toEqual([third?.seq]);
    expect(places(await allPages(workspaceId, 1, filter)).slice(0, 2)).toEqual([third?.seq, second?.seq]);
  });

  test('end where retention has dropped the rest, though its sums are kept', async () => {
    const own = await createTestDatabase();
    try {
      const workspaceId = newWorkspace();
      const at = (days: number): UsageEvent =>
        makeEvent({ workspaceId, at: T0 - days * DAY_MS, key: 'key_rare' });
      const many = Array.from({ length: 300 }, () => makeEvent({ workspaceId }));
      const stored = await commitUsage(own, [at(9), at(8), at(1), ...many]);
      await dropPartitionsBefore(own, T0 - 5 * DAY_MS);
      const page = await listUsageEvents(
        own,
        workspaceId,
        { first: 2, before: null },
        { accessKeys: ['key_rare'] },
      );
      expect(page).toMatchObject({ items: [{ id: stored[2]?.id }], hasNextPage: false });
    } finally {
      await own.close();
    }
  });
});

describe('totals that are followed', () => {
  test('are told anew whenever stored sums under the same filter have changed, also by a failed attempt elsewhere', async () => {
    const workspaceId = newWorkspace();
    const random = seededRandom(23);
    const bus = createBus(quietLogger);
    const sources = { sql: database, clock: systemClock, bus };
    for (let round = 0; round < 12; round++) {
      const { range: _, ...filter } = randomFilter(random);
      const request = { window: 'TOTAL', groupBy: ['CONNECTION'], filter } as const;
      const feed = followTotals(sources, { workspaceId, request, minIntervalMs: 0 });
      try {
        const before = (await feed.next()).value;
        const events = await commitUsage(database, mixedEvents(3, random, workspaceId));
        bus.publish('usage.arrived', { workspaceId, events });
        const { totals, groups } = await usageTotalsNow(sources, workspaceId, request);
        if (JSON.stringify(totals, printed) === JSON.stringify(before?.totals, printed)) continue;
        const after = (await feed.next()).value;
        expect(after?.totals).toEqual(totals);
        expect(after?.groups).toMatchObject(groups.map(({ group }) => ({ group })));
      } finally {
        await feed.return?.();
      }
    }
  });
});

const printed = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
