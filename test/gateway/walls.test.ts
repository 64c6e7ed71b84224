/** What callers meet when providers refuse: where they are sent instead, and what they are told when there is nowhere. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TestTier } from '../support/gateway.js';
import {
  ask,
  DIALECTS,
  errorIn,
  GLM,
  handClock,
  KIMI,
  servedBy,
  startRoutedWorld,
  type ConnectionName,
  type DialectName,
  type HandClock,
  type RoutedWorld,
} from '../support/routed.js';

const MINUTE = 60_000;
let clock: HandClock;
let world: RoutedWorld;
beforeEach(async () => {
  clock = handClock();
  world = await startRoutedWorld({ now: () => clock.now() });
});
afterEach(() => world[Symbol.asyncDispose]());

const ANY: readonly TestTier[] = [{ slug: 'any', targets: [GLM, KIMI] }];
const limited = (seconds: number) =>
  ({
    kind: 'status',
    status: 429,
    body: { error: { code: '1302', message: 'High concurrency usage of this API' } },
    headers: { 'retry-after': String(seconds) },
  }) as const;
const calls = (name: ConnectionName): number => world.providers[name].requests.length;
const start = () => world.gateway({ clock, tiers: ANY });

describe('a wall', () => {
  it('is run into once: others go past it, until one finds that it is gone', async () => {
    const gateway = await start();
    const { 'zai-one': one } = world.providers;
    one.setFault({ ...limited(60), times: 1 });
    expect(servedBy(await ask(gateway, { model: 'any' }))).toBe('zai-two');
    for (let session = 0; session < 5; session++) {
      const answer = await ask(gateway, { model: 'any', headers: { 'x-session-id': `s${session}` } });
      expect(servedBy(answer)).toBe('zai-two');
      expect(answer.headers['x-switchyard-passed-over']).toBe('zai/coding-plan COOLING_DOWN');
    }
    expect(calls('zai-one')).toBe(1);
    // The first was an attempt, which is recorded as such.
    const [tried, passed] = gateway.records.filter((record) => record.kind === 'end');
    expect(tried).toMatchObject({ attempts: [{ failure: { class: 'RATE_LIMITED' } }, { failure: null }] });
    expect(tried).not.toHaveProperty('passedOver');
    expect(passed?.passedOver).toEqual([
      { modelRef: GLM, offering: 'zai/coding-plan', connectionId: 'conn_zai-one', reason: 'COOLING_DOWN' },
    ]);
    clock.advance(62_000);
    expect(servedBy(await ask(gateway, { model: 'any', headers: { 'x-session-id': 'later' } }))).toBe(
      'zai-one',
    );
    expect(gateway.cooldownChanges.map(({ kind }) => kind)).toEqual(['began', 'ended']);
  });

  it('is found gone by one request, while the others go elsewhere', async () => {
    const gateway = await start();
    const { 'zai-one': one } = world.providers;
    one.setFault({ ...limited(60), times: 1 });
    await ask(gateway, { model: 'any' });
    clock.advance(62_000);
    one.setFault({ kind: 'delay', ms: 100 });
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        ask(gateway, { model: 'any', headers: { 'x-session-id': `p${n}` } }),
      ),
    );
    expect(answers.filter((answer) => servedBy(answer) === 'zai-one')).toHaveLength(1);
    expect(answers.filter((answer) => servedBy(answer) === 'zai-two')).toHaveLength(7);
    expect(calls('zai-one')).toBe(2);
  });

  it('of the plan lasts as long as the provider says, in its own words', async () => {
    const gateway = await start();
    const { 'zai-one': one } = world.providers;
    const { limit, resetsAt } = one.quota.window('5h');
    one.quota.set('5h', limit);
    const spilled = await ask(gateway, { model: 'any' });
    expect(servedBy(spilled)).toBe('zai-two');
    expect(spilled.headers['x-switchyard-passed-over']).toBe('zai/coding-plan QUOTA_EXHAUSTED');
    const [change] = gateway.cooldownChanges;
    expect(change).toMatchObject({ kind: 'began', cooldown: { class: 'QUOTA_EXHAUSTED', modelRef: null } });
    clock.advance(resetsAt - clock.now() - 5_000);
    expect(servedBy(await ask(gateway, { model: 'any', headers: { 'x-session-id': 'early' } }))).toBe(
      'zai-two',
    );
    clock.advance(10_000);
    expect(servedBy(await ask(gateway, { model: 'any', headers: { 'x-session-id': 'later' } }))).toBe(
      'zai-one',
    );
  });

  it('ends when the table says that an operator forgot it, and a disabled connection is used no more', async () => {
    const gateway = await start();
    world.providers['zai-one'].setFault({ ...limited(3600), times: 1 });
    await ask(gateway, { model: 'any' });
    clock.advance(1);
    const options = world.options({ clock, tiers: ANY });
    gateway.reroute({ ...options, cleared: ['zai-one'] });
    expect(servedBy(await ask(gateway, { model: 'any', headers: { 'x-session-id': 'a' } }))).toBe('zai-one');
    gateway.reroute({ ...options, connections: options.connections.filter(({ id }) => id !== 'zai-one') });
    expect(servedBy(await ask(gateway, { model: 'any', headers: { 'x-session-id': 'a' } }))).toBe('zai-two');
  });
});

describe('when everything is held back', () => {
  it.each(Object.keys(DIALECTS) as DialectName[])(
    'callers of %s are told by whom, until when, and when to come back: the first time something opens',
    async (dialect) => {
      const gateway = await start();
      world.providers['zai-one'].setFault(limited(30));
      world.providers['zai-two'].setFault(limited(600));
      world.providers.kimi.setFault({ kind: 'refuse', failure: 'weekly-wall' });
      const last = await ask(gateway, { model: 'any', dialect });
      // The last one that was asked knows nothing better than a quarter of an hour; the first opens after half a minute.
      expect(last.status).toBe(429);
      expect(last.headers['retry-after']).toBe('30');
      expect(last.headers['x-should-retry']).toBe('false');
      expect(last.headers['x-switchyard-passed-over']).toBe(
        'zai/coding-plan RATE_LIMITED, kimi/coding-plan QUOTA_EXHAUSTED',
      );
      clock.advance(10_000);
      const again = await ask(gateway, { model: 'any', dialect });
      expect([again.status, again.headers['retry-after']]).toEqual([429, '20']);
      expect(again.headers['x-switchyard-tier']).toBe('any');
      const { message } = errorIn(again);
      expect(message).toContain(
        `${GLM} through zai/coding-plan (RATE_LIMITED until 2026-08-12T08:00:30.000Z)`,
      );
      expect(message).toContain(`${KIMI} through kimi/coding-plan (QUOTA_EXHAUSTED until`);
      expect(calls('kimi')).toBe(1);
      const end = await gateway.end(1);
      expect(end).toMatchObject({ status: 'REJECTED', attempts: [], failure: { class: 'RATE_LIMITED' } });
      expect(end.failure?.retryAt).toBe(clock.now() + 20_000);
    },
  );

  it('a refused key does not hide that something else will open by itself', async () => {
    const gateway = await start();
    world.providers['zai-one'].setFault({ kind: 'refuse', failure: 'bad-key' });
    world.providers['zai-two'].setFault(limited(45 * 60));
    world.providers.kimi.setFault({ kind: 'refuse', failure: 'bad-key' });
    await ask(gateway, { model: 'any' });
    const answer = await ask(gateway, { model: 'any' });
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, String(45 * 60)]);
  });

  it('a refused key alone is no 401: the caller’s own is fine', async () => {
    const gateway = await start();
    for (const name of ['zai-one', 'zai-two', 'kimi'] as const) {
      world.providers[name].setFault({ kind: 'refuse', failure: 'bad-key' });
    }
    await ask(gateway, { model: 'any' });
    const answer = await ask(gateway, { model: 'any' });
    expect(answer.status).toBe(502);
    expect(errorIn(answer).message).toContain('AUTHENTICATION');
  });

  it('while one finds out whether it still is, the others are asked back in a second, not after the longest wait', async () => {
    const gateway = await start();
    const { kimi } = world.providers;
    kimi.setFault({ ...limited(60), times: 1 });
    await ask(gateway, { model: KIMI });
    clock.advance(62_000);
    kimi.setFault({ kind: 'delay', ms: 200 });
    kimi.clearRequests();
    const probe = ask(gateway, { model: KIMI });
    await kimi.waitForRequest(() => true);
    const other = await ask(gateway, { model: KIMI });
    expect([other.status, other.headers['retry-after']]).toEqual([429, '1']);
    expect((await probe).status).toBe(200);
  });

  it('by faults, the one that recovers first is tried all the same', async () => {
    const gateway = await start();
    const fail = (name: ConnectionName) => world.providers[name].setFault({ kind: 'status', status: 500 });
    fail('zai-one');
    fail('zai-two');
    fail('kimi');
    for (let n = 0; n < 3; n++) await ask(gateway, { model: 'any', headers: { 'x-session-id': `f${n}` } });
    expect(gateway.cooldownChanges.map(({ kind }) => kind)).toEqual(['began', 'began', 'began']);
    world.providers['zai-two'].setFault(null);
    const answer = await ask(gateway, { model: 'any', headers: { 'x-session-id': 'last' } });
    expect(servedBy(answer)).toBe('zai-two');
  });

  it('and by a quota that was read, not met, it is tried all the same', async () => {
    const quota = [
      {
        name: '5h',
        windowSeconds: 18_000,
        unit: 'SHARE' as const,
        limit: null,
        used: null,
        usedFraction: 1,
        resetsAt: clock.now() + 10 * MINUTE,
        source: 'REPORTED' as const,
        observedAt: clock.now(),
      },
    ];
    const gateway = await world.gateway(
      { clock, tiers: [{ slug: 'plan', targets: [KIMI] }] },
      { kimi: { quota } },
    );
    const answer = await ask(gateway, { model: 'plan' });
    expect(servedBy(answer)).toBe('kimi');
    expect(answer.headers['x-switchyard-passed-over']).toBe('kimi/coding-plan QUOTA_EXHAUSTED');
    // The window says until when, where the refusal does not.
    world.providers.kimi.setFault({ kind: 'refuse', failure: 'five-hour-wall' });
    const refused = await ask(gateway, { model: 'plan' });
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '600']);
  });
});

describe('retry-after', () => {
  it('is short where another way was not tried: whoever comes back at once takes that one', async () => {
    const tiers = [{ slug: 'once', targets: [GLM, KIMI], maxAttempts: 1 }];
    const gateway = await world.gateway({ clock, tiers });
    world.providers['zai-one'].setFault(limited(3600));
    const answer = await ask(gateway, { model: 'once' });
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, '1']);
    expect(servedBy(await ask(gateway, { model: 'once' }))).toBe('zai-two');
  });
});
