/** Rules, dry runs and whether targets are ready, as operators meet them: over GraphQL. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { UsageLimitCreateInput } from '../../src/admin/limits/verbs.js';
import { commitUsage } from '../../src/persistence/usage.js';
import { valueOf } from '../unit/admin/harness.js';
import { makeEvent } from '../unit/usage/events.js';
import { problem, startRoutingWorld, type RoutingWorld } from '../support/routing-world.js';

let world: RoutingWorld;
beforeAll(async () => {
  world = await startRoutingWorld();
}, 60_000);
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(() => world.mark());

describe('a target is not ready', () => {
  const skipOf = async (): Promise<unknown> => (await world.tierOf('probe')).targets[0]?.skipReason;
  let id: string;
  beforeAll(async () => {
    const { routingTier } = await world.createTier({
      slug: 'probe',
      strategy: 'PACED',
      targets: [{ modelRef: 'zai/glm-5.1' }],
    });
    id = routingTier.id;
  });
  afterAll(() => world.deleteTier(id));

  it('while its model is disabled', async () => {
    const { admin, context } = world.harness;
    const model = await admin.models.byRef(context, 'zai/glm-5.1');
    await admin.models.update(context, model?.id ?? '', { enabled: false });
    expect(await skipOf()).toBe('MODEL_DISABLED');
    await admin.models.update(context, model?.id ?? '', { enabled: true });
    expect(await skipOf()).toBeNull();
  });

  it('when its model is offered no longer', async () => {
    const { prisma } = world.harness.database;
    await prisma.model.updateMany({ where: { ref: 'zai/glm-5.1' }, data: { state: 'REMOVED' } });
    expect(await skipOf()).toBe('MODEL_REMOVED');
    await prisma.model.updateMany({ where: { ref: 'zai/glm-5.1' }, data: { state: 'AVAILABLE' } });
  });

  it('without an enabled connection', async () => {
    const { prisma } = world.harness.database;
    await prisma.connection.update({ where: { id: world.plan }, data: { enabled: false } });
    expect(await skipOf()).toBe('NO_CONNECTION');
    await prisma.connection.update({ where: { id: world.plan }, data: { enabled: true } });
  });

  it('while its connection or its model there cools down, also as a dry run sees it', async () => {
    const { clock, context, database } = world.harness;
    const { workspaceId } = context.actor;
    const now = clock.now();
    const cooldown = { connectionId: world.plan, workspaceId, failures: 1, since: new Date(now) };
    for (const [modelRef, failure, skip] of [
      ['', 'RATE_LIMITED', 'COOLING_DOWN'],
      ['zai/glm-5.1', 'MODEL_NOT_FOUND', 'COOLING_DOWN'],
      ['', 'QUOTA_EXHAUSTED', 'QUOTA_EXHAUSTED'],
    ] as const) {
      await database.prisma.connectionCooldown.create({
        data: { ...cooldown, modelRef, class: failure, until: new Date(now + 60_000) },
      });
      expect(await skipOf()).toBe(skip);
      const { candidates, selected } = await world.planOf({ model: 'probe' });
      expect([candidates[0].skipReason, selected]).toEqual([skip, null]);
      await database.prisma.connectionCooldown.deleteMany({});
    }
    expect(await skipOf()).toBeNull();
  });

  it('while a window of its plan is used up, or ahead of its pace where that matters', async () => {
    const { clock, context, database } = world.harness;
    const now = clock.now();
    const window = {
      connectionId: world.plan,
      workspaceId: context.actor.workspaceId,
      windowSeconds: 18_000,
      unit: 'SHARE',
      resetsAt: new Date(now + 9_000_000),
      source: 'REPORTED',
      observedAt: new Date(now),
    } as const;
    await database.prisma.quotaWindow.deleteMany({ where: { connectionId: world.plan } });
    await database.prisma.quotaWindow.create({ data: { ...window, name: '5h', usedFraction: 1 } });
    expect(await skipOf()).toBe('QUOTA_EXHAUSTED');
    await database.prisma.quotaWindow.updateMany({ data: { usedFraction: 0.9 } });
    expect(await skipOf()).toBe('HELD_BY_PACE');
    const { candidates, selected } = await world.planOf({ model: 'probe' });
    expect(candidates[0]).toMatchObject({ skipReason: 'HELD_BY_PACE', lastResort: true });
    expect(selected).toBeNull();
    await world.updateTier(id, { strategy: 'ORDERED' });
    expect(await skipOf()).toBeNull();
    await database.prisma.quotaWindow.deleteMany({ where: { connectionId: world.plan } });
  });
});

describe('a rule', () => {
  let simple: string;
  let complex: string;
  beforeAll(async () => {
    simple = (await world.tierOf('simple')).id;
    complex = (await world.tierOf('complex')).id;
  });

  it('is created, changed where something was said, reordered and deleted', async () => {
    const made = await world.createRule({ header: 'X-Team', value: ' search ', tierId: simple });
    expect(made).toEqual({
      routingRule: {
        id: expect.stringMatching(/^rule_/),
        name: 'Rule',
        position: 0,
        enabled: true,
        header: 'x-team',
        value: 'search',
        tier: { slug: 'simple' },
      },
      userErrors: [],
    });
    const { id } = made.routingRule;
    const second = (await world.createRule({ name: 'Second', header: 'x-any', tierId: complex })).routingRule;
    expect(second).toMatchObject({ position: 1, value: null });
    expect((await world.updateRule(id, { enabled: false })).routingRule).toMatchObject({
      enabled: false,
      value: 'search',
    });
    expect((await world.updateRule(id, { value: null, tierId: complex })).routingRule).toMatchObject({
      enabled: false,
      value: null,
      tier: { slug: 'complex' },
    });
    const reordered = await world.api.data(
      `mutation ($ids: [ID!]!) { routingRuleReorder(ids: $ids) { routingRules { id position } userErrors { code field } } }`,
      { ids: [second.id, id] },
    );
    expect(reordered.routingRuleReorder).toEqual({
      routingRules: [
        { id: second.id, position: 0 },
        { id, position: 1 },
      ],
      userErrors: [],
    });
    const { node } = await world.api.data(
      `query ($id: ID!) { node(id: $id) { ... on RoutingRule { name } } }`,
      {
        id,
      },
    );
    expect(node).toEqual({ name: 'Rule' });
    expect(await world.deleteRule(second.id)).toEqual({ deletedId: second.id, userErrors: [] });
    const { routingRules } = await world.api.data(`{ routingRules { id position } }`);
    expect(routingRules).toEqual([{ id, position: 0 }]);
    await world.deleteRule(id);
    expect(await world.audited()).toEqual([
      'routing_rule.create Rule',
      'routing_rule.create Second',
      'routing_rule.update Rule',
      'routing_rule.update Rule',
      'routing_rule.reorder rules',
      'routing_rule.delete Second',
      'routing_rule.delete Rule',
    ]);
    expect(world.published()).toBe(7);
  });

  it.each<[string, object, object]>([
    ['no name', { name: '' }, problem('REQUIRED', 'input', 'name')],
    ['no header', { header: ' ' }, problem('REQUIRED', 'input', 'header')],
    ['a header that is none', { header: 'x team' }, problem('INVALID', 'input', 'header')],
    ['Authorization', { header: 'Authorization' }, problem('INVALID', 'input', 'header')],
    ['cookie', { header: 'cookie' }, problem('INVALID', 'input', 'header')],
    ['X-API-Key', { header: 'X-API-Key' }, problem('INVALID', 'input', 'header')],
    ['an empty value', { value: '' }, problem('INVALID', 'input', 'value')],
    ['a long value', { value: 'x'.repeat(1025) }, problem('OUT_OF_RANGE', 'input', 'value')],
    ['a value that cannot be sent', { value: 'a\nb' }, problem('INVALID', 'input', 'value')],
    ['an unknown tier', { tierId: 'tier_0' }, problem('NOT_FOUND', 'input', 'tierId')],
  ])('is refused with %s', async (_what, input, expected) => {
    expect(await world.createRule({ header: 'x-team', tierId: simple, ...input })).toEqual({
      routingRule: null,
      userErrors: [expected],
    });
    expect(await world.audited()).toEqual([]);
  });

  it('is not changed where it is not, or to what it cannot be', async () => {
    expect((await world.updateRule('rule_0', { name: 'X' })).userErrors).toEqual([
      problem('NOT_FOUND', 'id'),
    ]);
    expect((await world.deleteRule('rule_0')).userErrors).toEqual([problem('NOT_FOUND', 'id')]);
    const { routingRule } = await world.createRule({ header: 'x-team', tierId: simple });
    const { id } = routingRule;
    expect((await world.updateRule(id, { header: 'cookie' })).userErrors).toEqual([
      problem('INVALID', 'input', 'header'),
    ]);
    expect((await world.updateRule(id, { tierId: null })).userErrors).toEqual([
      problem('REQUIRED', 'input', 'tierId'),
    ]);
    const incomplete = await world.api.data(
      `mutation { routingRuleReorder(ids: []) { userErrors { code field } } }`,
    );
    expect(incomplete.routingRuleReorder.userErrors).toEqual([problem('INVALID', 'ids')]);
    await world.deleteRule(id);
  });
});

describe('a dry run', () => {
  it('classifies, explains, prices and lists what would be tried', async () => {
    const found = await world.planOf({ model: 'auto', prompt: 'hi' });
    expect(found.tier).toEqual({ slug: 'simple' });
    expect(found.reason).toMatch(/^No model was named; the request reads as "simple"/);
    expect(found.score).toBeGreaterThanOrEqual(0);
    expect(found.signals.length).toBeGreaterThan(0);
    expect(found.candidates[0]).toMatchObject({
      modelRef: 'zai/glm-4.5-air',
      billing: 'SUBSCRIPTION',
      skipReason: null,
      estimatedCostUsd: '0',
      connection: { id: world.plan },
    });
    expect(found.selected).toEqual({ modelRef: 'zai/glm-4.5-air', connection: { id: world.plan } });
  });

  it('says which ways a limit has closed, and that a request would be refused', async () => {
    const { admin, context, database, clock } = world.harness;
    const limit = async (input: object): Promise<string> => {
      const base = { name: 'small', metric: 'REQUESTS', window: 'DAY', threshold: '1', action: 'BLOCK' };
      return valueOf(await admin.limits.create(context, { ...base, ...input } as UsageLimitCreateInput)).id;
    };
    const skipsOf = async (input: object = {}): Promise<unknown[]> => {
      const { candidates, selected } = await world.planOf({ model: 'zai/glm-5.1', ...input });
      return [candidates[0].skipReason, candidates[0].lastResort, selected?.modelRef ?? null];
    };
    const OPEN = [null, false, 'zai/glm-5.1'];
    const CLOSED = ['LIMIT_REACHED', false, null];
    const key = valueOf(await admin.accessKeys.create(context, { name: 'agent', allowedModels: [] }));
    const ids = [
      await limit({ connectionId: world.metered }),
      await limit({ accessKeyId: key.accessKey.id }),
    ];
    const own = await limit({ connectionId: world.plan });
    expect(await skipsOf()).toEqual(OPEN);
    const { workspaceId } = context.actor;
    await commitUsage(database, [
      makeEvent({ at: clock.now(), workspaceId, attempt: { connectionId: world.plan } }),
    ]);
    expect(await skipsOf()).toEqual(CLOSED);
    valueOf(await admin.limits.update(context, own, { threshold: '2' }));
    expect(await skipsOf()).toEqual(OPEN);
    valueOf(await admin.limits.update(context, own, { threshold: '1', action: 'NOTIFY' }));
    expect(await skipsOf()).toEqual(OPEN);
    const accessKeyId = key.accessKey.id;
    await commitUsage(database, [makeEvent({ at: clock.now(), workspaceId, key: accessKeyId })]);
    expect(await skipsOf()).toEqual(OPEN);
    expect(await skipsOf({ accessKeyId })).toEqual(CLOSED);
    for (const id of [...ids, own]) valueOf(await admin.limits.remove(context, id));
    await database.query('TRUNCATE usage_event, usage_attempt, usage_rollup');
    valueOf(await admin.accessKeys.revoke(context, accessKeyId));
  });

  it('prices a metered model by its list price, and one without a price not at all', async () => {
    const { admin, context } = world.harness;
    const model = await admin.models.byRef(context, 'openai/gpt-5.5');
    await admin.models.update(context, model?.id ?? '', {
      listPrice: { inputUsdPerMillion: '2', outputUsdPerMillion: '10' },
    });
    const found = await world.planOf({ model: 'gpt-5.5', inputTokens: 1_000_000, outputTokens: 1_000 });
    expect(found).toMatchObject({ tier: null, score: null, signals: [] });
    expect(found.candidates.map((each: any) => each.estimatedCostUsd)).toEqual(['2.01']);
    await admin.models.update(context, model?.id ?? '', { listPrice: null });
  });

  it('leaves out models that lack an ability or are too small', async () => {
    const seen = await world.planOf({
      model: 'tier:simple',
      inputTokens: 150_000_000,
      capabilities: ['TOOLS'],
    });
    const reasons = seen.candidates.map((each: any) => each.skipReason);
    expect(reasons).toContain('CONTEXT_TOO_LONG');
    expect(seen.selected).toBeNull();
  });

  it('is made as a key', async () => {
    const simple = await world.tierOf('simple');
    const { accessKeyCreate } = await world.api.data(
      `mutation ($tiers: [ID!]!) {
        accessKeyCreate(input: { name: "k", allowedModels: ["openai/*"], allowedTierIds: $tiers }) { accessKey { id } }
      }`,
      { tiers: [simple.id] },
    );
    const accessKeyId = accessKeyCreate.accessKey.id;
    const found = await world.planOf({ model: 'simple', accessKeyId });
    expect(found.candidates[0]).toMatchObject({ modelRef: 'zai/glm-4.5-air', skipReason: 'NOT_PERMITTED' });
    expect(found.selected.modelRef).toMatch(/^openai\//);
    for (const [input, field] of [
      [{ model: 'complex', accessKeyId }, 'model'],
      [{ model: 'zai/glm-5.1', accessKeyId }, 'model'],
      [{ model: 'simple', accessKeyId: 'key_0' }, 'accessKeyId'],
    ] as const) {
      const { errors } = await world.planFor(input);
      expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: ['input', field] });
    }
    const refused = await world.reader.send(
      `query ($id: ID!) { routePlan(input: { model: "simple", accessKeyId: $id }) { reason } }`,
      { id: accessKeyId },
    );
    expect(refused.errors[0]?.extensions['code']).toBe('FORBIDDEN');
  });

  it.each([['nobody/nothing'], ['tier:nothing']])('of %s says that there is no such thing', async (model) => {
    const { errors } = await world.planFor({ model });
    expect(errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: ['input', 'model'] });
  });

  it('records nothing and publishes nothing', async () => {
    await world.planOf({ model: 'auto', prompt: 'hi' });
    expect(await world.harness.database.prisma.usageEvent.count()).toBe(0);
    expect(world.published()).toBe(0);
  });
});

describe('the weights of the classifier', () => {
  const set = async (weights: object[]): Promise<any> =>
    (
      await world.api.data(
        `mutation ($weights: [ClassifierWeightInput!]!) {
          classifierWeightsSet(weights: $weights) { classifierWeights { name shippedValue ownValue } userErrors { code field } }
        }`,
        { weights },
      )
    ).classifierWeightsSet;

  it('are shown with what they ship with, and replaced as a whole', async () => {
    const { classifierWeights: shipped } = await world.api.data(
      `{ classifierWeights { name measures shippedValue ownValue } }`,
    );
    expect(shipped.every(({ ownValue }: { ownValue: unknown }) => ownValue === null)).toBe(true);
    const before = await world.planOf({
      model: 'auto',
      prompt: 'Prove that the square root of two is irrational.',
    });
    const { classifierWeights, userErrors } = await set([{ name: 'proof_demand', value: -1 }]);
    expect(userErrors).toEqual([]);
    expect(classifierWeights).toContainEqual({
      name: 'proof_demand',
      shippedValue: expect.any(Number),
      ownValue: -1,
    });
    const after = await world.planOf({
      model: 'auto',
      prompt: 'Prove that the square root of two is irrational.',
    });
    expect(after.score).toBeLessThan(before.score);
    await set([{ name: 'turns', value: 0.5 }]);
    const [, second] = await world.auditRows();
    expect(second).toMatchObject({
      action: 'classifier_weights.set',
      changes: [
        { field: 'proof_demand', before: '-1', after: null },
        { field: 'turns', before: null, after: '0.5' },
      ],
    });
    expect((await set([])).classifierWeights).toEqual(
      shipped.map(({ measures: _, ...weight }: { measures: unknown }) => weight),
    );
  });

  it.each<[string, object[]]>([
    ['an unknown name', [{ name: 'nothing', value: 0 }]],
    ['a weight out of range', [{ name: 'turns', value: 7 }]],
    ['boundaries that cross', [{ name: 'boundary_standard', value: 0.9 }]],
    [
      'a name twice',
      [
        { name: 'turns', value: 0 },
        { name: 'turns', value: 0.1 },
      ],
    ],
  ])('are refused with %s', async (_what, weights) => {
    expect(await set(weights)).toEqual({
      classifierWeights: null,
      userErrors: [problem('INVALID', 'weights')],
    });
    expect(await world.audited()).toEqual([]);
  });
});
