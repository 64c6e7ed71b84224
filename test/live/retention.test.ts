/** Retention: partitions ahead of time, single events gone after their days, sums kept, and nothing lost to a wrong clock. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DAY_MS } from '../../src/domain/time-range.js';
import { dropPartitionsBefore, listPartitions } from '../../src/persistence/partitions.js';
import { commitUsage } from '../../src/persistence/usage.js';
import { usageEventsAfter } from '../../src/persistence/usage-events.js';
import { createBus } from '../../src/live/bus.js';
import { followUsage } from '../../src/usage/live-feed.js';
import { usageReport } from '../../src/usage/reports.js';
import { keepRetention, type Retention } from '../../src/usage/retention.js';
import { createTestDatabase, quietLogger, type TestDatabase } from '../support/database.js';
import { until } from '../support/wait.js';
import { T0 } from '../unit/journal/records.js';
import { makeEvent } from '../unit/usage/events.js';

const workspaceId = 'ws_retention';
const TODAY = Math.floor(T0 / DAY_MS) * DAY_MS;
let database: TestDatabase;
let now = T0;
const clock = { now: () => now, monotonic: () => performance.now() };

beforeAll(async () => {
  database = await createTestDatabase({ clock });
});
afterAll(() => database.close());

const start = (changes: Partial<Parameters<typeof keepRetention>[0]> = {}): Retention =>
  keepRetention({
    database,
    clock,
    logger: quietLogger,
    days: 30,
    databaseNow: () => Promise.resolve(now),
    ...changes,
  });
const days = async (): Promise<Set<number>> =>
  new Set((await listPartitions(database)).map(({ from }) => (from - TODAY) / DAY_MS));
const remaining = async (): Promise<number> =>
  (await usageEventsAfter(database, workspaceId, 0, 100, {})).length;

test('partitions are there days ahead, and with every day that passes another', async () => {
  const retention = start();
  await retention.run();
  expect([...(await days())].filter((day) => day >= 0).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
  now = T0 + 2 * DAY_MS;
  await retention.run();
  expect(await days()).toContain(6);
  await retention.close();
  now = T0;
});

test('after its days an event goes, its sums stay, and a cursor from before says what is missing', async () => {
  const events = [0, 1, 2].map((day) => makeEvent({ workspaceId, at: T0 + day * DAY_MS }));
  const [first, , last] = await commitUsage(database, events);
  const retention = start();
  await retention.run();
  now = T0 + 31 * DAY_MS;
  await retention.run();
  // Today, and thirty whole days before it.
  expect(await remaining()).toBe(2);
  now = T0 + 32 * DAY_MS + 1;
  await retention.run();
  expect(await remaining()).toBe(1);
  expect(retention.trouble).toBeNull();
  const report = await usageReport({ sql: database, clock }, workspaceId, {
    range: { from: T0 - DAY_MS, to: T0 + 3 * DAY_MS },
    interval: 'TOTAL',
    groupBy: [],
    filter: {},
    groupLimit: 20,
  });
  expect(report.totals.requests).toBe(3);

  const sources = { sql: database, clock, bus: createBus(quietLogger) };
  const follow = (seq = 0, at = 0, filter = {}) =>
    followUsage(sources, { workspaceId, filter, afterSeq: seq, afterAt: at });
  await expect(follow(first?.seq, first?.startedAt).next()).rejects.toMatchObject({
    code: 'BAD_USER_INPUT',
    field: ['after'],
    message: expect.stringContaining('past their retention'),
  });
  expect(sources.bus.listeners('usage.arrived')).toBe(0);
  // Nothing that this one follows is missing.
  const other = follow(first?.seq, first?.startedAt, { tiers: ['none'] });
  const waiting = other.next();
  await other.return?.();
  expect(await waiting).toEqual({ done: true, value: undefined });
  const resumed = follow((last?.seq ?? 1) - 1, T0 + 2 * DAY_MS);
  expect((await resumed.next()).value).toMatchObject({ event: { id: last?.id }, replayed: true });
  await resumed.return?.();
  await retention.close();
});

test('a node whose clock is ahead drops nothing that the database takes for recent', async () => {
  const before = await remaining();
  const retention = start({
    clock: { ...clock, now: () => now + 60 * DAY_MS },
    databaseNow: () => Promise.resolve(now),
  });
  await retention.run();
  expect(await remaining()).toBe(before);
  await retention.close();
});

test('what cannot be done is said, and tried again until it can', async () => {
  let broken = true;
  const retention = start({
    retryMs: 5,
    databaseNow: () => (broken ? Promise.reject(new Error('away')) : Promise.resolve(now)),
  });
  await until('the trouble is told', () => retention.trouble !== null);
  expect(retention.trouble).toBe('Usage older than 30 days could not be dropped.');
  broken = false;
  await until('it is over', () => retention.trouble === null);
  await retention.close();
});

test.skipIf(process.env['TEST_DATABASE_URL'] === undefined)(
  'a reader that holds a partition delays neither the other nodes nor who records for long',
  async () => {
    const held = now + DAY_MS;
    await commitUsage(database, [makeEvent({ workspaceId, at: held })]);
    let release: () => void = () => undefined;
    const reading = database.transaction(async (sql) => {
      await sql.query('SELECT count(*) FROM usage_event');
      await new Promise<void>((resolve) => (release = resolve));
    });
    await until('it is held', async () => {
      const [row] = await database.query<{ n: bigint }>(
        `SELECT count(*) AS n FROM pg_locks WHERE relation = 'usage_event'::regclass AND mode = 'AccessShareLock'`,
      );
      return (row?.n ?? 0n) > 0n;
    });
    const from = performance.now();
    const dropping = dropPartitionsBefore(database, held + 2 * DAY_MS).catch((error: unknown) => error);
    await commitUsage(database, [makeEvent({ workspaceId, at: held })]);
    expect(performance.now() - from).toBeLessThan(3_000);
    expect(await dropping).toMatchObject({ code: '55P03' });
    release();
    await reading;
  },
);
