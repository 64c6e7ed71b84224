import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  nameOf,
  type Bound,
  type Counter,
  type Seed,
  type Unseeded,
  type WindowCounter,
} from '../../../src/admission/counter.js';
import { createCounterBook } from '../../../src/admission/counter-book.js';
import { createFallbackCounters } from '../../../src/admission/fallback-counters.js';
import { createLocalCounters } from '../../../src/admission/local-counters.js';
import { systemClock } from '../../../src/domain/clock.js';
import { openRedisCounters, type RedisCounters } from '../../../src/admission/redis-counters.js';
import { NO_SCOPE, windowAt } from '../../../src/domain/limits.js';
import { planConnection, startTestGateway } from '../../support/gateway.js';
import { quietLogger } from '../../support/database.js';
import { startSimulatedProvider } from '../../support/providers/simulated-provider.js';
import { redisIsInstalled, startRedis, type RedisServer } from '../../support/redis-server.js';
import { until } from '../../support/wait.js';

let redis: RedisServer;
const opened: RedisCounters[] = [];
let owners = 0;

/** Counters of one process, which finds nothing used before unless told otherwise. */
function open(used = 0, leaseMs?: number): RedisCounters {
  const counters: RedisCounters = openRedisCounters({
    url: redis.url,
    owner: `test ${owners++}`,
    logger: quietLogger,
    onUnseeded: (waiting: readonly Unseeded[]) =>
      counters.seed(waiting.map(({ counter }): Seed => ({ counter, amount: used }))),
    ...(leaseMs !== undefined && { leaseMs }),
  });
  opened.push(counters);
  return counters;
}

const budgetOf = (accessKeyId: string, window: 'DAY' | 'TOTAL' = 'DAY'): WindowCounter => ({
  kind: 'WINDOW',
  workspaceId: 'ws_1',
  metric: 'COST_USD',
  scope: { ...NO_SCOPE, accessKeyId },
  ...windowAt(Date.now(), window),
});
const of = (counter: Counter, max: number, amount: number): Bound => ({ counter, max, amount });

/** Asks until it is known what was used before. */
async function ask(counters: RedisCounters, id: string, ...bounds: Bound[]) {
  return until('an answer', async () => {
    const answer = await counters.reserve({ id, bounds, unseeded: false });
    return answer.kind !== 'UNSEEDED' && answer;
  });
}

describe.skipIf(!redisIsInstalled)('counters in Redis', () => {
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    await Promise.all(opened.map((counters) => counters.close()));
    await redis?.[Symbol.asyncDispose]();
  });

  it('admit exactly as many of twenty requests at once over two nodes as a budget of five holds', async () => {
    const nodes = [open(), open()];
    const budget = budgetOf('twenty');
    await ask(open(), 'first', of(budget, 5, 0));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => ask(nodes[i % 2] ?? open(), `t${i}`, of(budget, 5, 1))),
    );
    expect(answers.filter(({ kind }) => kind === 'RESERVED')).toHaveLength(5);
    expect(answers.find(({ kind }) => kind === 'REFUSED')).toMatchObject({ held: true });
  });

  it('put the real figure in the place of the estimate, once', async () => {
    const [a, b] = [open(), open()];
    const budget = budgetOf('settled', 'TOTAL');
    await ask(a, 's1', of(budget, 10, 10));
    expect(await ask(b, 's2', of(budget, 10, 4))).toMatchObject({ kind: 'REFUSED', held: true });
    const settlement = { id: 's1', at: Date.now(), amounts: [{ counter: budget, amount: 6 }] };
    a.settle(settlement);
    a.settle(settlement);
    await until('it is settled', async () => (await ask(b, 's2', of(budget, 10, 4))).kind === 'RESERVED');
    b.settle({ id: 's2', at: Date.now(), amounts: [{ counter: budget, amount: 4 }] });
    await until('the budget is spent', async () => {
      const answer = await ask(a, 's3', of(budget, 10, 1));
      return answer.kind === 'REFUSED' && !answer.held && answer.retryAt > 8e15;
    });
  });

  it('begin with what was used before, whoever of several says it', async () => {
    const budget = budgetOf('seeded');
    const [a, b] = [open(4), open(4)];
    await Promise.all([ask(a, 'd1', of(budget, 5, 1)), ask(b, 'd2', of(budget, 5, 1))]);
    expect(await ask(a, 'd3', of(budget, 5, 1))).toMatchObject({ kind: 'REFUSED' });
  });

  it('let go of what a process set aside that does not say any more that it lives', async () => {
    const [dying, other] = [open(0, 150), open()];
    const budget = budgetOf('crash');
    const running = { kind: 'RUNNING', accessKeyId: 'crash' } as const;
    await ask(dying, 'c1', of(budget, 5, 5), of(running, 1, 1));
    expect((await ask(other, 'c2', of(budget, 5, 5), of(running, 1, 1))).kind).toBe('REFUSED');
    await dying.close();
    expect((await ask(other, 'c2', of(budget, 5, 5), of(running, 1, 1))).kind).toBe('RESERVED');
    // Its usage is recorded all the same, and counts once somebody says so.
    other.settle({ id: 'c1', at: Date.now(), amounts: [{ counter: budget, amount: 3 }] });
    other.settle({ id: 'c2', at: Date.now(), amounts: [{ counter: budget, amount: 2 }] });
    await until('both count', async () => {
      const answer = await ask(other, 'c3', of(budget, 5, 1));
      return answer.kind === 'REFUSED' && !answer.held;
    });
  });

  it('hold a rate over all nodes, and correct it by the real figure', async () => {
    const minute = { kind: 'MINUTE', metric: 'TOKENS', accessKeyId: 'rate' } as const;
    const [a, b] = [open(), open()];
    expect((await ask(a, 'm1', of(minute, 100, 90))).kind).toBe('RESERVED');
    const refused = await ask(b, 'm2', of(minute, 100, 20));
    expect(refused).toMatchObject({ kind: 'REFUSED', held: false });
    expect(refused.kind === 'REFUSED' && refused.retryAt - Date.now()).toBeGreaterThan(58_000);
    a.settle({ id: 'm1', at: Date.now(), amounts: [{ counter: minute, amount: 30 }] });
    await until('it is corrected', async () => (await ask(b, 'm2', of(minute, 100, 20))).kind === 'RESERVED');
  });

  it('let two gateways together serve exactly five of twenty requests', async () => {
    await using zai = await startSimulatedProvider('zai');
    const options = {
      connections: [planConnection(zai)],
      usageLimits: [
        { id: 'l', name: 'five', metric: 'REQUESTS', window: 'TOTAL', max: 5, reachedUntil: null },
      ] as const,
    };
    await using one = await startTestGateway({ ...options, counters: open() });
    await using two = await startTestGateway({ ...options, counters: open() });
    const body = JSON.stringify({ model: 'zai/glm-5.1', messages: [{ role: 'user', content: 'hi' }] });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => {
        const { url, key } = i % 2 === 0 ? one : two;
        const headers = { authorization: `Bearer ${key}` };
        return fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body });
      }),
    );
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(15);
  });

  it('hear late, and once, of requests that ended while Redis did not answer', async () => {
    const [a, b] = [open(), open()];
    const budget = budgetOf('paused');
    await ask(a, 'p1', of(budget, 10, 10));
    await using operator = await connectTo(redis.url);
    // Longer than a command is waited for: it is carried out all the same, without anybody hearing of it.
    await operator.client.call('CLIENT', 'PAUSE', '1500', 'ALL');
    a.settle({ id: 'p1', at: Date.now(), amounts: [{ counter: budget, amount: 4 }] });
    await expect(b.reserve({ id: 'p2', bounds: [of(budget, 10, 6)], unseeded: false })).rejects.toThrow();
    await until('Redis answers again', () => operator.client.ping());
    expect(await ask(b, 'p3', of(budget, 10, 6))).toEqual({ kind: 'RESERVED' });
    const standing = await operator.client.hget(`{switchyard}:c:${nameOf(budget)}`, 'settled');
    expect(standing).toBe('4');
  });

  it('are told again of an end that Redis refused', async () => {
    const counters = open(0, 300);
    const budget = budgetOf('full');
    await ask(counters, 'full1', of(budget, 10, 10));
    await using operator = await connectTo(redis.url);
    await operator.client.config('SET', 'maxmemory', '1');
    counters.settle({ id: 'full1', at: Date.now(), amounts: [{ counter: budget, amount: 4 }] });
    // In their order: this one is refused after it.
    await expect(
      counters.reserve({ id: 'full2', bounds: [of(budget, 10, 6)], unseeded: false }),
    ).rejects.toThrow('OOM');
    await operator.client.config('SET', 'maxmemory', '0');
    await until('it counts, and nothing is held', async () => {
      const answer = await counters.reserve({ id: 'full3', bounds: [of(budget, 10, 6)], unseeded: false });
      return answer.kind === 'RESERVED';
    });
    const settled = await operator.client.hget(`{switchyard}:c:${nameOf(budget)}`, 'settled');
    expect(settled).toBe('4');
  });

  it('count what nodes served alone while Redis was away, unless its data began anew since', async () => {
    const shared = open();
    const budget = budgetOf('away');
    await ask(shared, 'a1', of(budget, 10, 1));
    const end = { at: Date.now() + 1, amounts: [{ counter: budget, amount: 3 }] };
    shared.adopt({ id: 'alone', ...end });
    shared.adopt({ id: 'alone', ...end });
    const before = { ...end, at: 1 };
    shared.adopt({ id: 'before counting began, so recorded before', ...before });
    await using operator = await connectTo(redis.url);
    await until('it counts', async () => {
      const settled = await operator.client.hget(`{switchyard}:c:${nameOf(budget)}`, 'settled');
      return settled === '3';
    });
    expect(await ask(shared, 'a2', of(budget, 10, 7))).toMatchObject({ kind: 'REFUSED' });
    expect(await ask(shared, 'a3', of(budget, 10, 6))).toEqual({ kind: 'RESERVED' });
  });

  it('are left for those of the node while Redis is away, which begin with what is recorded by then', async () => {
    await using lone = await startRedis();
    const counters = openRedisCounters({
      url: lone.url,
      owner: 'flapping',
      logger: quietLogger,
      onUnseeded: (waiting) => counters.seed(waiting.map(({ counter }): Seed => ({ counter, amount: 0 }))),
    });
    opened.push(counters);
    let recorded = 0;
    const book = createCounterBook({
      clock: systemClock,
      onUnseeded: ({ counter }) => void setImmediate(() => book.seed({ counter, amount: recorded })),
    });
    const both = createFallbackCounters(counters, createLocalCounters(book, 'gateway'), quietLogger);
    const budget = budgetOf('flapping');
    const serve = (id: string, amount: number) =>
      until('an answer', async () => {
        const answer = await both.reserve({ id, bounds: [of(budget, 10, amount)], unseeded: false });
        if (answer.kind !== 'RESERVED') return answer.kind === 'REFUSED' && answer.kind;
        both.settle({ id, at: Date.now(), amounts: [{ counter: budget, amount }] });
        recorded += amount;
        return answer.kind;
      });
    expect(await serve('f1', 3)).toBe('RESERVED');
    await lone.kill9();
    expect(await serve('f2', 3)).toBe('RESERVED');
    expect(book.standing(budget).used, 'what was recorded before, and this').toBe(6);
    await lone.start();
    await until('Redis is back', () =>
      counters.reserve({ id: 'probe', bounds: [], unseeded: true }).then(
        () => true,
        () => false,
      ),
    );
    // Redis lost everything, and is told what was recorded before.
    const told = recorded;
    await until('it is asked about', async () => {
      const answer = await both.reserve({ id: 'f3', bounds: [of(budget, 10, 2)], unseeded: false });
      if (answer.kind === 'UNSEEDED') counters.seed([{ counter: budget, amount: told }]);
      return answer.kind === 'RESERVED';
    });
    both.settle({ id: 'f3', at: Date.now(), amounts: [{ counter: budget, amount: 2 }] });
    recorded += 2;
    await lone.kill9();
    expect(await serve('f4', 2), 'the node had not counted the third').toBe('RESERVED');
    expect(book.standing(budget).used).toBe(10);
    expect(await serve('f5', 1)).toBe('REFUSED');
  });
});

/** A client as an operator has it. */
async function connectTo(url: string) {
  const client = new Redis(url, { lazyConnect: true });
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => Promise.resolve(client.disconnect()) };
}
