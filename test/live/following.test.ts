/** Replays that go live, and totals, under traffic that does not wait for them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { USAGE_REPLAY_PAGE } from '../../src/config/usage-limits.js';
import { systemClock } from '../../src/domain/clock.js';
import type { StoredUsageEvent } from '../../src/domain/usage.js';
import { createBus } from '../../src/live/bus.js';
import { commitUsage } from '../../src/persistence/usage.js';
import { usageEventsAfter } from '../../src/persistence/usage-events.js';
import { matchesFilter } from '../../src/usage/event-filter.js';
import { followOwnUsage } from '../../src/usage/arrivals.js';
import { followTotals, followUsage } from '../../src/usage/live-feed.js';
import { createTestDatabase, quietLogger, type TestDatabase } from '../support/database.js';
import { makeEvent, randomEvents, seededRandom } from '../unit/usage/events.js';

let database: TestDatabase;
let workspaces = 0;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

function newScene() {
  const workspaceId = `ws_following_${++workspaces}`;
  const bus = createBus(quietLogger);
  followOwnUsage(bus);
  return {
    workspaceId,
    sources: { sql: database, clock: systemClock, bus },
    async record(count: number, seed: number): Promise<StoredUsageEvent[]> {
      const events = await commitUsage(database, randomEvents(count, seededRandom(seed), workspaceId));
      bus.publish('usage.recorded', { workspaceId, events });
      return events;
    },
    stored: () => usageEventsAfter(database, workspaceId, 0, 10_000, {}),
  };
}

describe('whoever follows from a place', () => {
  test.each([0, 1, -1].map((more) => USAGE_REPLAY_PAGE + more).concat(2 * USAGE_REPLAY_PAGE, 3))(
    'hears everything after it once and in order, with %i events before and others all the while',
    async (past) => {
      const { workspaceId, sources, record, stored } = newScene();
      const random = seededRandom(past + 1);
      const filter = past % 2 === 0 ? {} : { statuses: ['OK', 'FAILED'] as const };
      await record(past, past + 10);
      let place = 0;
      let feed = followUsage(sources, { workspaceId, filter, afterSeq: place, capacity: 8 });
      const heard: number[] = [];
      /** Place of the last one to be heard; null while there may be later ones. */
      let last: number | null = null;
      const wanted = async (): Promise<number[]> =>
        (await stored()).filter((event) => matchesFilter(event, filter)).map(({ seq }) => seq);
      const writes = (async () => {
        for (let i = 0; i < 15; i++) await record(1 + random(25), 1_000 * past + i);
        // Known before anybody hears of it, and wanted by every filter.
        const events = await commitUsage(database, [makeEvent({ workspaceId })]);
        last = events.at(-1)?.seq ?? null;
        sources.bus.publish('usage.recorded', { workspaceId, events });
      })();
      for (let left = 1 + random(90); ; left--) {
        if (last !== null && heard.at(-1) === last) break;
        if (left === 0) {
          await feed.return?.();
          feed = followUsage(sources, { workspaceId, filter, afterSeq: place, capacity: 8 });
          left = 1 + random(90);
        }
        const { value } = await feed.next();
        if (value.droppedBefore > 0) {
          // Too slow for its mailbox of eight: what it lost is where it was told, before this one.
          const missing = (await wanted()).filter((seq) => seq > place && seq < value.event.seq);
          expect(missing).toHaveLength(value.droppedBefore);
          heard.push(...missing);
        }
        place = value.event.seq;
        heard.push(place);
      }
      await feed.return?.();
      await writes;
      expect(heard).toEqual(await wanted());
      expect(sources.bus.listeners('usage.arrived')).toBe(0);
    },
  );

  test('may come back with any cursor it was ever given', async () => {
    const { workspaceId, sources, record } = newScene();
    const events = await record(45, 7);
    for (const [i, { seq }] of events.entries()) {
      const feed = followUsage(sources, { workspaceId, filter: {}, afterSeq: seq });
      const rest: number[] = [];
      while (rest.length < events.length - 1 - i) rest.push((await feed.next()).value.event.seq);
      expect(rest).toEqual(events.slice(i + 1).map((event) => event.seq));
      await feed.return?.();
    }
  });
});

describe('totals', () => {
  test('under constant traffic come at most as often as asked for, and end with everything', async () => {
    const { workspaceId, sources } = newScene();
    const minIntervalMs = 250;
    const request = { window: 'TOTAL', groupBy: [], filter: {} } as const;
    const feed = followTotals(sources, { workspaceId, request, minIntervalMs });
    const states: number[] = [];
    let total = Number.POSITIVE_INFINITY;
    const reading = (async () => {
      for await (const { totals } of feed) {
        states.push(totals.requests);
        if (totals.requests === total) return;
      }
    })();
    let sent = 0;
    const startedAt = performance.now();
    while (performance.now() - startedAt < 1_200) {
      const events = await commitUsage(database, [makeEvent({ workspaceId })]);
      sources.bus.publish('usage.recorded', { workspaceId, events });
      sent++;
    }
    const last = await commitUsage(database, [makeEvent({ workspaceId })]);
    total = sent + 1;
    sources.bus.publish('usage.recorded', { workspaceId, events: last });
    await reading;
    const took = performance.now() - startedAt;
    expect(states.length).toBeGreaterThan(2);
    expect(states.length).toBeLessThanOrEqual(1 + Math.ceil(took / minIntervalMs));
    expect(states).toEqual(states.toSorted((a, b) => a - b));
    expect(states.at(-1)).toBe(total);
  });
});
