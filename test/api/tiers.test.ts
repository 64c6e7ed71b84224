/** Tiers as operators meet them: over GraphQL. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ensureTiers } from '../../src/admin/tiers/ensure-tiers.js';
import { problem, startRoutingWorld, type RoutingWorld } from '../support/routing-world.js';

let world: RoutingWorld;
beforeAll(async () => {
  world = await startRoutingWorld();
}, 60_000);
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => world.mark());

describe('the tiers of a new workspace', () => {
  it('are there, one of them the default, and suggest what is connected', async () => {
    const shown = await world.tiers();
    expect(
      shown.map(({ slug, position, isDefault, suggested }) => [slug, position, isDefault, suggested]),
    ).toEqual([
      ['simple', 0, false, true],
      ['standard', 1, false, true],
      ['complex', 2, false, true],
      ['reasoning', 3, false, true],
      ['default', 4, true, true],
    ]);
    const simple = shown[0];
    expect(simple.fallbackTier).toEqual({ slug: 'default' });
    expect(simple.version).toBeGreaterThan(1);
    expect(simple.targets[0]).toEqual({
      position: 0,
      modelRef: 'zai/glm-4.5-air',
      billing: 'SUBSCRIPTION',
      connection: null,
      model: { ref: 'zai/glm-4.5-air' },
      ready: true,
      skipReason: null,
    });
    expect(simple.targets.at(-1)).toMatchObject({ billing: 'METERED' });
    const [entry] = await world.harness.database.prisma.auditEntry.findMany({
      where: { subjectId: simple.id },
    });
    expect(entry).toMatchObject({
      action: 'routing_tier.set_targets',
      actorKind: 'SYSTEM',
      actorId: null,
      subjectName: 'simple',
    });
  });

  it('are made once, by however many starts', async () => {
    const before = await world.tiers();
    await Promise.all([
      ensureTiers(world.harness.database, world.harness.clock),
      ensureTiers(world.harness.database, world.harness.clock),
    ]);
    expect(await world.tiers()).toEqual(before);
  });

  it('follow what comes and goes, until an operator changes them', async () => {
    const complex = await world.tierOf('complex');
    expect(complex.targets.map((target: any) => target.modelRef)).toContain('zai/glm-5.1');
    const touched = await world.updateTier((await world.tierOf('reasoning')).id, { name: 'Mine' });
    expect(touched.routingTier).toMatchObject({ name: 'Mine', suggested: false });
    await world.harness.admin.connections.update(world.harness.context, world.plan, { enabled: false });
    await world.suggestions.settled();
    const without = await world.tierOf('complex');
    expect(without.targets.map((target: any) => target.modelRef)).not.toContain('zai/glm-5.1');
    expect(without.version).toBe(complex.version + 1);
    expect((await world.tierOf('reasoning')).targets.map((target: any) => target.modelRef)).toEqual(
      touched.routingTier.targets.map((target: any) => target.modelRef),
    );
    await world.harness.admin.connections.update(world.harness.context, world.plan, { enabled: true });
    await world.suggestions.settled();
    expect((await world.tierOf('complex')).targets).toEqual(complex.targets);
  });
});

describe('a tier', () => {
  it('is created last, with what was said and a sensible rest', async () => {
    const { routingTier, userErrors } = await world.createTier({
      slug: 'fast',
      name: ' Fast ',
      description: 'Quick ones.',
      strategy: 'PACED',
      targets: [
        { modelRef: 'z-ai/glm-5.1', billing: 'SUBSCRIPTION' },
        { modelRef: 'openai/gpt-5.5', connectionId: world.metered },
      ],
      fallbackTierId: (await world.tierOf('default')).id,
    });
    expect(userErrors).toEqual([]);
    expect(routingTier).toMatchObject({
      slug: 'fast',
      name: 'Fast',
      description: 'Quick ones.',
      position: 5,
      enabled: true,
      isDefault: false,
      strategy: 'PACED',
      maxAttempts: 3,
      version: 1,
      suggested: false,
      fallbackTier: { slug: 'default' },
      targets: [
        { position: 0, modelRef: 'zai/glm-5.1', billing: 'SUBSCRIPTION', connection: null, ready: true },
        {
          position: 1,
          modelRef: 'openai/gpt-5.5',
          billing: null,
          connection: { id: world.metered },
          ready: true,
        },
      ],
    });
    expect(routingTier.retryOn).toContain('QUOTA_EXHAUSTED');
    expect(routingTier.retryOn).not.toContain('INVALID_REQUEST');
    expect(await world.tierOf('fast')).toEqual(routingTier);
    expect(await world.audited()).toEqual(['routing_tier.create fast']);
    expect(world.published()).toBe(1);
    const { node, nodes } = await world.api.data(
      `query ($id: ID!) { node(id: $id) { ... on RoutingTier { slug } } nodes(ids: [$id]) { id } }`,
      { id: routingTier.id },
    );
    expect([node, nodes]).toEqual([{ slug: 'fast' }, [{ id: routingTier.id }]]);
    expect((await world.deleteTier(routingTier.id)).userErrors).toEqual([]);
  });

  it.each<[string, object, object]>([
    ['a slug that is none', { slug: 'No Good' }, problem('INVALID', 'input', 'slug')],
    ['the slug that asks for classification', { slug: 'auto' }, problem('INVALID', 'input', 'slug')],
    ['a slug that is taken', { slug: 'simple' }, problem('TAKEN', 'input', 'slug')],
    ['no name', { name: ' ' }, problem('REQUIRED', 'input', 'name')],
    ['a long name', { name: 'x'.repeat(101) }, problem('OUT_OF_RANGE', 'input', 'name')],
    ['a long description', { description: 'x'.repeat(501) }, problem('OUT_OF_RANGE', 'input', 'description')],
    ['no attempt', { maxAttempts: 0 }, problem('OUT_OF_RANGE', 'input', 'maxAttempts')],
    ['many attempts', { maxAttempts: 11 }, problem('OUT_OF_RANGE', 'input', 'maxAttempts')],
    ['what is never retried', { retryOn: ['INVALID_REQUEST'] }, problem('INVALID', 'input', 'retryOn')],
    ['an unknown fallback', { fallbackTierId: 'tier_0' }, problem('NOT_FOUND', 'input', 'fallbackTierId')],
    [
      'many targets',
      { targets: Array.from({ length: 21 }, () => ({ modelRef: 'zai/glm-5.1' })) },
      problem('OUT_OF_RANGE', 'input', 'targets'),
    ],
    [
      'an unknown model',
      { targets: [{ modelRef: 'zai/glm-5.1' }, { modelRef: 'zai/nothing' }] },
      problem('NOT_FOUND', 'input', 'targets', '1', 'modelRef'),
    ],
    [
      'a model without its provider',
      { targets: [{ modelRef: 'glm-5.1' }] },
      problem('INVALID', 'input', 'targets', '0', 'modelRef'),
    ],
    [
      'a model that does not converse',
      { targets: [{ modelRef: 'openai/text-embedding-3-large' }] },
      problem('INVALID', 'input', 'targets', '0', 'modelRef'),
    ],
    [
      'an unknown connection',
      { targets: [{ modelRef: 'zai/glm-5.1', connectionId: 'conn_0' }] },
      problem('NOT_FOUND', 'input', 'targets', '0', 'connectionId'),
    ],
    [
      'the same target twice',
      { targets: [{ modelRef: 'zai/glm-5.1' }, { modelRef: 'z-ai/glm-5.1' }] },
      problem('INVALID', 'input', 'targets', '1'),
    ],
  ])('is refused with %s, and nothing is changed', async (_what, input, expected) => {
    const before = await world.tiers();
    expect(await world.createTier({ slug: 'refused', ...input })).toEqual({
      routingTier: null,
      userErrors: [expected],
    });
    expect(await world.tiers()).toEqual(before);
    expect(await world.audited()).toEqual([]);
    expect(world.published()).toBe(0);
  });

  it('is refused with a connection of another provider or paid for otherwise', async () => {
    const targets = [
      { modelRef: 'zai/glm-5.1', connectionId: world.metered },
      { modelRef: 'zai/glm-5.1', connectionId: world.plan, billing: 'METERED' },
    ];
    expect((await world.createTier({ slug: 'refused', targets })).userErrors).toEqual([
      problem('INVALID', 'input', 'targets', '0', 'connectionId'),
      problem('INVALID', 'input', 'targets', '1', 'billing'),
    ]);
  });

  it('tells everything that is wrong with it at once', async () => {
    const { userErrors } = await world.createTier({ slug: '-', name: '', maxAttempts: 99 });
    expect(userErrors.map(({ code }: { code: string }) => code)).toEqual([
      'INVALID',
      'REQUIRED',
      'OUT_OF_RANGE',
    ]);
  });

  it('is changed where something was said, for whoever saw it last', async () => {
    const { routingTier: made } = await world.createTier({ slug: 'changing', description: 'Before.' });
    const { routingTier, userErrors } = await world.updateTier(made.id, {
      expectedVersion: 1,
      description: null,
      strategy: 'LOWEST_COST',
      retryOn: ['TIMEOUT', 'TIMEOUT'],
    });
    expect(userErrors).toEqual([]);
    expect(routingTier).toEqual({
      ...made,
      description: null,
      strategy: 'LOWEST_COST',
      retryOn: ['TIMEOUT'],
      version: 2,
    });
    expect(await world.updateTier(made.id, { expectedVersion: 1, name: 'Late' })).toEqual({
      routingTier: null,
      userErrors: [problem('CONFLICT', 'input', 'expectedVersion')],
    });
    expect((await world.updateTier(made.id, { name: 'Unseen' })).routingTier).toMatchObject({ version: 3 });
    const rows = await world.auditRows();
    expect(rows.map(({ action }) => action)).toEqual([
      'routing_tier.create',
      'routing_tier.update',
      'routing_tier.update',
    ]);
    expect(rows[1]?.changes).toEqual([
      { field: 'description', before: 'Before.', after: null },
      { field: 'strategy', before: 'ORDERED', after: 'LOWEST_COST' },
      { field: 'retryOn', before: expect.any(String), after: 'TIMEOUT' },
    ]);
    await world.deleteTier(made.id);
  });

  it.each<[string, object, object]>([
    ['no name', { name: null }, problem('REQUIRED', 'input', 'name')],
    ['no longer being the default', { isDefault: false }, problem('INVALID', 'input', 'isDefault')],
    ['what is never retried', { retryOn: ['CANCELLED'] }, problem('INVALID', 'input', 'retryOn')],
    ['many attempts', { maxAttempts: 11 }, problem('OUT_OF_RANGE', 'input', 'maxAttempts')],
    ['the default switched off', { enabled: false }, problem('INVALID_STATE', 'input', 'enabled')],
  ])('is not changed to %s', async (_what, input, expected) => {
    const { id } = await world.tierOf('default');
    expect(await world.updateTier(id, input)).toEqual({ routingTier: null, userErrors: [expected] });
    expect(await world.audited()).toEqual([]);
  });

  it('takes the default from another, which is then the only one no longer', async () => {
    const former = await world.tierOf('default');
    const { routingTier: made } = await world.createTier({ slug: 'new-default', isDefault: true });
    const defaults = async (): Promise<string[]> =>
      (await world.tiers()).filter(({ isDefault }) => isDefault).map(({ slug }) => slug);
    expect(await defaults()).toEqual(['new-default']);
    expect((await world.tierOf('default')).version).toBe(former.version + 1);
    expect((await world.deleteTier(made.id)).userErrors).toEqual([problem('IN_USE', 'id')]);
    expect((await world.updateTier(former.id, { isDefault: true })).userErrors).toEqual([]);
    expect(await defaults()).toEqual(['default']);
    expect((await world.deleteTier(made.id)).deletedId).toBe(made.id);
  });

  it('gets other targets from whoever saw the last ones', async () => {
    const { routingTier: made } = await world.createTier({ slug: 'targets' });
    const targets = [{ modelRef: 'zai/glm-5.1' }];
    const { routingTier } = await world.setTargets(made.id, { expectedVersion: 1, targets });
    expect(routingTier).toMatchObject({ version: 2, targets: [{ modelRef: 'zai/glm-5.1', billing: null }] });
    expect((await world.setTargets(made.id, { expectedVersion: 1, targets })).userErrors).toEqual([
      problem('CONFLICT', 'input', 'expectedVersion'),
    ]);
    expect((await world.setTargets(made.id, { expectedVersion: 2, targets: [] })).userErrors).toEqual([
      problem('OUT_OF_RANGE', 'input', 'targets'),
    ]);
    expect((await world.setTargets('tier_0', { expectedVersion: 2, targets })).userErrors).toEqual([
      problem('NOT_FOUND', 'id'),
    ]);
    expect(await world.audited()).toEqual([
      'routing_tier.create targets',
      'routing_tier.set_targets targets',
    ]);
    await world.deleteTier(made.id);
  });

  it('keeps one of two lists that operators send at the same time', async () => {
    const { routingTier: made } = await world.createTier({ slug: 'contested' });
    const answers = await Promise.all(
      ['zai/glm-5.1', 'openai/gpt-5.5'].map((modelRef) =>
        world.setTargets(made.id, { expectedVersion: 1, targets: [{ modelRef }] }),
      ),
    );
    const codes = answers.flatMap(({ userErrors }) => userErrors.map(({ code }: { code: string }) => code));
    expect(codes).toEqual(['CONFLICT']);
    expect((await world.tierOf('contested')).targets).toHaveLength(1);
    await world.deleteTier(made.id);
  });

  it('never falls back to itself, over however many others or operators', async () => {
    const made = [];
    for (const slug of ['cycle-a', 'cycle-b', 'cycle-c'])
      made.push((await world.createTier({ slug })).routingTier);
    const [a, b, c] = made;
    const cycle = [problem('FALLBACK_CYCLE', 'input', 'fallbackTierId')];
    expect((await world.updateTier(a.id, { fallbackTierId: a.id })).userErrors).toEqual(cycle);
    expect((await world.updateTier(a.id, { fallbackTierId: b.id })).userErrors).toEqual([]);
    expect((await world.updateTier(b.id, { fallbackTierId: a.id })).userErrors).toEqual(cycle);
    const closing = await Promise.all([
      world.updateTier(b.id, { fallbackTierId: c.id }),
      world.updateTier(c.id, { fallbackTierId: a.id }),
    ]);
    expect(closing.flatMap(({ userErrors }) => userErrors)).toEqual(cycle);
    expect((await world.deleteTier(b.id)).userErrors).toEqual([problem('IN_USE', 'id')]);
    for (const { id } of made) await world.updateTier(id, { fallbackTierId: null });
    expect((await world.tierOf('cycle-a')).fallbackTier).toBeNull();
    for (const { id } of made) expect((await world.deleteTier(id)).deletedId).toBe(id);
  });

  it('is put in another place only together with all others', async () => {
    const before = await world.tiers();
    const ids = before.map(({ id }) => id);
    const swapped = [ids[1], ids[0], ...ids.slice(2)];
    const { routingTiers, userErrors } = await world.reorderTiers(swapped);
    expect(userErrors).toEqual([]);
    expect(routingTiers.map(({ slug }: { slug: string }) => slug).slice(0, 2)).toEqual([
      'standard',
      'simple',
    ]);
    const after = await world.tiers();
    expect(after.map(({ position }) => position)).toEqual(ids.map((_, index) => index));
    expect(after[0].version).toBe(before[1].version + 1);
    expect(after[2].version).toBe(before[2].version);
    expect(await world.audited()).toEqual(['routing_tier.reorder tiers']);
    expect((await world.reorderTiers(ids.slice(1))).userErrors).toEqual([problem('INVALID', 'ids')]);
    expect((await world.reorderTiers([...ids, ids[0]])).userErrors).toEqual([problem('INVALID', 'ids')]);
    expect((await world.reorderTiers([...ids.slice(1), 'tier_0'])).userErrors).toEqual([
      problem('NOT_FOUND', 'ids'),
    ]);
    await world.reorderTiers(ids);
  });

  it('is deleted with its rules, and those behind it move up', async () => {
    const { routingTier: first } = await world.createTier({ slug: 'first' });
    const { routingTier: second } = await world.createTier({ slug: 'second' });
    await world.createRule({ header: 'x-first', tierId: first.id });
    const { routingRule: kept } = await world.createRule({ header: 'x-second', tierId: second.id });
    expect(await world.deleteTier(first.id)).toEqual({ deletedId: first.id, userErrors: [] });
    expect((await world.tierOf('second')).position).toBe(5);
    const { routingRules } = await world.api.data(`{ routingRules { id position } }`);
    expect(routingRules).toEqual([{ id: kept.id, position: 0 }]);
    expect((await world.deleteTier(first.id)).userErrors).toEqual([problem('NOT_FOUND', 'id')]);
    await world.deleteTier(second.id);
  });

  it('is not deleted while a key may use no other, which would then be free to use all', async () => {
    const { routingTier } = await world.createTier({ slug: 'only' });
    const { accessKeyCreate } = await world.api.data(
      `mutation ($tiers: [ID!]!) {
        accessKeyCreate(input: { name: "limited", allowedTierIds: $tiers }) {
          accessKey { id allowedTiers { slug } } userErrors { code field }
        }
      }`,
      { tiers: [routingTier.id] },
    );
    expect(accessKeyCreate.accessKey.allowedTiers).toEqual([{ slug: 'only' }]);
    expect((await world.deleteTier(routingTier.id)).userErrors).toEqual([problem('IN_USE', 'id')]);
    await world.api.data(`mutation ($id: ID!) { accessKeyRevoke(id: $id) { userErrors { code } } }`, {
      id: accessKeyCreate.accessKey.id,
    });
    expect((await world.deleteTier(routingTier.id)).userErrors).toEqual([]);
    const unknown = await world.api.data(
      `mutation { accessKeyCreate(input: { name: "k", allowedTierIds: ["tier_0"] }) { accessKey { id } userErrors { code field } } }`,
    );
    expect(unknown.accessKeyCreate).toEqual({
      accessKey: null,
      userErrors: [problem('NOT_FOUND', 'input', 'allowedTierIds')],
    });
  });

  it('belongs to its workspace and is changed only by who may', async () => {
    const { id } = await world.tierOf('simple');
    const seen = await world.stranger.data(
      `query ($id: ID!) { node(id: $id) { id } routingTiers { slug suggested targets { modelRef } } routingRules { id } }`,
      { id },
    );
    expect(seen.node).toBeNull();
    expect(seen.routingTiers).toHaveLength(5);
    expect(seen.routingTiers[0]).toEqual({ slug: 'simple', suggested: true, targets: [] });
    const touched = await world.stranger.data(
      `mutation ($id: ID!) { routingTierUpdate(id: $id, input: { name: "Theirs" }) { userErrors { code field } } }`,
      { id },
    );
    expect(touched.routingTierUpdate.userErrors).toEqual([problem('NOT_FOUND', 'id')]);
    const refused = await world.reader.send(
      `mutation ($id: ID!) { routingTierDelete(id: $id) { deletedId } }`,
      {
        id,
      },
    );
    expect(refused.errors[0]?.extensions['code']).toBe('FORBIDDEN');
  });
});
