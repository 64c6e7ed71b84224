import { afterEach, describe, expect, it } from 'vitest';
import type { KeyLimits } from '../../src/routing/snapshot.js';
import { planConnection, startTestGateway, type TestGatewayOptions } from '../support/gateway.js';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';

const NO_LIMITS: KeyLimits = {
  budget: null,
  requestsPerMinute: null,
  tokensPerMinute: null,
  maxConcurrency: null,
};
const disposables: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of disposables.splice(0).toReversed()) await one[Symbol.asyncDispose]();
});

async function world(options: Omit<TestGatewayOptions, 'connections'>, metered = true) {
  const zai = await startSimulatedProvider('zai');
  disposables.push({ [Symbol.asyncDispose]: () => zai.close() });
  const gateway = await startTestGateway({ connections: [connectionTo(zai, metered)], ...options });
  disposables.push(gateway);
  const post = (path: string, body: object): Promise<Response> =>
    fetch(`${gateway.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const chat = (more: object = {}): Promise<Response> =>
    post('/v1/chat/completions', {
      model: 'zai/glm-5.1',
      messages: [{ role: 'user', content: 'hello' }],
      ...more,
    });
  return { zai, gateway, chat, post };
}

function connectionTo(zai: SimulatedProvider, metered: boolean) {
  return { ...planConnection(zai), ...(metered && { offering: 'api' }) };
}

/** What one answer of the simulated provider costs at the test's list price, in nano-dollars. */
async function costOfOne(): Promise<number> {
  const { gateway, chat } = await world({});
  await (await chat()).text();
  const [attempt] = (await gateway.end()).attempts;
  const { input, output } = attempt?.tokens ?? { input: 0, output: 0 };
  return input * 1_000 + output * 2_000;
}

describe('the limits of a key', () => {
  it('let exactly five of twenty requests at once through a budget of five, whatever was estimated', async () => {
    const cost = await costOfOne();
    expect(cost).toBeGreaterThan(0);
    const { gateway, chat, zai } = await world({
      limits: { ...NO_LIMITS, budget: { nanoUsd: 5 * cost, window: 'MONTH' } },
    });
    const answers = await Promise.all(Array.from({ length: 20 }, () => chat()));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(15);
    expect(zai.requests.filter(({ path }) => path.includes('completions'))).toHaveLength(5);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.headers.get('x-should-retry')).toBe('false');
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused?.json()).toMatchObject({ error: { code: 'insufficient_quota' } });
    const ends = gateway.records.filter((record) => record.kind === 'end');
    const rejected = ends.filter(({ status }) => status === 'REJECTED');
    expect(rejected).toHaveLength(15);
    expect(rejected.every(({ attempts }) => attempts.length === 0)).toBe(true);
  });

  it('cost a plan nothing', async () => {
    const { chat } = await world({ limits: { ...NO_LIMITS, budget: { nanoUsd: 1, window: 'DAY' } } }, false);
    for (let i = 0; i < 3; i++) expect((await chat()).status).toBe(200);
  });

  it('refuse requests past the rate in the dialect of the caller, with the time to come back', async () => {
    const { chat, post } = await world({ limits: { ...NO_LIMITS, requestsPerMinute: 3 } });
    const answers = await Promise.all(Array.from({ length: 10 }, () => chat()));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
    const refused = await chat();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeLessThanOrEqual(61);
    expect(refused.headers.get('x-should-retry')).toBeNull();
    expect(await refused.json()).toMatchObject({ error: { code: 'rate_limit_exceeded' } });
    const message = await post('/v1/messages', {
      model: 'zai/glm-5.1',
      max_tokens: 10,
      messages: [{ role: 'user', content: 'hello' }],
    });
    expect(message.status).toBe(429);
    expect(await message.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } });
  });

  it('count tokens per minute by the real figures', async () => {
    const { chat } = await world({ limits: { ...NO_LIMITS, tokensPerMinute: 1_000 } });
    // Set aside are 500 each: two fit at once, and more once it is known how little they took.
    expect((await chat()).status).toBe(200);
    expect((await chat()).status).toBe(200);
    expect((await chat()).status).toBe(200);
    expect((await chat({ max_tokens: 5_000 })).status).toBe(429);
  });

  it('bound the requests of a key at a time', async () => {
    const { chat } = await world({ limits: { ...NO_LIMITS, maxConcurrency: 2 } });
    const slow = { stream: true, messages: [{ role: 'user', content: '[frames 10 every 20ms]' }] };
    const answers = await Promise.all(Array.from({ length: 6 }, () => chat(slow)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
    await Promise.all(answers.map((answer) => answer.text()));
    expect((await chat()).status).toBe(200);
  });
});

describe('a limit that blocks', () => {
  const limit = {
    id: 'lim_1',
    name: 'small',
    metric: 'REQUESTS',
    window: 'DAY',
    max: 2,
    reachedUntil: null,
  } as const;

  it('refuses the workspace past its number of requests', async () => {
    const { chat } = await world({ usageLimits: [limit] });
    const statuses = (await Promise.all(Array.from({ length: 8 }, () => chat()))).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(2);
    const refused = await chat();
    expect(await refused.text()).toContain('the limit \\"small\\" today');
  });

  it('on a connection sends requests another way as long as there is one', async () => {
    const zai = await startSimulatedProvider('zai');
    disposables.push({ [Symbol.asyncDispose]: () => zai.close() });
    const gateway = await startTestGateway({
      connections: [connectionTo(zai, false), { ...connectionTo(zai, true), priority: 1 }],
      usageLimits: [{ ...limit, connection: 0 }],
    });
    disposables.push(gateway);
    const ask = () =>
      fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.key}` },
        body: JSON.stringify({ model: 'zai/glm-5.1', messages: [{ role: 'user', content: 'hi' }] }),
      });
    const offerings: (string | null)[] = [];
    for (let i = 0; i < 4; i++) {
      const answer = await ask();
      expect(answer.status).toBe(200);
      await answer.text();
      offerings.push(answer.headers.get('x-switchyard-offering'));
    }
    expect(new Set(offerings.slice(0, 2)).size).toBe(1);
    expect(offerings[2]).not.toBe(offerings[0]);
    expect(offerings[3]).toBe(offerings[2]);
  });

  it('refuses while what is no sum was found reached, until its window ends', async () => {
    const rate = { ...limit, metric: 'FAILURE_RATE', max: 0 } as const;
    const open = await world({ usageLimits: [{ ...rate, reachedUntil: Date.now() - 1 }] });
    expect((await open.chat()).status).toBe(200);
    const closed = await world({ usageLimits: [{ ...rate, reachedUntil: Date.now() + 60_000 }] });
    expect((await closed.chat()).status).toBe(429);
  });
});
