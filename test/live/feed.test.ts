/** What a subscriber of usage costs, and what it may lose: nothing as long as it reads. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/domain/clock.js';
import type { StoredUsageEvent } from '../../src/domain/usage.js';
import type { AdminServer } from '../../src/graphql/server.js';
import { createBus } from '../../src/live/bus.js';
import type { Sql } from '../../src/persistence/sql.js';
import { commitUsage } from '../../src/persistence/usage.js';
import { followUsage, type FollowedEvent } from '../../src/usage/live-feed.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { quietLogger } from '../support/database.js';
import { openSocket, type RawSocket } from '../support/socket.js';
import { ADMIN_TOKEN, startHarness, type Harness } from '../unit/admin/harness.js';
import { makeEvent, randomEvents, seededRandom } from '../unit/usage/events.js';

const CAPACITY = 10;

let harness: Harness;
let workspaces = 0;

beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness[Symbol.asyncDispose]());

function newScene(options: { behindMax?: number } = {}) {
  const workspaceId = `ws_feed_${++workspaces}`;
  const bus = createBus(quietLogger);
  const lost: number[] = [];
  const all: StoredUsageEvent[] = [];
  let reads = 0;
  const sql: Sql = {
    query: (text, values) => {
      reads++;
      return harness.database.query(text, values);
    },
  };
  const feed = followUsage(
    { sql, clock: systemClock, bus },
    {
      workspaceId,
      filter: {},
      afterSeq: null,
      capacity: CAPACITY,
      onLost: (events) => lost.push(events),
      ...options,
    },
  );
  return {
    feed,
    lost,
    all,
    reads: () => reads,
    async record(count: number): Promise<void> {
      const events = await commitUsage(
        harness.database,
        randomEvents(count, seededRandom(all.length + 1), workspaceId),
      );
      all.push(...events);
      bus.publish('usage.arrived', { workspaceId, events });
    },
    async take(count: number): Promise<FollowedEvent[]> {
      const taken: FollowedEvent[] = [];
      while (taken.length < count) taken.push((await feed.next()).value);
      return taken;
    },
  };
}

const seqs = (events: readonly { readonly seq: number }[]): number[] => events.map(({ seq }) => seq);

describe('a subscriber that falls behind', () => {
  test('loses nothing as long as it takes some: what its mailbox forgot is read from storage', async () => {
    const { feed, lost, all, record, take } = newScene();
    const heard: FollowedEvent[] = [];
    for (let round = 0; round < 20; round++) {
      await record(CAPACITY);
      heard.push(...(await take(1)));
    }
    heard.push(...(await take(all.length - heard.length)));
    expect(seqs(heard.map(({ event }) => event))).toEqual(seqs(all));
    expect(heard.every(({ droppedBefore }) => droppedBefore === 0)).toBe(true);
    expect(lost).toEqual([]);
    await record(1);
    expect(await take(1)).toMatchObject([{ replayed: false, event: { seq: all.at(-1)?.seq } }]);
    await feed.return?.();
  });

  test('loses the oldest, counted, once it is too far behind', async () => {
    const { feed, lost, all, record, take } = newScene({ behindMax: 3 * CAPACITY });
    const heard: FollowedEvent[] = [];
    for (let round = 0; round < 8; round++) {
      await record(CAPACITY);
      heard.push(...(await take(1)));
    }
    while (heard.at(-1)?.event.seq !== all.at(-1)?.seq) heard.push(...(await take(1)));
    const [gone = 0] = lost;
    expect(gone).toBeGreaterThan(3 * CAPACITY);
    expect(lost).toHaveLength(1);
    const at = heard.findIndex(({ droppedBefore }) => droppedBefore > 0);
    expect(heard[at]?.droppedBefore).toBe(gone);
    expect(seqs(heard.map(({ event }) => event))).toEqual(
      seqs([...all.slice(0, at), ...all.slice(at + gone)]),
    );
    await feed.return?.();
  });

  test('loses the oldest when it takes nothing at all, and hears everything again from then on', async () => {
    const { feed, lost, all, record, take } = newScene();
    await record(1);
    await take(1);
    await record(3 * CAPACITY);
    const [next] = await take(1);
    expect(next).toMatchObject({ droppedBefore: 2 * CAPACITY, event: { seq: all[1 + 2 * CAPACITY]?.seq } });
    expect(lost).toEqual([2 * CAPACITY]);
    await record(CAPACITY);
    const rest = await take(2 * CAPACITY - 1);
    expect(seqs(rest.map(({ event }) => event))).toEqual(seqs(all.slice(2 + 2 * CAPACITY)));
    await feed.return?.();
  });

  test('goes on with what is left when storage no longer has what its mailbox forgot', async () => {
    const { feed, all, record, take } = newScene();
    await record(CAPACITY + 5);
    await harness.database.query('DELETE FROM usage_event WHERE seq = ANY ($1::bigint[])', [
      seqs(all.slice(0, 5)),
    ]);
    expect(await take(1)).toMatchObject([{ droppedBefore: 5, event: { seq: all[5]?.seq } }]);
    await feed.return?.();
  });

  test('reads nothing from storage while it keeps up', async () => {
    const { feed, record, take, reads } = newScene();
    for (let round = 0; round < 3; round++) {
      await record(CAPACITY);
      await take(CAPACITY);
    }
    expect(reads()).toBe(0);
    await feed.return?.();
  });
});

describe('what is loaded for subscribers', () => {
  const EVENTS = 40;
  const QUERY = `subscription { usageRecorded {
    event { id attempts { modelRef connection { id } } accessKey { id } connection { id } provider { slug } } } }`;
  let server: AdminServer;
  const sockets: RawSocket[] = [];

  beforeAll(async () => {
    server = await startTestAdminServer(harness);
  });
  afterAll(async () => {
    for (const { socket } of sockets) socket.terminate();
    await server.close();
  });

  test('is loaded once for events that come together and for all who hear them', async () => {
    const { workspaceId } = harness.context.actor;
    const before = harness.bus.listeners('usage.arrived');
    for (let i = 0; i < 3; i++) {
      const socket = await openSocket(server.url);
      sockets.push(socket);
      await socket.init(ADMIN_TOKEN);
      socket.send({ id: '1', type: 'subscribe', payload: { query: QUERY } });
    }
    await vi.waitFor(() => expect(harness.bus.listeners('usage.arrived')).toBe(before + sockets.length));
    const batch = Array.from({ length: EVENTS }, () => makeEvent({ workspaceId }));
    const events = await commitUsage(harness.database, batch);
    const attemptReads = vi.spyOn(harness.database, 'query');
    harness.bus.publish('usage.arrived', { workspaceId, events });
    for (const socket of sockets) {
      for (const { id } of batch) {
        const { payload } = await socket.next();
        expect(payload).toMatchObject({ data: { usageRecorded: { event: { id, attempts: [{}] } } } });
      }
    }
    const statements = attemptReads.mock.calls.filter(([text]) => text.includes('usage_attempt'));
    expect(statements).toHaveLength(1);
    attemptReads.mockRestore();
  });
});
