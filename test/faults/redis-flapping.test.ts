/** A Redis that comes and goes between two nodes under load: who watches on the one sees all that the other served, once. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createGraphqlClient } from '../support/graphql-client.js';
import { postgresIsInstalled } from '../support/postgres-server.js';
import { redisIsInstalled, startRedis } from '../support/redis-server.js';
import { createInstallation } from '../support/switchyard.js';
import { until } from '../support/wait.js';
import { TIMES } from './harness/length.js';
import { newChance } from './harness/random.js';
import { openScene } from './harness/scene.js';
import { startSubscriber } from './harness/subscriber.js';

const FLAPS = 3 * TIMES;
const AGENTS = 3;
const LONGEST_MS = 400;

describe.skipIf(!postgresIsInstalled || !redisIsInstalled)(
  'with Redis flapping',
  { timeout: 90_000 * TIMES },
  () => {
    it('a subscriber on another node misses and doubles nothing', async () => {
      const chance = newChance();
      await using redis = await startRedis();
      const shared = { REDIS_URL: redis.url, SECRET_KEY: randomBytes(32).toString('base64') };
      await using scene = await openScene({ real: true, settings: shared });
      await using otherNode = await createInstallation({
        ...shared,
        DATABASE_URL: scene.databaseUrl ?? '',
      });
      const started = await otherNode.start();
      const { token } = scene.installation;
      const other = { ...started, token, api: createGraphqlClient(started.adminUrl, token) };
      const watcher = startSubscriber(() => other);
      try {
        await watcher.listening;
        // A first event says where to go on from.
        await until('the watcher follows', async () => {
          await scene.traffic.whole(1);
          return watcher.events.size > 0;
        });
        const before = scene.traffic.calls.length - watcher.events.size;
        const load = scene.traffic.load(AGENTS);
        for (let flap = 0; flap < FLAPS; flap++) {
          await new Promise((resolve) => setTimeout(resolve, chance.below(LONGEST_MS)));
          await redis.kill9();
          await new Promise((resolve) => setTimeout(resolve, chance.below(LONGEST_MS)));
          await redis.start();
        }
        await load.stop();
        const seen = { ...scene.traffic, calls: scene.traffic.calls.slice(before) };
        const replay = `replay with FAULT_SEED=${chance.seed}`;
        expect(await scene.audit(), replay).toEqual([]);
        await until('the watcher has seen them all', () => watcher.events.size >= seen.calls.length, 30_000);
        expect(watcher.repeated).toBe(0);
        const ids = new Set([...watcher.events.values()].map(({ requestId }) => requestId));
        expect(
          seen.calls.filter(({ requestId }) => !ids.has(requestId)),
          replay,
        ).toEqual([]);
      } finally {
        await watcher.stop();
        await started.stop();
      }
    });
  },
);
