/** Two whole programs on one PostgreSQL and one Redis: what limits count, they count together. */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { plainRequest } from '../support/http-client.js';
import { connect } from '../support/operator.js';
import { postgresIsInstalled, startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';
import { redisIsInstalled, startRedis, type RedisServer } from '../support/redis-server.js';
import { createInstallation, type Installation, type Switchyard } from '../support/switchyard.js';
import { until } from '../support/wait.js';

/** Of each node its two gateways and its control process. */
const COUNTING = 6;

/** Processes that are connected to count. */
async function countersAt({ url }: RedisServer): Promise<number> {
  const client = new Redis(url);
  try {
    const clients = String(await client.client('LIST'));
    return clients.split('\n').filter((line) => line.includes(' name=switchyard-counters ')).length;
  } finally {
    client.disconnect();
  }
}

/** From a change on one node until the other works by it. */
const IN_FORCE_DEADLINE_MS = 1_000;

describe.skipIf(!postgresIsInstalled || !redisIsInstalled)(
  'two nodes with Redis',
  { timeout: 120_000 },
  () => {
    let postgres: PostgresServer;
    let redis: RedisServer;
    let zai: SimulatedProvider;
    const installations: Installation[] = [];
    let nodes: readonly [Switchyard, Switchyard];

    beforeAll(async () => {
      [postgres, redis, zai] = await Promise.all([
        startPostgres(),
        startRedis(),
        startSimulatedProvider('zai'),
      ]);
      const settings = {
        DATABASE_URL: await postgres.createDatabase(),
        REDIS_URL: redis.url,
        SECRET_KEY: randomBytes(32).toString('base64'),
        GATEWAY_WORKERS: '2',
      };
      for (let i = 0; i < 2; i++) installations.push(await createInstallation(settings));
      const [first, second] = installations;
      if (!first || !second) throw new Error('there are two');
      nodes = [await first.start(), await second.start()];
      await connect(nodes[0], zai, 'api');
    }, 120_000);
    afterAll(async () => {
      for (const installation of installations) await installation[Symbol.asyncDispose]();
      await redis?.[Symbol.asyncDispose]();
      await postgres?.[Symbol.asyncDispose]();
      await zai?.close();
    });

    const call = (node: Switchyard, key: string) =>
      plainRequest(`${node.gatewayUrl}/v1/chat/completions`, {
        headers: { authorization: `Bearer ${key}` },
        body: { model: 'zai/glm-5.1', messages: [{ role: 'user', content: '[tokens in=1000 out=1000]' }] },
      }).then(({ status }) => status);
    const makeKey = async (input: object): Promise<{ id: string; plaintext: string }> => {
      const { accessKeyCreate } = await nodes[0].api.data(
        'mutation ($input: AccessKeyCreateInput!) { accessKeyCreate(input: $input) { plaintext accessKey { id } } }',
        { input: { name: 'agent', ...input } },
      );
      const { plaintext, accessKey } = accessKeyCreate;
      await until('the other node knows the key', async () => (await modelsOf(nodes[1], plaintext)) === 200);
      return { id: accessKey.id, plaintext };
    };
    const modelsOf = (node: Switchyard, key: string): Promise<number> =>
      plainRequest(`${node.gatewayUrl}/v1/models`, {
        method: 'GET',
        headers: { authorization: `Bearer ${key}` },
      }).then(({ status }) => status);
    const spentOf = async (id: string): Promise<string> => {
      const { node } = await nodes[0].api.data(
        'query ($id: ID!) { node(id: $id) { ... on AccessKey { budget { spentUsd } } } }',
        { id },
      );
      return node.budget.spentUsd;
    };
    const twentyAtOnce = (key: string): Promise<number[]> =>
      Promise.all(Array.from({ length: 20 }, (_, i) => call(nodes[i % 2 === 0 ? 0 : 1], key)));

    it('let exactly five of twenty requests at once through a budget of five', async () => {
      const probe = await makeKey({ budget: { limitUsd: '1', window: 'TOTAL' } });
      expect(await call(nodes[1], probe.plaintext)).toBe(200);
      const cost = await until('the cost is recorded', async () => {
        const spent = Number(await spentOf(probe.id));
        return spent > 0 && spent;
      });
      const { id, plaintext } = await makeKey({
        budget: { limitUsd: (5 * cost).toFixed(9), window: 'TOTAL' },
      });
      const statuses = await twentyAtOnce(plaintext);
      expect(statuses.filter((status) => status === 200)).toHaveLength(5);
      expect(statuses.filter((status) => status === 429)).toHaveLength(15);
      await until('all of it is recorded', async () => Math.abs(Number(await spentOf(id)) - 5 * cost) < 1e-9);

      // Redis begins anew with nothing, and is told what was recorded.
      await redis.kill9();
      await redis.start();
      await until('every process counts there again', async () => (await countersAt(redis)) === COUNTING);
      expect(new Set(await twentyAtOnce(plaintext))).toEqual(new Set([429]));
    });

    it('hold a rate and a number of requests at a time together', async () => {
      const rated = await makeKey({ requestsPerMinute: 7 });
      const statuses = await twentyAtOnce(rated.plaintext);
      expect(statuses.filter((status) => status === 200)).toHaveLength(7);
    });

    it('stop a revoked key on both within a second', async () => {
      const { id, plaintext } = await makeKey({});
      await nodes[0].api.data('mutation ($id: ID!) { accessKeyRevoke(id: $id) { userErrors { code } } }', {
        id,
      });
      const from = performance.now();
      expect(await modelsOf(nodes[0], plaintext)).toBe(401);
      await until('the other node refuses it', async () => (await modelsOf(nodes[1], plaintext)) === 401);
      expect(performance.now() - from).toBeLessThan(IN_FORCE_DEADLINE_MS);
    });
  },
);
