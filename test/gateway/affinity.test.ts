/** A conversation stays where it is at home, on this gateway and on the others, and what a connection takes at a time. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SharedAffinities } from '../../src/gateway/affinity.js';
import type { Affinity } from '../../src/routing/decision.js';
import type { TestTier } from '../support/gateway.js';
import {
  AIR,
  ask,
  GLM,
  handClock,
  KIMI,
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

const TIERS: readonly TestTier[] = [
  { slug: 'any', targets: [GLM, KIMI] },
  { slug: 'small', targets: [AIR] },
];
const in1 = (session: string) => ({ 'x-session-id': session });
const LIMITED = { kind: 'refuse', failure: 'rate-limit' } as const;

describe('a conversation', () => {
  it.each([
    ['its client’s session header', (id: string) => ({ headers: { 'x-session-id': id } })],
    ['its prompt_cache_key', (id: string) => ({ body: { prompt_cache_key: id } })],
    ['its opening', (id: string) => ({ text: `a conversation about ${id}` })],
  ])(
    'is known by %s and stays where it was moved to, although others go where they always went',
    async (_, as) => {
      const clock = handClock();
      const gateway = await world.gateway({ clock, tiers: TIERS });
      world.providers['zai-one'].setFault({ ...LIMITED, times: 1 });
      expect(servedBy(await ask(gateway, { model: 'any', ...as('moved') }))).toBe('zai-two');
      clock.advance(10_000);
      expect(servedBy(await ask(gateway, { model: 'any', ...as('other') }))).toBe('zai-one');
      expect(servedBy(await ask(gateway, { model: 'any', ...as('moved') }))).toBe('zai-two');
      // A wall does move it, and then that is its home.
      world.providers['zai-two'].setFault({ ...LIMITED, times: 1 });
      expect(servedBy(await ask(gateway, { model: 'any', ...as('moved') }))).toBe('zai-one');
      clock.advance(10_000);
      expect(servedBy(await ask(gateway, { model: 'any', ...as('moved') }))).toBe('zai-one');
    },
  );

  it('is forgotten an hour after its last request, not before', async () => {
    const clock = handClock();
    const gateway = await world.gateway({ clock, tiers: TIERS });
    world.providers['zai-one'].setFault({ ...LIMITED, times: 1 });
    await ask(gateway, { model: 'any', headers: in1('long') });
    for (let n = 0; n < 3; n++) {
      clock.advance(50 * 60_000);
      expect(servedBy(await ask(gateway, { model: 'any', headers: in1('long') }))).toBe('zai-two');
    }
    clock.advance(61 * 60_000);
    expect(servedBy(await ask(gateway, { model: 'any', headers: in1('long') }))).toBe('zai-one');
  });

  it('has a home for each name its agent uses: what runs beside it on a small model moves nothing', async () => {
    const clock = handClock();
    const gateway = await world.gateway({ clock, tiers: TIERS });
    world.providers['zai-one'].setFault({ ...LIMITED, times: 1 });
    await ask(gateway, { model: 'any', headers: in1('both') });
    clock.advance(10_000);
    expect(servedBy(await ask(gateway, { model: 'small', headers: in1('both') }))).toBe('zai-one');
    expect(servedBy(await ask(gateway, { model: 'any', headers: in1('both') }))).toBe('zai-two');
  });

  it('stays among the connections of a model that is named outright', async () => {
    const clock = handClock();
    const gateway = await world.gateway({ clock });
    world.providers['zai-one'].setFault({ ...LIMITED, times: 1 });
    await ask(gateway, { model: GLM, headers: in1('named') });
    clock.advance(10_000);
    expect(servedBy(await ask(gateway, { model: GLM, headers: in1('named') }))).toBe('zai-two');
  });
});

describe('shared with other gateways', () => {
  function sharedMap() {
    const known = new Map<string, Affinity>();
    const told: string[] = [];
    const shared: SharedAffinities = {
      get: (conversation) => Promise.resolve(known.get(conversation) ?? null),
      set(conversation, affinity) {
        known.set(conversation, affinity);
        told.push(affinity.connectionId);
      },
    };
    return { shared, told, known };
  }

  it('a conversation is at home everywhere where one of them moved it, the last one counting', async () => {
    const clock = handClock();
    const { shared, told, known } = sharedMap();
    // Keys of access are made per gateway here, of which only the id tells.
    const one = await world.gateway({ clock, tiers: TIERS, sharedAffinities: shared });
    const two = await world.gateway({ clock, tiers: TIERS, sharedAffinities: shared });
    expect(servedBy(await ask(two, { model: 'any', headers: in1('roaming') }))).toBe('zai-one');
    world.providers['zai-one'].setFault({ ...LIMITED, times: 1 });
    expect(servedBy(await ask(one, { model: 'any', headers: in1('roaming') }))).toBe('zai-two');
    expect(servedBy(await ask(two, { model: 'any', headers: in1('roaming') }))).toBe('zai-two');
    expect(told).toEqual(['conn_zai-one', 'conn_zai-two']);
    // Nothing in what is stored names the conversation.
    expect([...known.keys()].join()).not.toContain('roaming');
  });

  it('is told again in time, so that a long one is not forgotten elsewhere', async () => {
    const clock = handClock();
    const { shared, told } = sharedMap();
    const gateway = await world.gateway({ clock, tiers: TIERS, sharedAffinities: shared });
    for (let minute = 0; minute < 60; minute++) {
      await ask(gateway, { model: 'any', headers: in1('busy') });
      clock.advance(60_000);
    }
    expect(told.length).toBeGreaterThan(5);
    expect(told.length).toBeLessThan(12);
  });
});
