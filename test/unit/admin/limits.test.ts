import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchLimits } from '../../../src/admin/alerts/watch-limits.js';
import type { UsageLimitCreateInput } from '../../../src/admin/limits/verbs.js';
import { newId } from '../../../src/domain/ids.js';
import { NO_SCOPE, windowAt } from '../../../src/domain/limits.js';
import { NO_TOKENS } from '../../../src/domain/tokens.js';
import type { AttemptRecord } from '../../../src/journal/record.js';
import { commitUsage } from '../../../src/persistence/usage.js';
import { measureUntil } from '../../../src/persistence/limits.js';
import type { UsageEvent } from '../../../src/domain/usage.js';
import { quietLogger } from '../../support/database.js';
import { until } from '../../support/wait.js';
import { makeEvent } from '../usage/events.js';
import { codesOf, contextOf, startHarness, valueOf, type Harness } from './harness.js';

let harness: Harness;
let workspaceId: string;
beforeAll(async () => {
  harness = await startHarness();
  ({ workspaceId } = harness.context.actor);
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

const INPUT: UsageLimitCreateInput = {
  name: 'spend',
  metric: 'COST_USD',
  window: 'DAY',
  threshold: '5',
  action: 'NOTIFY',
};

/** What costs a dollar. */
const DOLLAR: Partial<AttemptRecord> = {
  billing: 'METERED',
  price: { id: 'price_1', input: '1000000000', output: '0', cacheRead: null, cacheWrite: null },
  tokens: { ...NO_TOKENS, input: 1_000_000 },
};

/** A request that cost a dollar. */
async function record(
  over: Partial<UsageEvent> = {},
  attempt: Partial<AttemptRecord> = {},
): Promise<UsageEvent> {
  const now = Date.now();
  const event: UsageEvent = {
    ...makeEvent({ at: now, workspaceId, attempt: { ...DOLLAR, ...attempt } }),
    occurredAt: now,
    ...over,
  };
  const stored = await commitUsage(harness.database, [event]);
  harness.bus.publish('usage.recorded', { workspaceId, events: stored });
  return event;
}

async function makeKey(input: object = {}) {
  const made = await harness.admin.accessKeys.create(harness.context, {
    name: 'agent',
    allowedModels: [],
    ...input,
  });
  return valueOf(made).accessKey;
}

describe('a key', () => {
  it('keeps what is left out, clears what is null, and says in the audit log what changed', async () => {
    const { admin, context, database } = harness;
    const key = await makeKey({
      budget: { limitUsd: '12.5', window: 'WEEK' },
      requestsPerMinute: 10,
      tokensPerMinute: 1_000,
      maxConcurrency: 3,
      tags: ['team', ' team ', 'blue'],
    });
    expect(key).toMatchObject({ tags: ['team', 'blue'], budget: { limitNanoUsd: 12_500_000_000n } });
    const change = { name: ' renamed ', budget: null, tokensPerMinute: 5 };
    const changed = valueOf(await admin.accessKeys.update(context, key.id, change));
    expect(changed).toEqual({ ...key, name: 'renamed', budget: null, tokensPerMinute: 5 });
    expect(await admin.accessKeys.byIds(context, [key.id])).toEqual([changed]);
    const entry = await database.prisma.auditEntry.findFirst({ where: { action: 'access_key.update' } });
    expect(entry?.changes).toEqual([
      { field: 'name', before: 'agent', after: 'renamed' },
      { field: 'budget', before: '12.5 USD per WEEK', after: null },
      { field: 'tokensPerMinute', before: '1000', after: '5' },
    ]);
  });

  it.each([
    ['a budget of nothing', { budget: { limitUsd: '0', window: 'DAY' } }, ['OUT_OF_RANGE']],
    ['a rate of nothing', { requestsPerMinute: 0 }, ['OUT_OF_RANGE']],
    ['an unknown tier', { allowedTierIds: ['tier_none'] }, ['NOT_FOUND']],
    ['an unknown default tier', { defaultTierId: 'tier_none' }, ['NOT_FOUND']],
    ['an overlong tag', { tags: ['x'.repeat(51)] }, ['OUT_OF_RANGE']],
    [
      'several mistakes at once',
      { name: ' ', maxConcurrency: -1, expiresAt: 1 },
      ['REQUIRED', 'OUT_OF_RANGE', 'INVALID'],
    ],
  ] as const)('is not changed to %s', async (_, change, codes) => {
    const { admin, context } = harness;
    const key = await makeKey();
    expect(codesOf(await admin.accessKeys.update(context, key.id, change))).toEqual(codes);
    expect(await admin.accessKeys.byIds(context, [key.id])).toEqual([key]);
  });

  it('works under both plaintexts while it rotates, and is rotated no more once revoked', async () => {
    const { admin, context, database } = harness;
    const key = await makeKey();
    const before = await database.prisma.accessKey.findUniqueOrThrow({ where: { id: key.id } });
    const { accessKey, plaintext, previousValidUntil } = valueOf(
      await admin.accessKeys.rotate(context, key.id, 60),
    );
    expect(previousValidUntil - Date.now()).toBeGreaterThan(58_000);
    expect(admin.accessKeys.state(accessKey, 0n)).toBe('ROTATING');
    const after = await database.prisma.accessKey.findUniqueOrThrow({ where: { id: key.id } });
    expect(after.previousHash).toBe(before.hash);
    expect(JSON.stringify(after)).not.toContain(plaintext);
    for (const seconds of [-1, 604_801])
      expect(codesOf(await admin.accessKeys.rotate(context, key.id, seconds))).toEqual(['OUT_OF_RANGE']);
    await admin.accessKeys.revoke(context, key.id);
    expect(codesOf(await admin.accessKeys.rotate(context, key.id, 0))).toEqual(['INVALID_STATE']);
    expect(codesOf(await admin.accessKeys.update(context, key.id, {}))).toEqual(['INVALID_STATE']);
  });

  it('is suspended when its budget is spent, and listed as such', async () => {
    const { admin, context } = harness;
    const key = await makeKey({ budget: { limitUsd: '2', window: 'MONTH' } });
    const state = async () => {
      const [spent = 0n] = await admin.accessKeys.spent(context, [key]);
      return admin.accessKeys.state(key, spent);
    };
    await record({ accessKeyId: key.id });
    expect(await state()).toBe('ACTIVE');
    await record({ accessKeyId: key.id });
    expect(await state()).toBe('SUSPENDED');
    const listed = async (states: readonly ['SUSPENDED'] | readonly ['ACTIVE']) =>
      (await admin.accessKeys.list(context, { first: 100, after: null }, { states })).items.map(
        ({ id }) => id,
      );
    expect(await listed(['SUSPENDED'])).toEqual([key.id]);
    expect(await listed(['ACTIVE'])).not.toContain(key.id);
  });

  it('of another workspace is not there', async () => {
    const key = await makeKey();
    const foreign = contextOf('ws_other');
    const { accessKeys } = harness.admin;
    expect(codesOf(await accessKeys.update(foreign, key.id, { name: 'x' }))).toEqual(['NOT_FOUND']);
    expect(codesOf(await accessKeys.rotate(foreign, key.id, 0))).toEqual(['NOT_FOUND']);
  });
});

describe('a limit', () => {
  it.each([
    ['a threshold of nothing', { threshold: '0' }, ['OUT_OF_RANGE']],
    ['a share above one', { metric: 'FAILURE_RATE', threshold: '1.1' }, ['OUT_OF_RANGE']],
    ['half a request', { metric: 'REQUESTS', threshold: '1.5' }, ['INVALID']],
    ['the quota of a key', { metric: 'QUOTA_PERCENT', accessKeyId: 'key_none' }, ['NOT_FOUND', 'INVALID']],
    [
      'what does not exist',
      { provider: 'nobody', connectionId: 'c', tierId: 't' },
      ['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'],
    ],
    ['no name', { name: ' ' }, ['REQUIRED']],
  ] as const)('is not made with %s', async (_, input, codes) => {
    const { admin, context } = harness;
    expect(codesOf(await admin.limits.create(context, { ...INPUT, ...input }))).toEqual(codes);
    expect(await admin.limits.list(context)).toEqual([]);
  });

  it('fires once when it is passed, resolves when the value falls, and is acknowledged once', async () => {
    const { admin, context, database, bus } = harness;
    await using watch = disposable(watchLimits({ ...harness, logger: quietLogger }));
    const key = await makeKey();
    const limit = valueOf(
      await admin.limits.create(context, { ...INPUT, threshold: '2', action: 'BLOCK', accessKeyId: key.id }),
    );
    const changes: string[] = [];
    bus.subscribe('alert.changed', ({ alertId }) => changes.push(alertId));
    const open = async () => (await admin.alerts.list(context, { first: 10, after: null }, true)).items;
    await record({ accessKeyId: key.id });
    await watch.look(workspaceId);
    expect(await open()).toEqual([]);
    await record({ accessKeyId: key.id });
    const [alert] = await until('the alert fires', async () => {
      const alerts = await open();
      return alerts.length > 0 && alerts;
    });
    expect(alert).toMatchObject({ limitId: limit.id, value: 2_000_000_000n, acknowledgedBy: null });
    expect(alert?.message).toBe('"spend": 2 USD spent today; the limit is 2. Further requests are refused.');
    await record({ accessKeyId: key.id });
    await Promise.all([watch.look(workspaceId), watch.look(workspaceId)]);
    expect(await open()).toHaveLength(1);
    expect(await admin.limits.current(context, [limit])).toEqual([3_000_000_000n]);

    const id = alert?.id ?? '';
    const [first, second] = [
      valueOf(await admin.alerts.acknowledge(context, id)),
      valueOf(await admin.alerts.acknowledge(context, id)),
    ];
    expect(first.acknowledgedBy).toEqual({ kind: 'ADMIN_TOKEN', id: 'tok_test', name: 'tester' });
    expect(second).toEqual(first);
    expect(await database.prisma.auditEntry.count({ where: { action: 'alert.acknowledge' } })).toBe(1);

    valueOf(await admin.limits.update(context, limit.id, { threshold: '10' }));
    await until('the alert resolves', async () => (await open()).length === 0);
    expect(changes).toEqual([id, id, id]);
    expect(valueOf(await admin.limits.remove(context, limit.id))).toBe(limit.id);
    const { items } = await admin.alerts.list(context, { first: 10, after: null }, false);
    expect(items).toMatchObject([{ id, limitId: null }]);
  });

  it('goes with the connection or the tier that it is over, and so does its alert', async () => {
    const { admin, context, database } = harness;
    await using watch = disposable(watchLimits({ ...harness, logger: quietLogger }));
    const zai = await harness.simulate('zai');
    const { connection } = valueOf(await harness.connect(zai, { offering: 'coding-plan', discover: false }));
    const tier = valueOf(
      await admin.tiers.create(context, {
        slug: 'brief',
        name: 'Brief',
        strategy: 'ORDERED',
        targets: [],
        maxAttempts: 3,
        isDefault: false,
      }),
    );
    const limit = async (name: string, scope: object) =>
      valueOf(await admin.limits.create(context, { ...INPUT, ...scope, name, threshold: '1' }));
    await limit('of the connection', { connectionId: connection.id });
    await limit('of the tier', { tierId: tier.id });
    const { id } = await limit('of all', {});
    await record({}, { connectionId: connection.id });
    await watch.look(workspaceId);
    expect(await database.prisma.alert.count({ where: { resolvedAt: null } })).toBe(2);

    valueOf(await admin.connections.remove(context, connection.id));
    valueOf(await admin.tiers.remove(context, tier.id));
    expect((await admin.limits.list(context)).map(({ name }) => name)).toEqual(['of all']);
    expect(await database.prisma.alert.findMany({ where: { resolvedAt: null } })).toMatchObject([
      { limitId: id },
    ]);
    const said = await database.prisma.auditEntry.findMany({
      where: { action: { in: ['connection.delete', 'routing_tier.delete'] } },
      orderBy: { id: 'asc' },
    });
    expect(said.map(({ changes }) => changes)).toEqual([
      [{ field: 'limits', before: 'of the connection', after: null }],
      [{ field: 'limits', before: 'of the tier', after: null }],
    ]);
    valueOf(await admin.limits.remove(context, id));
  });

  it('measures failures without what was refused here', async () => {
    const { admin, context } = harness;
    const key = await makeKey();
    const make = async (metric: 'FAILURE_RATE' | 'REQUESTS') =>
      valueOf(await admin.limits.create(context, { ...INPUT, metric, threshold: '1', accessKeyId: key.id }));
    const limits = [await make('FAILURE_RATE'), await make('REQUESTS')];
    for (const status of ['OK', 'FAILED', 'OK', 'FAILED', 'REJECTED'] as const)
      await record({ accessKeyId: key.id, status });
    expect(await admin.limits.current(context, limits)).toEqual([500_000_000n, 4_000_000_000n]);
  });
});

it('what was recorded before a moment is told from what came after, to the millisecond', async () => {
  const now = Date.now();
  const key = await makeKey();
  const at = (occurredAt: number) =>
    record({ id: newId('event', occurredAt), startedAt: occurredAt, occurredAt, accessKeyId: key.id });
  const window = windowAt(now, 'TOTAL');
  await at(now - 2 * 3_600_000);
  await at(now - 1);
  await at(now);
  const traffic = { workspaceId, scope: { ...NO_SCOPE, accessKeyId: key.id }, from: window.from, to: now };
  expect(await measureUntil(harness.database, traffic)).toMatchObject({
    requests: 2n,
    costNanoUsd: 2_000_000_000n,
  });
});

function disposable<T extends { close(): Promise<void> }>(one: T): T & AsyncDisposable {
  return Object.assign(one, { [Symbol.asyncDispose]: () => one.close() });
}
