/** Where conversations are, shared through a real Redis: found by other gateways, never waited for, never missed when it is away. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, it } from 'vitest';
import { openRedisAffinities, type RedisAffinities } from '../../src/gateway/redis-affinities.js';
import { systemClock } from '../../src/domain/clock.js';
import { quietLogger } from '../support/database.js';
import { redisIsInstalled, startRedis } from '../support/redis-server.js';
import { ask, GLM, handClock, KIMI, servedBy, startRoutedWorld } from '../support/routed.js';
import { until } from '../support/wait.js';

const HOME = { connectionId: 'conn_1', modelRef: 'zai/glm-5.1', tierSlug: 'complex' };
const HOUR_MS = 3_600_000;
const opened: RedisAffinities[] = [];
afterEach(() => {
  for (const affinities of opened.splice(0)) affinities.close();
});
function open(url: string, answerMs = 2_000): RedisAffinities {
  const affinities = openRedisAffinities({ url, clock: systemClock, logger: quietLogger, answerMs });
  opened.push(affinities);
  return affinities;
}
/** Says it again until it is there, as gateways do that have just started. */
async function share(affinities: RedisAffinities, conversation: string): Promise<void> {
  await until('it is shared', async () => {
    affinities.set(conversation, HOME, HOUR_MS);
    return (await affinities.get(conversation)) !== null;
  });
}

describe.skipIf(!redisIsInstalled)('with Redis', () => {
  it('what one gateway remembers another one finds, under a name of its own, for as long as it counts', async () => {
    await using redis = await startRedis();
    const one = open(redis.url);
    const two = open(redis.url);
    await share(one, 'talk');
    expect(await until('the other is connected', () => two.get('talk'))).toEqual(HOME);
    expect(await two.get('another')).toBeNull();
    const client = new Redis(redis.url);
    expect(await client.keys('*')).toEqual(['switchyard:affinity:talk']);
    const left = await client.pttl('switchyard:affinity:talk');
    expect(left).toBeGreaterThan(HOUR_MS - 60_000);
    expect(left).toBeLessThanOrEqual(HOUR_MS);
    for (const foreign of ['{}', 'nonsense', '[1,2]', '[]']) {
      await client.set('switchyard:affinity:talk', foreign);
      expect(await two.get('talk')).toBeNull();
    }
    client.disconnect();
  });

  it('a Redis that dies is not waited for, and used again when it is back', async () => {
    await using redis = await startRedis();
    const affinities = open(redis.url);
    await share(affinities, 'talk');
    await redis.kill9();
    const startedAt = performance.now();
    for (let n = 0; n < 100; n++) {
      affinities.set('talk', HOME, HOUR_MS);
      expect(await affinities.get('talk')).toBeNull();
    }
    expect(performance.now() - startedAt).toBeLessThan(500);
    await redis.start();
    await share(affinities, 'talk');
  });

  it('two gateways keep a conversation where the last of them moved it, and serve without Redis as with it', async () => {
    await using redis = await startRedis();
    await using world = await startRoutedWorld();
    const clock = handClock();
    const tiers = [{ slug: 'any', targets: [GLM, KIMI] }];
    const [first, second] = [open(redis.url), open(redis.url)];
    await share(first, 'warm');
    await share(second, 'warm');
    const one = await world.gateway({ clock, tiers, sharedAffinities: first });
    const two = await world.gateway({ clock, tiers, sharedAffinities: second });
    const talk = { model: 'any', headers: { 'x-session-id': 'talk' } };
    world.providers['zai-one'].setFault({ kind: 'refuse', failure: 'rate-limit', times: 1 });
    expect(servedBy(await ask(one, talk))).toBe('zai-two');
    expect(servedBy(await ask(two, talk))).toBe('zai-two');
    await redis.kill9();
    expect(servedBy(await ask(two, talk))).toBe('zai-two');
    expect((await ask(two, { model: 'any', text: 'something else' })).status).toBe(200);
  });

  it('a Redis that falls silent costs one short wait a second, not one for each request', async () => {
    await using redis = await startRedis();
    await using line = await startLine(Number(new URL(redis.url).port));
    let now = 0;
    const clock = { now: () => now, monotonic: () => now };
    const affinities = openRedisAffinities({ url: line.url, clock, logger: quietLogger, answerMs: 100 });
    opened.push(affinities);
    await share(affinities, 'talk');
    line.cut();
    const waits = async (): Promise<number> => {
      const startedAt = performance.now();
      for (let n = 0; n < 50; n++) expect(await affinities.get('talk')).toBeNull();
      return performance.now() - startedAt;
    };
    const first = await waits();
    expect(first).toBeGreaterThan(90);
    expect(first).toBeLessThan(1_000);
    expect(await waits()).toBeLessThan(90);
    now += 1_001;
    expect(await waits()).toBeGreaterThan(90);
  });
});

it('a Redis that is not there at all fails nothing', async () => {
  const affinities = open('redis://127.0.0.1:1');
  affinities.set('talk', HOME, HOUR_MS);
  expect(await affinities.get('talk')).toBeNull();
});

/** A line to a server that can go dead without breaking. */
async function startLine(port: number): Promise<AsyncDisposable & { readonly url: string; cut(): void }> {
  let dead = false;
  const sockets: Socket[] = [];
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => undefined);
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => {
      if (!dead) near.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      dead = true;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
