/** How the gateway decides, seen from its callers: which tier, which of its targets, and what it says about that. */
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TestGateway, TestTier } from '../support/gateway.js';
import { plainRequest } from '../support/http-client.js';
import {
  AIR,
  ask,
  DIALECTS,
  errorIn,
  GLM,
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

/** The four classes, each on a model of its own, so that the model tells the class. */
const CLASSES: readonly TestTier[] = [
  { slug: 'simple', targets: [AIR] },
  { slug: 'standard', targets: [GLM] },
  { slug: 'complex', targets: [KIMI] },
  { slug: 'reasoning', targets: [PAID] },
  { slug: 'default', targets: [GLM], isDefault: true },
];
const HARD =
  'Think step by step and prove rigorously that the algorithm is linearizable; derive the invariants, analyse every race ' +
  'between the writers, and design the migration of the distributed schema across all services.';
const tierOf = (answer: Awaited<ReturnType<typeof ask>>) => answer.headers['x-switchyard-tier'];
const reasonOf = (answer: Awaited<ReturnType<typeof ask>>) => answer.headers['x-switchyard-reason'];

describe('which tier', () => {
  it('a rule says, whatever the request names; the first that matches', async () => {
    const gateway = await world.gateway({
      tiers: CLASSES,
      rules: [
        { header: 'x-priority', value: 'high', tier: 'reasoning' },
        { header: 'x-batch', tier: 'simple' },
      ],
    });
    const high = await ask(gateway, { model: GLM, headers: { 'X-Priority': 'high', 'x-batch': '1' } });
    expect([tierOf(high), reasonOf(high), servedBy(high)]).toEqual(['reasoning', 'rule', 'paid']);
    const batch = await ask(gateway, { model: 'no-such-model', headers: { 'x-batch': 'yes' } });
    expect([tierOf(batch), reasonOf(batch)]).toEqual(['simple', 'rule']);
    const low = await ask(gateway, { model: GLM, headers: { 'x-priority': 'low' } });
    expect([tierOf(low), reasonOf(low)]).toEqual([undefined, 'model_named']);
  });

  it.each(Object.keys(DIALECTS) as (keyof typeof DIALECTS)[])('its name says, in %s', async (dialect) => {
    const gateway = await world.gateway({ tiers: CLASSES });
    for (const model of ['tier:complex', 'complex']) {
      const answer = await ask(gateway, { model, dialect });
      expect([answer.status, tierOf(answer), reasonOf(answer)]).toEqual([200, 'complex', 'tier_named']);
      expect(answer.headers['x-switchyard-model']).toBe(KIMI);
    }
    const unknown = await ask(gateway, { model: 'tier:huge', dialect });
    expect(unknown.status).toBe(404);
    expect(errorIn(unknown).message).toContain('there are simple, standard, complex, reasoning, default');
  });

  it('is written down with the request, together with why', async () => {
    const gateway = await world.gateway({ tiers: CLASSES });
    await ask(gateway, { model: 'tier:complex' });
    await ask(gateway, { model: GLM });
    await ask(gateway, { model: 'auto' });
    expect((await gateway.end(0)).request).toMatchObject({
      tierId: 'tier_complex',
      tierSlug: 'complex',
      reason: 'tier_named',
      requestedModel: 'tier:complex',
    });
    expect((await gateway.end(1)).request).toMatchObject({
      tierId: null,
      tierSlug: null,
      reason: 'model_named',
    });
    expect((await gateway.end(2)).request).toMatchObject({ tierSlug: 'simple', reason: 'classified' });
  });

  it('follows from what is asked when no model is named, or auto is', async () => {
    const gateway = await world.gateway({ tiers: CLASSES });
    for (const model of ['auto', undefined]) {
      const easy = await ask(gateway, { ...(model && { model }), text: 'hello' });
      expect([tierOf(easy), reasonOf(easy)]).toEqual(['simple', 'classified']);
      const hard = await ask(gateway, { ...(model && { model }), text: HARD });
      expect(['complex', 'reasoning']).toContain(tierOf(hard));
    }
  });

  it('is the default where there is none for the class, and no request is refused for its class', async () => {
    const gateway = await world.gateway({ tiers: CLASSES.filter(({ slug }) => slug === 'default') });
    const answer = await ask(gateway, { model: 'auto', text: HARD });
    expect([answer.status, tierOf(answer), reasonOf(answer)]).toEqual([200, 'default', 'default']);
  });

  it('cannot be told without any: the caller is told what to send instead', async () => {
    const gateway = await world.gateway();
    for (const dialect of ['chat', 'messages', 'responses'] as const) {
      const answer = await ask(gateway, { dialect });
      expect(answer.status).toBe(400);
      expect(errorIn(answer).message).toContain('"model"');
    }
  });
});

describe('a conversation', () => {
  const turns = (...texts: string[]) => ({
    messages: texts.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content })),
  });

  it('keeps its tier through nods and tool results, which by themselves would lead elsewhere', async () => {
    const gateway = await world.gateway({ tiers: CLASSES });
    const headers = { 'x-session-id': 'one' };
    const opening = await ask(gateway, { model: 'auto', text: HARD, headers });
    const tier = tierOf(opening);
    expect(['complex', 'reasoning']).toContain(tier);
    const nod = await ask(gateway, { model: 'auto', headers, body: turns(HARD, 'Shall I?', 'yes') });
    expect(tierOf(nod)).toBe(tier);
    const call = { id: 'call_1', type: 'function', function: { name: 'read', arguments: '{}' } };
    const atWork = await ask(gateway, {
      model: 'auto',
      headers,
      body: {
        messages: [
          { role: 'user', content: HARD },
          { role: 'assistant', content: null, tool_calls: [call] },
          { role: 'tool', tool_call_id: 'call_1', content: 'ok' },
        ],
      },
    });
    expect(tierOf(atWork)).toBe(tier);
    const stranger = await ask(gateway, { model: 'auto', text: 'yes', headers: { 'x-session-id': 'two' } });
    expect(tierOf(stranger)).not.toBe(tier);
  });

  it('of a real agent is not moved by the title it has made beside it', async () => {
    const gateway = await world.gateway({ tiers: CLASSES });
    const send = async (name: string) => {
      const { headers, body } = JSON.parse(
        readFileSync(new URL(`../fixtures/agents/${name}.json`, import.meta.url), 'utf8'),
      ) as { headers: Record<string, string>; body: { messages: { content: unknown }[] } };
      const { 'x-session-affinity': session = '' } = headers;
      const asked =
        name === 'opencode-turn' ? [...body.messages.slice(0, -1), { role: 'user', content: HARD }] : null;
      return plainRequest(`${gateway.url}/v1/chat/completions`, {
        headers: { authorization: `Bearer ${gateway.key}`, 'x-session-affinity': session },
        body: { ...body, model: 'auto', stream: false, ...(asked && { messages: asked }) },
      });
    };
    const turn = await send('opencode-turn');
    expect(['complex', 'reasoning']).toContain(tierOf(turn));
    expect(tierOf(await send('opencode-title'))).toBe('simple');
    expect(tierOf(await send('opencode-tool-result'))).toBe(tierOf(turn));
  });
});

describe('a key', () => {
  it('that is limited to some tiers is refused the others, and classified into its own', async () => {
    const gateway = await world.gateway({ tiers: CLASSES, allowedTiers: ['simple'] });
    expect((await ask(gateway, { model: 'tier:simple' })).status).toBe(200);
    const refused = await ask(gateway, { model: 'tier:complex' });
    expect(refused.status).toBe(403);
    expect(errorIn(refused).message).toContain('"complex"');
    const auto = await ask(gateway, { model: 'auto', text: HARD });
    expect([tierOf(auto), reasonOf(auto)]).toEqual(['simple', 'default']);
    expect((await ask(gateway, { model: GLM })).status).toBe(200);
  });

  it('that is limited to some models passes over the other targets, and is refused where none is left', async () => {
    const tiers: TestTier[] = [
      { slug: 'mixed', targets: [GLM, KIMI] },
      { slug: 'zai', targets: [GLM] },
    ];
    const gateway = await world.gateway({ tiers, allowedModels: ['kimi/*'] });
    const mixed = await ask(gateway, { model: 'mixed' });
    expect(servedBy(mixed)).toBe('kimi');
    expect(mixed.headers['x-switchyard-passed-over']).toBe('zai/coding-plan NOT_PERMITTED');
    const none = await ask(gateway, { model: 'zai', dialect: 'messages' });
    expect(none.status).toBe(403);
    expect(errorIn(none).message).toContain('NOT_PERMITTED');
    expect(world.providers['zai-one'].requests).toHaveLength(0);
  });
});

describe('GET /v1/models', () => {
  interface Listed {
    readonly data: readonly Record<string, unknown>[];
  }
  const list = async (gateway: TestGateway, path = '') => {
    const answer = await plainRequest(`${gateway.url}/v1/models${path}`, {
      headers: { 'x-api-key': gateway.key },
    });
    return { status: answer.status, body: answer.json() as Listed & Record<string, unknown> };
  };
  const idsOf = ({ body }: Awaited<ReturnType<typeof list>>) => body.data.map(({ id }) => id);

  it('lists what may be named: auto, the tiers that have something, the models', async () => {
    const tiers = [...CLASSES, { slug: 'bare', targets: [] }, { slug: 'gone', targets: ['zai/glm-1'] }];
    const gateway = await world.gateway({
      tiers,
      facts: { [GLM]: { contextWindow: 200_000 }, [KIMI]: { contextWindow: 1_000_000 } },
    });
    const listed = await list(gateway);
    expect(idsOf(listed)).toEqual([
      'auto',
      'tier:simple',
      'tier:standard',
      'tier:complex',
      'tier:reasoning',
      'tier:default',
      PAID,
      KIMI,
      AIR,
      GLM,
    ]);
    expect(listed.body).toMatchObject({ first_id: 'auto', last_id: GLM, has_more: false });
    for (const entry of listed.body.data) {
      expect(entry).toMatchObject({ object: 'model', type: 'model', owned_by: expect.any(String) });
      expect(Math.floor(Date.parse(String(entry['created_at'])) / 1000)).toBe(entry['created']);
    }
    // What any of its models can take.
    expect(listed.body.data[0]).toMatchObject({ id: 'auto', context_length: 200_000 });
    expect((await list(gateway, '/tier:complex')).body).toMatchObject({
      id: 'tier:complex',
      context_length: 1_000_000,
    });
    expect((await list(gateway, '/complex')).body).toMatchObject({ id: 'tier:complex' });
    expect((await list(gateway, '/auto')).status).toBe(200);
    expect((await list(gateway, '/tier:bare')).status).toBe(404);
  });

  it('lists a key what it may use: neither other tiers nor those of which it may use no model', async () => {
    const some = await world.gateway({
      tiers: CLASSES,
      allowedTiers: ['simple', 'complex'],
      allowedModels: ['kimi/*'],
    });
    expect(idsOf(await list(some))).toEqual(['auto', 'tier:complex', KIMI]);
    expect((await list(some, '/tier:simple')).status).toBe(404);
    const none = await world.gateway({ tiers: CLASSES, allowedTiers: ['simple'], allowedModels: ['kimi/*'] });
    expect(idsOf(await list(none))).toEqual([KIMI]);
  });
});
