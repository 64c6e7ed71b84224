/** In which order the ways to serve a request are tried, when the next one is, and when none is any more. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TargetStrategy } from '../../src/domain/vocabulary.js';
import type { TestTier } from '../support/gateway.js';
import {
  AIR,
  ask,
  errorIn,
  GLM,
  handClock,
  KIMI,
  PAID,
  servedBy,
  startRoutedWorld,
  type RoutedWorld,
} from '../support/routed.js';

let world: RoutedWorld;
beforeAll(async () => {
  world = await startRoutedWorld();
});
afterEach(() => world.reset());
afterAll(() => world[Symbol.asyncDispose]());

describe('the order of attempts', () => {
  const HOUR = 3_600_000;
  const clock = handClock();
  const window = (usedFraction: number, hours: number) => ({
    name: 'weekly',
    windowSeconds: 7 * 24 * 3600,
    unit: 'SHARE' as const,
    limit: null,
    used: null,
    usedFraction,
    resetsAt: clock.now() + hours * HOUR,
    source: 'REPORTED' as const,
    observedAt: clock.now(),
  });
  const TARGETS = [PAID, GLM, KIMI];

  it.each<[TargetStrategy, readonly string[]]>([
    ['ORDERED', ['paid', 'zai-one', 'zai-two', 'kimi']],
    ['SUBSCRIPTION_FIRST', ['zai-one', 'zai-two', 'kimi', 'paid']],
    // Of kimi most goes to waste an hour; the other two are used up faster than time passes, the first one more so.
    ['EXPIRING_FIRST', ['kimi', 'zai-two', 'zai-one', 'paid']],
    ['PACED', ['kimi', 'paid', 'zai-two', 'zai-one']],
    ['LOWEST_COST', ['zai-one', 'zai-two', 'kimi', 'paid']],
  ])('is that of %s, in which every one is really asked', async (strategy, expected) => {
    const gateway = await world.gateway(
      { clock, tiers: [{ slug: 'any', targets: TARGETS, strategy }] },
      {
        'zai-one': { quota: [window(0.9, 120)] },
        'zai-two': { quota: [window(0.8, 100)] },
        kimi: { quota: [window(0.1, 24)] },
      },
    );
    for (const provider of Object.values(world.providers)) provider.setFault({ kind: 'status', status: 503 });
    const answer = await ask(gateway, { model: 'any' });
    expect(answer.status).toBe(503);
    const { attempts } = await gateway.end();
    expect(attempts.map((attempt) => attempt.connectionId.replace('conn_', ''))).toEqual(expected);
    expect(answer.headers['x-switchyard-attempts']).toBe('4');
    expect(answer.headers['x-should-retry']).toBe('false');
  });

  it('of LOWEST_LATENCY is that of what was measured', async () => {
    const gateway = await world.gateway({
      tiers: [{ slug: 'any', targets: [KIMI, PAID], strategy: 'LOWEST_LATENCY' }],
    });
    world.providers.kimi.setFault({ kind: 'delay', ms: 60 });
    const used = async (session: string) =>
      servedBy(await ask(gateway, { model: 'any', stream: true, headers: { 'x-session-id': session } }));
    expect(await used('a')).toBe('kimi');
    expect(await used('b')).toBe('paid');
    expect(await used('c')).toBe('paid');
  });

  it('has every connection of one model before another model, then the fallback tier', async () => {
    const gateway = await world.gateway({
      tiers: [
        { slug: 'first', targets: [GLM], fallback: 'second' },
        { slug: 'second', targets: [KIMI] },
      ],
    });
    world.providers['zai-one'].setFault({ kind: 'refuse', failure: 'rate-limit' });
    const two = await ask(gateway, { model: 'first' });
    expect(servedBy(two)).toBe('zai-two');
    expect(two.headers['x-switchyard-passed-over']).toBe('zai/coding-plan RATE_LIMITED');
    world.providers['zai-two'].setFault({ kind: 'refuse', failure: 'weekly-wall' });
    const fallback = await ask(gateway, { model: 'first', headers: { 'x-session-id': 'new' } });
    const { 'x-switchyard-tier': tier, 'x-switchyard-reason': reason } = fallback.headers;
    expect([servedBy(fallback), tier, reason]).toEqual(['kimi', 'first', 'tier_named']);
    expect(fallback.headers['x-switchyard-passed-over']).toMatch(
      /zai\/coding-plan COOLING_DOWN.*QUOTA_EXHAUSTED/,
    );
  });

  it('is that of its targets where they name a connection or a way to pay', async () => {
    const gateway = await world.gateway({
      tiers: [
        { slug: 'pinned', targets: [{ model: GLM, connection: 'zai-two' }] },
        {
          slug: 'bought',
          targets: [
            { model: GLM, billing: 'METERED' },
            { model: PAID, billing: 'METERED' },
          ],
        },
      ],
    });
    expect(servedBy(await ask(gateway, { model: 'pinned' }))).toBe('zai-two');
    expect(servedBy(await ask(gateway, { model: 'bought' }))).toBe('paid');
  });
});

describe('trying again', () => {
  const tier = (more: Partial<TestTier> = {}): readonly TestTier[] => [
    { slug: 'any', targets: [GLM, KIMI, PAID], ...more },
  ];
  const calls = (): number[] =>
    (['zai-one', 'zai-two', 'kimi', 'paid'] as const).map((name) => world.providers[name].requests.length);

  it('happens on the classes the tier names and no others', async () => {
    const gateway = await world.gateway({ tiers: tier({ retryOn: ['RATE_LIMITED'] }) });
    world.providers['zai-one'].setFault({ kind: 'status', status: 500, body: 'oops' });
    const answer = await ask(gateway, { model: 'any' });
    expect(answer.status).toBe(502);
    expect(answer.headers['x-should-retry']).toBeUndefined();
    expect(calls()).toEqual([1, 0, 0, 0]);
  });

  it('ends with the tier’s number of attempts', async () => {
    const gateway = await world.gateway({ tiers: tier({ maxAttempts: 2 }) });
    for (const provider of Object.values(world.providers)) provider.setFault({ kind: 'status', status: 500 });
    expect((await ask(gateway, { model: 'any' })).status).toBe(502);
    expect(calls()).toEqual([1, 1, 0, 0]);
  });

  it.each(['bad-parameter', 'unsafe-content'])(
    'never follows a mistake of the caller: %s',
    async (failure) => {
      const gateway = await world.gateway({ tiers: tier() });
      world.providers['zai-one'].setFault({ kind: 'refuse', failure });
      expect((await ask(gateway, { model: 'any' })).status).toBe(400);
      expect(calls()).toEqual([1, 0, 0, 0]);
    },
  );

  it('never follows content: what breaks in mid-answer stays broken', async () => {
    const gateway = await world.gateway({ tiers: tier() });
    world.providers['zai-one'].setFault({ kind: 'cut', afterFrames: 4 });
    const answer = await ask(gateway, { model: 'any', stream: true, text: '[frames 8]' });
    expect(answer.text).toContain('word-1');
    expect(answer.text).toContain('"error"');
    expect(calls()).toEqual([1, 0, 0, 0]);
  });

  it('moves what is too long to larger windows only, and never back to one as small', async () => {
    const gateway = await world.gateway({
      tiers: [{ slug: 'any', targets: [GLM, KIMI, AIR, PAID] }],
      facts: {
        [GLM]: { contextWindow: 128_000 },
        [KIMI]: { contextWindow: 1_000_000 },
        [AIR]: { contextWindow: 64_000 },
        [PAID]: { contextWindow: 200_000 },
      },
    });
    world.providers['zai-one'].setFault({ kind: 'refuse', failure: 'prompt-too-long' });
    world.providers.kimi.setFault({ kind: 'status', status: 500 });
    const answer = await ask(gateway, { model: 'any' });
    // Not the other connection of the same model, and after the failure of the large one not the smaller one.
    expect(servedBy(answer)).toBe('paid');
    expect(calls()).toEqual([1, 0, 1, 1]);
  });

  it('leaves what is certainly too long to larger windows without asking', async () => {
    const gateway = await world.gateway({
      tiers: tier(),
      facts: { [GLM]: { contextWindow: 1_000 }, [KIMI]: { contextWindow: 2_000 } },
    });
    const answer = await ask(gateway, { model: 'any', text: 'word '.repeat(4_000) });
    expect(servedBy(answer)).toBe('paid');
    expect(answer.headers['x-switchyard-passed-over']).toContain('CONTEXT_TOO_LONG');
    expect(calls()).toEqual([0, 0, 0, 1]);
  });

  it('passes over what lacks an ability, but takes no field of a tool for a picture', async () => {
    const gateway = await world.gateway({
      tiers: tier(),
      facts: { [GLM]: { capabilities: ['TOOLS'] }, [KIMI]: { capabilities: ['TOOLS', 'VISION'] } },
    });
    const picture = { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } };
    const seen = await ask(gateway, {
      model: 'any',
      body: { messages: [{ role: 'user', content: [{ type: 'text', text: 'what is it?' }, picture] }] },
    });
    expect(servedBy(seen)).toBe('kimi');
    expect(seen.headers['x-switchyard-passed-over']).toContain('CAPABILITY_MISSING');
    const properties = { image: { type: 'string' }, image_url: { type: 'string' } };
    const parameters = { type: 'object', properties };
    const tools = [{ type: 'function', function: { name: 'draw', parameters } }];
    const plain = await ask(gateway, { model: 'any', body: { tools }, headers: { 'x-session-id': 'tools' } });
    expect(servedBy(plain)).toBe('zai-one');
  });

  it('ends when the caller’s patience would: the deadline holds over all attempts and for answers that trickle', async () => {
    const gateway = await world.gateway({ tiers: tier(), bounds: { deadlineMs: 300 } });
    world.providers['zai-one'].setFault({ kind: 'drip', bytes: 1, everyMs: 50 });
    world.providers['zai-two'].setFault({ kind: 'delay', ms: 60_000 });
    const startedAt = performance.now();
    const answer = await ask(gateway, { model: 'any' });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(answer.status).toBe(504);
    expect(errorIn(answer).message).toContain('within the time');
    expect(calls()).toEqual([1, 0, 0, 0]);
    // Streams are measured by their first content: from then on they may take as long as they take.
    world.providers['zai-two'].setFault(null);
    const slow = await ask(gateway, {
      model: 'any',
      stream: true,
      text: '[frames 8 every 70ms]',
      headers: { 'x-session-id': 'slow' },
      body: { model: 'kimi/k3' },
    });
    expect(slow.text).toContain('word-8');
  });
});

describe('a table that changes in mid-request', () => {
  it('drops nothing: what runs is finished by the old one, what comes goes by the new one', async () => {
    const gateway = await world.gateway({ tiers: [{ slug: 'any', targets: [GLM] }] });
    const running = ask(gateway, { model: 'any', stream: true, text: '[frames 20 every 20ms]' });
    await world.providers['zai-one'].waitForRequest(() => true);
    gateway.reroute(world.options({ tiers: [{ slug: 'any', targets: [KIMI] }] }));
    const after = await ask(gateway, { model: 'any', headers: { 'x-session-id': 'other' } });
    expect(servedBy(after)).toBe('kimi');
    const answer = await running;
    expect([answer.status, answer.broken, servedBy(answer)]).toEqual([200, false, 'zai-one']);
    expect(answer.text).toContain('word-20');
  });
});
