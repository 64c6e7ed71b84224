/** Connections that take so many requests at a time: others find another way, or wait for a short while, in their order. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startChaoticProvider, type ChaoticProvider } from '../support/chaotic-provider.js';
import { startTestGateway, type TestGateway, type TestGatewayOptions } from '../support/gateway.js';
import { ask, errorIn, GLM } from '../support/routed.js';
import { until } from '../support/wait.js';

let one: ChaoticProvider;
let two: ChaoticProvider;
let gateway: TestGateway;
beforeEach(async () => {
  [one, two] = await Promise.all([startChaoticProvider('one'), startChaoticProvider('two')]);
  for (const provider of [one, two]) provider.hold(true);
});
afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await one[Symbol.asyncDispose]();
  await two[Symbol.asyncDispose]();
});

async function start(places: readonly number[], more: Partial<TestGatewayOptions> = {}): Promise<void> {
  gateway = await startTestGateway({
    connections: [one, two].slice(0, places.length).map(({ url }, index) => ({
      id: `c${index}`,
      provider: 'zai',
      offering: 'coding-plan',
      secret: 'key',
      baseUrl: url,
      models: ['glm-5.1'],
      formats: ['OPENAI_CHAT'],
      priority: index,
      maxConcurrency: places[index] ?? 1,
    })),
    ...more,
  });
}
const request = (n: number, signal?: AbortSignal) =>
  ask(gateway, {
    model: GLM,
    text: `I am req-${n}`,
    headers: { 'x-session-id': `s${n}` },
    ...(signal && { signal }),
  });
const order = (provider: ChaoticProvider) => provider.calls.map((call) => call.request);
const arrived = (provider: ChaoticProvider, count: number) =>
  until(`${count} calls arrive`, () => provider.calls.length === count);
/** Lets everything happen that can happen at once. */
const settle = async () => {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
};

it('what finds no place takes a free one further down before it waits', async () => {
  await start([2, 2]);
  const asked = [request(1), request(2), request(3)];
  await arrived(one, 2);
  await arrived(two, 1);
  one.hold(false);
  two.hold(false);
  for (const answer of await Promise.all(asked)) expect(answer.status).toBe(200);
  expect([one.peak, two.peak]).toEqual([2, 1]);
});

it('those that wait are served in their order, the first free place whoever’s it is', async () => {
  await start([1, 1]);
  const asked = [request(1), request(2)];
  await arrived(one, 1);
  await arrived(two, 1);
  for (const n of [3, 4, 5]) {
    asked.push(request(n));
    // In the queue before the next one asks.
    await until('it was begun', () => gateway.records.filter(({ kind }) => kind === 'begin').length === n);
    await settle();
  }
  expect(one.calls.length + two.calls.length).toBe(2);
  two.hold(false);
  for (const answer of await Promise.all(asked.slice(1))) expect(answer.status).toBe(200);
  expect(order(two)).toEqual(['req-2', 'req-3', 'req-4', 'req-5'].slice(0, two.calls.length));
  expect(order(two)).toHaveLength(4);
  one.hold(false);
  expect((await asked[0])?.status).toBe(200);
});

it('who waits too long is asked to come back shortly, and the answer says why', async () => {
  await start([1], { bounds: { placeWaitMs: 40 } });
  const first = request(1);
  await arrived(one, 1);
  for (const dialect of ['chat', 'messages', 'responses'] as const) {
    const refused = await ask(gateway, { model: GLM, dialect });
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1']);
    expect(errorIn(refused).message).toContain('at its bound');
  }
  expect(await gateway.end()).toMatchObject({
    status: 'REJECTED',
    attempts: [],
    failure: { class: 'RATE_LIMITED' },
  });
  one.hold(false);
  expect((await first).status).toBe(200);
  expect(one.calls).toHaveLength(1);
});

it('who leaves the queue is sent nowhere, and gives its turn to the next', async () => {
  await start([1]);
  const first = request(1);
  await arrived(one, 1);
  const leaving = new AbortController();
  const second = request(2, leaving.signal).catch(() => null);
  await until('it waits', () => gateway.records.filter(({ kind }) => kind === 'begin').length === 2);
  const third = request(3);
  await until('it waits', () => gateway.records.filter(({ kind }) => kind === 'begin').length === 3);
  leaving.abort();
  await second;
  expect(await gateway.end()).toMatchObject({ status: 'CANCELLED', attempts: [] });
  one.hold(false);
  expect((await first).status).toBe(200);
  expect((await third).status).toBe(200);
  expect(order(one)).toEqual(['req-1', 'req-3']);
});

it('a place is given back by whatever ends: an error, a caller that leaves, a broken stream', async () => {
  await start([1], { bounds: { placeWaitMs: 40 } });
  one.hold(false);
  for (const trouble of ['server error', 'reset', 'cut before content', 'error with 200'] as const) {
    one.setTrouble(() => trouble);
    expect((await request(0)).status).toBeGreaterThanOrEqual(500);
    gateway.reroute({ ...optionsNow(), cleared: ['c0'] });
  }
  one.setTrouble(() => 'none');
  one.hold(true);
  const before = one.calls.length;
  const leaving = new AbortController();
  const left = request(7, leaving.signal).catch(() => null);
  await arrived(one, before + 1);
  leaving.abort();
  await left;
  await until('the call is given up', () => one.open === 0);
  one.hold(false);
  expect((await request(8)).status).toBe(200);

  function optionsNow(): TestGatewayOptions {
    return {
      connections: [
        {
          id: 'c0',
          provider: 'zai',
          offering: 'coding-plan',
          secret: 'key',
          baseUrl: one.url,
          models: ['glm-5.1'],
          formats: ['OPENAI_CHAT'],
          maxConcurrency: 1,
        },
      ],
    };
  }
});

it('a queue has an end: whoever comes on top is refused at once', async () => {
  await start([1], { bounds: { placeWaitMs: 20_000, waitingMax: 2 } });
  const served = [request(1)];
  await arrived(one, 1);
  for (const n of [2, 3]) {
    served.push(request(n));
    await until('it waits', () => gateway.records.filter(({ kind }) => kind === 'begin').length === n);
    await settle();
  }
  const refused = await request(4);
  expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1']);
  one.hold(false);
  for (const answer of await Promise.all(served)) expect(answer.status).toBe(200);
});
