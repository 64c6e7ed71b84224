/** Two whole programs on one PostgreSQL: keys made on one work on the other at once, and either shows what both record. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainRequest } from '../support/http-client.js';
import { connect, follow, liveClient, makeKey } from '../support/operator.js';
import { postgresIsInstalled, startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';
import { redisIsInstalled, startRedis, type RedisServer } from '../support/redis-server.js';
import { createInstallation, type Installation, type Switchyard } from '../support/switchyard.js';
import { until } from '../support/wait.js';

/** From a change on one node until the other works by it. */
const IN_FORCE_DEADLINE_MS = 1_000;

describe.skipIf(!postgresIsInstalled)('two nodes', () => {
  let postgres: PostgresServer;
  let redis: RedisServer | null = null;
  let zai: SimulatedProvider;
  const installations: Installation[] = [];
  let nodes: readonly [Switchyard, Switchyard];
  let key: string;

  beforeAll(async () => {
    postgres = await startPostgres();
    if (redisIsInstalled) redis = await startRedis();
    zai = await startSimulatedProvider('zai');
    const settings = {
      DATABASE_URL: await postgres.createDatabase(),
      SECRET_KEY: randomBytes(32).toString('base64'),
      ...(redis && { REDIS_URL: redis.url }),
    };
    for (let i = 0; i < 2; i++) installations.push(await createInstallation(settings));
    const [first, second] = installations;
    if (!first || !second) throw new Error('there are two');
    nodes = [await first.start(), await second.start()];
    await connect(nodes[0], zai, 'coding-plan');
  });
  afterAll(async () => {
    for (const installation of installations) await installation[Symbol.asyncDispose]();
    await redis?.[Symbol.asyncDispose]();
    await postgres?.[Symbol.asyncDispose]();
    await zai?.close();
  });

  const call = (node: Switchyard) =>
    plainRequest(`${node.gatewayUrl}/v1/chat/completions`, {
      headers: { authorization: `Bearer ${key}` },
      body: { model: 'zai/glm-5.1', messages: [{ role: 'user', content: '[tokens in=10 out=3]' }] },
    });

  it('serve with the same configuration within a second', async () => {
    ({ plaintext: key } = await makeKey(nodes[0]));
    const from = performance.now();
    await until('the other node knows the key', async () => (await call(nodes[1])).status === 200);
    expect(performance.now() - from).toBeLessThan(IN_FORCE_DEADLINE_MS);
  });

  it('show what either records, once and in order, while Redis comes and goes', async () => {
    const EVENTS = 'subscription { usageRecorded { cursor droppedBefore event { id requestId } } }';
    const clients = nodes.map((node) => liveClient(node));
    const feeds = clients.map((client) => follow(client, EVENTS));
    const redisState = async (node: Switchyard): Promise<string | undefined> =>
      (await node.api.data('{ health { checks { name state } } }')).health.checks.find(
        ({ name }: { name: string }) => name === 'redis',
      )?.state;
    await until('both follow', async () => {
      const health = await Promise.all(nodes.map((node) => node.api.data('{ health { liveSubscribers } }')));
      return health.every((answer) => answer.health.liveSubscribers === 1);
    });

    const requestIds: unknown[] = [];
    const callBoth = async (): Promise<void> => {
      for (const node of [nodes[0], nodes[1], nodes[1], nodes[0]]) {
        const answer = await call(node);
        expect(answer.status).toBe(200);
        requestIds.push(answer.headers['x-request-id']);
      }
    };
    await callBoth();
    expect(await redisState(nodes[0])).toBe(redis ? 'HEALTHY' : undefined);
    if (redis) {
      await redis.kill9();
      await callBoth();
      await until('health says that Redis is away', async () => (await redisState(nodes[1])) === 'DEGRADED');
      expect((await plainRequest(`${nodes[1].adminUrl}/readyz`, { method: 'GET' })).status).toBe(200);
      await redis.start();
      await until('Redis is back', async () => (await redisState(nodes[1])) === 'HEALTHY');
      await callBoth();
    }
    const heard = await Promise.all(
      feeds.map(async ({ messages }) => {
        // The first test's last call may be among them.
        const own = () =>
          messages.filter(({ usageRecorded }) => requestIds.includes(usageRecorded.event.requestId));
        await until('everything was heard', () => own().length >= requestIds.length);
        return own().map(({ usageRecorded }) => usageRecorded);
      }),
    );
    for (const events of heard) {
      expect(events.map(({ event }) => event.requestId).toSorted()).toEqual(requestIds.toSorted());
      expect(events.every(({ droppedBefore }) => droppedBefore === 0)).toBe(true);
    }
    expect(heard[1]?.map(({ cursor }) => cursor)).toEqual(heard[0]?.map(({ cursor }) => cursor));
    for (const client of clients) await client.dispose();
  });
});
