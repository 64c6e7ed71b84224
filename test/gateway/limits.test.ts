import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { afterEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../src/domain/clock.js';
import type { LimitScope } from '../../src/domain/limits.js';
import type { KeyLimits } from '../../src/routing/snapshot.js';
import { planConnection, startTestGateway, type TestGatewayOptions } from '../support/gateway.js';
import { startSimulatedProvider, type SimulatedProvider } from '../support/providers/simulated-provider.js';

const NO_LIMITS: KeyLimits = {
  budget: null,
  requestsPerMinute: null,
  tokensPerMinute: null,
  maxConcurrency: null,
};
const ALL_OF_IT = {
  provider: 'zai',
  connectionId: 'conn_paid',
  accessKeyId: 'key_TEST',
  tierId: 'tier_simple',
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

  it('are not passed by answers longer than usual, where the model says how long they may be', async () => {
    const cost = 10 * 1_000 + 2_000 * 2_000;
    const { chat } = await world({
      maxOutputTokens: 4_000,
      limits: { ...NO_LIMITS, budget: { nanoUsd: 5 * cost, window: 'MONTH' } },
    });
    const messages = [{ role: 'user', content: '[tokens in=10 out=2000]' }];
    const answers = await Promise.all(Array.from({ length: 20 }, () => chat({ messages })));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5);
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

  it('are told to the official SDKs as their own errors, and tried again only where that helps', async () => {
    const spent = { ...NO_LIMITS, budget: { nanoUsd: 1, window: 'MONTH' } } as const;
    const { gateway, chat } = await world({ limits: spent });
    expect((await chat()).status).toBe(200);
    let sent = 0;
    const counting: typeof fetch = (...args) => {
      sent += 1;
      return fetch(...args);
    };
    const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, fetch: counting });
    const messages = [{ role: 'user' as const, content: 'hi' }];
    const overBudget = await openai.chat.completions
      .create({ model: 'zai/glm-5.1', messages })
      .catch((error: unknown) => error);
    expect(overBudget).toBeInstanceOf(OpenAI.RateLimitError);
    expect(overBudget).toMatchObject({ code: 'insufficient_quota', type: 'insufficient_quota' });
    const anthropic = new Anthropic({ baseURL: gateway.url, apiKey: gateway.key, fetch: counting });
    const refused = await anthropic.messages
      .create({ model: 'zai/glm-5.1', max_tokens: 9, messages })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Anthropic.RateLimitError);
    expect(refused).toMatchObject({ error: { type: 'error', error: { type: 'rate_limit_error' } } });
    expect(sent, 'neither came back by itself').toBe(2);
  });

  it('let an SDK come back by itself once a place is free', async () => {
    const { gateway, chat } = await world({ limits: { ...NO_LIMITS, maxConcurrency: 1 } });
    const running = await chat({
      stream: true,
      messages: [{ role: 'user', content: '[frames 4 every 20ms]' }],
    });
    const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 5 });
    const answer = openai.chat.completions.create({
      model: 'zai/glm-5.1',
      messages: [{ role: 'user', content: 'hi' }],
    });
    await running.text();
    expect((await answer).choices).toHaveLength(1);
    expect(gateway.records.some((record) => record.kind === 'end' && record.status === 'REJECTED')).toBe(
      true,
    );
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

  const ofScope: readonly (readonly [string, Partial<LimitScope>, Partial<LimitScope>])[] = [
    ['the workspace', {}, { accessKeyId: 'key_OTHER' }],
    ['a provider', { provider: 'zai' }, { provider: 'kimi' }],
    ['a connection', { connectionId: 'conn_paid' }, { connectionId: 'conn_other' }],
    ['an access key', { accessKeyId: 'key_TEST' }, { accessKeyId: 'key_OTHER' }],
    ['a tier', { tierId: 'tier_simple' }, { tierId: 'tier_complex' }],
    ['all of them at once', { ...ALL_OF_IT }, { ...ALL_OF_IT, tierId: 'tier_complex' }],
  ];
  it.each(
    ofScope.flatMap(([of, scope, other]) =>
      (['REQUESTS', 'TOKENS', 'COST_USD'] as const).map((metric) => [metric, of, scope, other] as const),
    ),
  )('by %s of %s lets through what it says, and all that lies outside', async (metric, _, scope, other) => {
    const zai = await startSimulatedProvider('zai');
    disposables.push({ [Symbol.asyncDispose]: () => zai.close() });
    const tiers = ['simple', 'complex'].map((slug) => ({ slug, targets: ['zai/glm-5.1'] }));
    const connections = [{ ...connectionTo(zai, true), id: 'paid' }];
    // Two requests' worth: ten tokens in at 1 and five out at 2 millionths of a dollar each.
    const max = 2 * { REQUESTS: 1, TOKENS: 15, COST_USD: 20_000 }[metric];
    const statusesUnder = async (given: Partial<LimitScope>): Promise<number[]> => {
      const gateway = await startTestGateway({
        connections,
        tiers,
        usageLimits: [{ ...limit, metric, max, scope: given }],
      });
      disposables.push(gateway);
      const answers = await Promise.all(
        Array.from({ length: 4 }, () =>
          fetch(`${gateway.url}/v1/chat/completions`, {
            method: 'POST',
            headers: { authorization: `Bearer ${gateway.key}` },
            body: JSON.stringify({
              model: 'simple',
              messages: [{ role: 'user', content: '[tokens in=10 out=5]' }],
            }),
          }),
        ),
      );
      return answers.map(({ status }) => status).toSorted();
    };
    expect(await statusesUnder(other)).toEqual([200, 200, 200, 200]);
    expect(await statusesUnder(scope)).toEqual([200, 200, 429, 429]);
  });

  it('on a connection holds also for requests that fall back to it, all at the same moment', async () => {
    const [broken, paid] = await Promise.all([startSimulatedProvider('zai'), startSimulatedProvider('zai')]);
    disposables.push({
      [Symbol.asyncDispose]: () => Promise.all([broken.close(), paid.close()]).then(() => undefined),
    });
    const gateway = await startTestGateway({
      connections: [connectionTo(broken, false), { ...connectionTo(paid, true), priority: 1 }],
      usageLimits: [{ ...limit, connection: 1 }],
    });
    disposables.push(gateway);
    broken.setFault({ kind: 'status', status: 500 });
    const ask = () =>
      fetch(`${gateway.url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.key}` },
        body: JSON.stringify({ model: 'zai/glm-5.1', messages: [{ role: 'user', content: 'hi' }] }),
      });
    const answers = await Promise.all(Array.from({ length: 8 }, ask));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(2);
    expect(paid.requests.filter(({ path }) => path.includes('completions'))).toHaveLength(2);
  });

  it('lets through again when its window ends', async () => {
    let now = Date.UTC(2026, 10, 22, 23, 59);
    const clock: Clock = { now: () => now, monotonic: () => systemClock.monotonic() };
    const { chat } = await world({
      clock,
      usageLimits: [{ ...limit, window: 'HOUR', max: 3 }],
      limits: { ...NO_LIMITS, budget: { nanoUsd: 1, window: 'DAY' } },
    });
    const answers = async () => [await chat(), await chat()];
    const [first, second] = await answers();
    expect([first?.status, second?.status], 'the budget is spent by the first').toEqual([200, 429]);
    expect(second?.headers.get('retry-after'), 'until midnight').toBe('60');
    now += 60_000;
    expect(
      (await answers()).map(({ status }) => status),
      'there is a new one',
    ).toEqual([200, 429]);
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
