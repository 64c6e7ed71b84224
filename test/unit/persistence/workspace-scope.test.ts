import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Prisma } from '../../../src/persistence/generated/client.js';
import type { ScopedClient } from '../../../src/persistence/workspace-scope.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const NOW = new Date('2026-11-22T12:00:00Z');
let database: TestDatabase;
let ours: ScopedClient;

beforeAll(async () => {
  database = await createTestDatabase();
  ours = database.workspace('ours');
});

afterAll(() => database.close());

/** One rule of each workspace, `ours` and `theirs`, at the same position with the same name. */
beforeEach(async () => {
  const { prisma } = database;
  await prisma.workspace.deleteMany();
  await prisma.routingTier.deleteMany();
  for (const id of ['ours', 'theirs']) {
    await prisma.workspace.create({ data: { id, slug: id, name: id, createdAt: NOW } });
    await prisma.routingTier.create({ data: tier(`tier-${id}`, id) });
  }
});

function tier(id: string, workspaceId: string, slug = 'simple') {
  return { id, workspaceId, slug, name: 'Simple', position: 0, createdAt: NOW, updatedAt: NOW };
}

const theirs = () => database.prisma.routingTier.findMany({ where: { workspaceId: 'theirs' } });
const THEIRS_UNTOUCHED = [expect.objectContaining(tier('tier-theirs', 'theirs'))];

test('reads see only rows of their workspace', async () => {
  const where = { id: 'tier-theirs' };
  expect(await ours.routingTier.findMany()).toMatchObject([{ id: 'tier-ours' }]);
  expect(await ours.routingTier.findMany({ where: { OR: [where, { id: 'tier-ours' }] } })).toHaveLength(1);
  expect(await ours.routingTier.findMany({ where: { AND: where } })).toEqual([]);
  expect(await ours.routingTier.findMany({ where: { AND: [where] } })).toEqual([]);
  expect(await ours.routingTier.findMany({ where: { workspaceId: 'theirs' } })).toEqual([]);
  expect(await ours.routingTier.findUnique({ where })).toBeNull();
  expect(await ours.routingTier.findUnique({ where: { id: 'tier-ours' } })).not.toBeNull();
  await expect(ours.routingTier.findUniqueOrThrow({ where })).rejects.toMatchObject({ code: 'P2025' });
  expect(await ours.routingTier.findFirst({ where })).toBeNull();
  await expect(ours.routingTier.findFirstOrThrow({ where })).rejects.toMatchObject({ code: 'P2025' });
});

test('counts and groups cover only rows of their workspace', async () => {
  expect(await ours.routingTier.count()).toBe(1);
  expect(await ours.routingTier.aggregate({ _count: true, _max: { id: true } })).toEqual({
    _count: 1,
    _max: { id: 'tier-ours' },
  });
  expect(await ours.routingTier.groupBy({ by: ['slug'], _count: true })).toEqual([
    { slug: 'simple', _count: 1 },
  ]);
});

test('what is created belongs to the workspace, whatever the data says', async () => {
  await ours.routingTier.create({ data: tier('a', 'theirs', 'a') });
  await ours.routingTier.createMany({ data: [tier('b', 'theirs', 'b')] });
  await ours.routingTier.createMany({ data: tier('c', 'theirs', 'c') });
  await ours.routingTier.createManyAndReturn({ data: [tier('d', 'theirs', 'd')] });
  await ours.routingTier.upsert({ where: { id: 'e' }, create: tier('e', 'theirs', 'e'), update: {} });
  expect(await theirs()).toEqual(THEIRS_UNTOUCHED);
  expect(await ours.routingTier.count()).toBe(6);
});

test('rows of another workspace can be neither changed nor removed', async () => {
  const where = { id: 'tier-theirs' };
  const data = { name: 'Stolen' };
  await expect(ours.routingTier.update({ where, data })).rejects.toMatchObject({ code: 'P2025' });
  expect(await ours.routingTier.updateMany({ where, data })).toEqual({ count: 0 });
  expect(await ours.routingTier.updateManyAndReturn({ where, data })).toEqual([]);
  await expect(ours.routingTier.delete({ where })).rejects.toMatchObject({ code: 'P2025' });
  expect(await ours.routingTier.deleteMany({ where })).toEqual({ count: 0 });
  // The row is not ours to update, and its id is taken.
  const upsert = ours.routingTier.upsert({ where, create: tier('tier-theirs', 'ours', 'x'), update: data });
  await expect(upsert).rejects.toMatchObject({ code: 'P2002' });
  expect(await theirs()).toEqual(THEIRS_UNTOUCHED);
});

test('operations without a condition stop at the border of the workspace', async () => {
  expect(await ours.routingTier.updateMany({ data: { name: 'Renamed' } })).toEqual({ count: 1 });
  expect(await ours.routingTier.deleteMany()).toEqual({ count: 1 });
  expect(await theirs()).toEqual(THEIRS_UNTOUCHED);
});

test('a row cannot be moved to another workspace', async () => {
  const where = { id: 'tier-ours' };
  const data = { workspaceId: 'theirs', slug: 'moved' };
  await ours.routingTier.update({ where, data });
  await ours.routingTier.updateMany({ where, data });
  await ours.routingTier.updateManyAndReturn({ where, data });
  await ours.routingTier.upsert({ where, create: tier('tier-ours', 'ours'), update: data });
  expect(await theirs()).toEqual(THEIRS_UNTOUCHED);
  expect(await ours.routingTier.findUnique({ where })).toMatchObject({ slug: 'moved', workspaceId: 'ours' });
});

test('a workspace sees itself and no other', async () => {
  expect(await ours.workspace.findMany()).toMatchObject([{ id: 'ours' }]);
  expect(await ours.workspace.findUnique({ where: { id: 'theirs' } })).toBeNull();
  await expect(ours.workspace.delete({ where: { id: 'theirs' } })).rejects.toMatchObject({ code: 'P2025' });
});

test('transactions keep to the workspace and are undone as a whole', async () => {
  const failing = ours.$transaction(async (tx) => {
    await tx.routingTier.create({ data: tier('a', 'theirs', 'a') });
    expect(await tx.routingTier.findUnique({ where: { id: 'tier-theirs' } })).toBeNull();
    expect(await tx.routingTier.deleteMany()).toEqual({ count: 2 });
    throw new Error('undo');
  });
  await expect(failing).rejects.toThrow('undo');
  const [count, rows] = await ours.$transaction([ours.routingTier.count(), ours.routingTier.findMany()]);
  expect(count).toBe(1);
  expect(rows).toMatchObject([{ id: 'tier-ours' }]);
  expect(await theirs()).toEqual(THEIRS_UNTOUCHED);
});

test('every model can be read within a workspace', async () => {
  const delegates = ours as unknown as Record<string, { count(): Promise<number> } | undefined>;
  const models = Object.values(Prisma.ModelName);
  expect(models.length).toBeGreaterThan(20);
  for (const model of models) {
    const delegate = delegates[model.charAt(0).toLowerCase() + model.slice(1)];
    expect(await delegate?.count()).toBe(['Workspace', 'RoutingTier'].includes(model) ? 1 : 0);
  }
});
