/** Several nodes on one database: what one of them does is heard on all, each thing once, whatever carries the word. */
import { Redis } from 'ioredis';
import { Registry } from 'prom-client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ensureBootstrap } from '../../src/admin/bootstrap.js';
import { joinNodes, type Nodes } from '../../src/app/nodes.js';
import { systemClock } from '../../src/domain/clock.js';
import type { StoredUsageEvent, UsageEvent } from '../../src/domain/usage.js';
import { createBus, type Bus } from '../../src/live/bus.js';
import { openDatabase, type Database } from '../../src/persistence/database.js';
import { commitUsage } from '../../src/persistence/usage.js';
import { usageEventsAfter } from '../../src/persistence/usage-events.js';
import { followAllUsage } from '../../src/usage/arrivals.js';
import { followUsage } from '../../src/usage/live-feed.js';
import { quietLogger } from '../support/database.js';
import { postgresIsInstalled, startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { redisIsInstalled, startRedis, type RedisServer } from '../support/redis-server.js';
import { makeTempDir } from '../support/temp-dir.js';
import { until } from '../support/wait.js';
import { randomEvents, seededRandom } from '../unit/usage/events.js';

const ADMIN_TOKEN = 'sya_test-token-of-several-nodes-000000000000';

interface Node {
  readonly database: Database;
  readonly bus: Bus;
  readonly nodes: Nodes;
  readonly metrics: Registry;
  record(events: readonly UsageEvent[]): Promise<StoredUsageEvent[]>;
}

describe.skipIf(!postgresIsInstalled)('several nodes on one database', () => {
  let postgres: PostgresServer;
  let redis: RedisServer | null = null;
  let databaseUrl: string;
  let workspaceId: string;
  let directory: Awaited<ReturnType<typeof makeTempDir>>;
  const open: Node[] = [];

  beforeAll(async () => {
    postgres = await startPostgres();
    if (redisIsInstalled) redis = await startRedis();
    databaseUrl = await postgres.createDatabase();
    directory = await makeTempDir();
    const first = await openNodeDatabase();
    workspaceId = (await ensureBootstrap({ database: first, adminToken: ADMIN_TOKEN, clock: systemClock }))
      .id;
    await first.close();
  });
  afterEach(async () => {
    for (const node of open.splice(0)) {
      await node.nodes.close();
      await node.database.close();
    }
  });
  afterAll(async () => {
    await redis?.[Symbol.asyncDispose]();
    await postgres?.[Symbol.asyncDispose]();
    await directory?.[Symbol.asyncDispose]();
  });

  const openNodeDatabase = (): Promise<Database> =>
    openDatabase({ databaseUrl, dataDir: directory.path, logger: quietLogger, clock: systemClock });

  async function startNode(redisUrl: string | null): Promise<Node> {
    const database = await openNodeDatabase();
    const bus = createBus(quietLogger);
    const metrics = new Registry();
    const nodes = await joinNodes({
      database,
      databaseUrl,
      redisUrl,
      bus,
      clock: systemClock,
      logger: quietLogger,
      metrics,
    });
    const node: Node = {
      database,
      bus,
      nodes,
      metrics,
      async record(events) {
        const stored = await commitUsage(database, events);
        if (stored.length > 0) bus.publish('usage.recorded', { workspaceId, events: stored });
        return stored;
      },
    };
    open.push(node);
    return node;
  }

  /** Places of everything a subscriber of the node hears, in the order heard. */
  function listen({ bus }: Node): number[] {
    const heard: number[] = [];
    bus.subscribe('usage.arrived', ({ events }) => heard.push(...events.map(({ seq }) => seq)), workspaceId);
    return heard;
  }

  const storedAfter = async ({ database }: Node, seq: number): Promise<number[]> =>
    (await usageEventsAfter(database, workspaceId, seq, 100_000, {})).map((event) => event.seq);

  const isUp = (node: Node, way: string): Promise<boolean> =>
    node.metrics.metrics().then((text) => text.includes(`switchyard_node_signals_connected{way="${way}"} 1`));

  async function startPair(redisUrl: string | null): Promise<[Node, Node]> {
    const pair: [Node, Node] = [await startNode(redisUrl), await startNode(redisUrl)];
    for (const node of pair) {
      await until('the node listens', () => isUp(node, 'postgres'));
      if (redisUrl !== null) await until('the node listens to Redis', () => isUp(node, 'redis'));
    }
    return pair;
  }

  /** Commits on both at once, in random batches, `disturb` every few of them, and waits until both have heard all. */
  async function commitOnBoth(
    [a, b]: readonly [Node, Node],
    seed: number,
    disturb: (round: number) => Promise<void>,
  ): Promise<void> {
    const random = seededRandom(seed);
    const start = (await storedAfter(a, 0)).at(-1) ?? 0;
    const heard = [listen(a), listen(b)];
    for (let round = 0; round < 24; round++) {
      if (round % 6 === 3) await disturb(round);
      await Promise.all(
        [a, b].map((node) =>
          node.record(randomEvents(1 + random(40), seededRandom(seed * 100 + random(9_999)), workspaceId)),
        ),
      );
    }
    const all = await storedAfter(a, start);
    expect(all.length).toBeGreaterThan(100);
    for (const places of heard) {
      await until('everything was heard', () => places.length >= all.length, 20_000);
      expect(places).toEqual(all);
    }
  }

  test('every node hears what any commits, once each and in commit order', async () => {
    await commitOnBoth(await startPair(null), 1, () => Promise.resolve());
  });

  test('the connection that listens may break at any time', async () => {
    const pair = await startPair(null);
    await commitOnBoth(pair, 2, async () => {
      await pair[0].database.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'switchyard-signals'`,
      );
    });
    expect(await pair[0].metrics.metrics()).toMatch(/losses_total\{way="postgres"\} [1-9]/);
  });

  test.skipIf(!redisIsInstalled)(
    'Redis carries the word while it is there, and its coming and going loses nothing',
    async () => {
      if (!redis) return;
      const server = redis;
      const pair = await startPair(server.url);
      expect(pair[0].nodes.checks()).toMatchObject([{ name: 'redis', state: 'HEALTHY', message: null }]);
      let away = false;
      await commitOnBoth(pair, 3, async () => {
        if (away) await server.start();
        else await server.kill9();
        away = !away;
      });
      if (away) await server.start();
      for (const node of pair) await until('Redis is back', () => isUp(node, 'redis'));
      await server.kill9();
      await until('health says so', () => pair[0].nodes.checks()[0]?.state === 'DEGRADED');
      await server.start();
    },
  );

  test.skipIf(!redisIsInstalled)(
    'what travels is the place alone, and no other installation hears it',
    async () => {
      if (!redis) return;
      const seen: string[] = [];
      const spy = new Redis(redis.url);
      await spy.psubscribe('*');
      spy.on('pmessage', (_pattern: string, channel: string, text: string) =>
        seen.push(`${channel} ${text}`),
      );
      const [a, b] = await startPair(redis.url);
      const heard = listen(b);
      const [event] = await a.record(randomEvents(1, seededRandom(4), workspaceId));
      await until('it was heard', () => heard.length === 1);
      await until('the spy heard it', () => seen.length > 0);
      expect(seen).toEqual([
        expect.stringMatching(
          new RegExp(`^switchyard:${workspaceId} \\{"from":"[^"]+","body":\\{"usage":${event?.seq}\\}\\}$`),
        ),
      ]);
      spy.disconnect();
    },
  );

  test.each(['postgres', 'redis'])(
    'a change is heard elsewhere through %s, and not sent back',
    async (way) => {
      if (way === 'redis' && !redis) return;
      const [a, b] = await startPair(way === 'redis' ? (redis?.url ?? null) : null);
      const heard: unknown[] = [];
      const echoes: unknown[] = [];
      const about = { workspaceId, connectionId: 'conn_1' };
      // What is looked up at the start may still be on its way; it is about other things.
      b.bus.subscribe('connection.health', (message) => heard.push(message));
      b.bus.subscribe('discovery.progress', (message) => heard.push(message));
      a.bus.subscribe('connection.health', (message) => echoes.push(message));
      a.bus.publish('connection.health', about);
      a.bus.publish('discovery.progress', { workspaceId, runId: 'run_1', resultId: null });
      await until('both were heard', () => heard.length === 2);
      b.bus.publish('connection.health', { ...about, connectionId: 'conn_2' });
      await until('the answer was heard', () => echoes.length === 2);
      expect(heard).toEqual([
        about,
        { workspaceId, runId: 'run_1', resultId: null },
        { ...about, connectionId: 'conn_2' },
      ]);
      expect(echoes).toEqual([about, { ...about, connectionId: 'conn_2' }]);
    },
  );

  test('without any word, a look at the database finds what others committed', async () => {
    const writer = await startNode(null);
    const database = await openNodeDatabase();
    const bus = createBus(quietLogger);
    const arrivals = await followAllUsage({ database, bus, logger: quietLogger, pollMs: 20, pageSize: 7 });
    const heard: number[] = [];
    bus.subscribe('usage.arrived', ({ events }) => heard.push(...events.map(({ seq }) => seq)), workspaceId);
    const stored = await writer.record(randomEvents(40, seededRandom(5), workspaceId));
    await until('it was found', () => heard.length >= stored.length);
    expect(heard).toEqual(stored.map(({ seq }) => seq));
    await arrivals.close();
    await database.close();
  });

  test('whoever follows from a place misses nothing and hears nothing twice while other nodes commit', async () => {
    const [a, b] = await startPair(null);
    const random = seededRandom(6);
    const past = await a.record(randomEvents(450, seededRandom(7), workspaceId));
    const from = past[3]?.seq ?? 0;
    const sources = { sql: b.database, clock: systemClock, bus: b.bus };
    let feed = followUsage(sources, { workspaceId, filter: {}, afterSeq: from });
    const seen: number[] = [];
    let writing = true;
    const writes = (async () => {
      for (let i = 0; i < 20; i++) {
        await [a, b][random(2)]?.record(randomEvents(1 + random(12), seededRandom(1_000 + i), workspaceId));
      }
      writing = false;
    })();
    let reconnectIn = 100;
    const wanted = async (): Promise<number[]> => storedAfter(a, from);
    for (;;) {
      if (!writing && seen.at(-1) === (await wanted()).at(-1)) break;
      const { value } = await feed.next();
      expect(value.droppedBefore).toBe(0);
      seen.push(value.event.seq);
      if (--reconnectIn === 0) {
        await feed.return?.();
        feed = followUsage(sources, { workspaceId, filter: {}, afterSeq: value.event.seq });
        reconnectIn = 1 + random(120);
      }
    }
    await feed.return?.();
    await writes;
    expect(seen).toEqual(await wanted());
  });
});
