import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModelUpdateInput } from '../../../src/admin/models/verbs.js';
import { buildSnapshot } from '../../../src/admin/snapshot.js';
import type { ModelRecord } from '../../../src/domain/records.js';
import { readSnapshotSource } from '../../../src/persistence/snapshot-source.js';
import type { SimulatedProvider } from '../../support/providers/simulated-provider.js';
import { codesOf, contextOf, startHarness, valueOf, type Harness } from './harness.js';

const MINE = { inputUsdPerMillion: '0.5', outputUsdPerMillion: '2', cacheReadUsdPerMillion: '0.05' };
let harness: Harness;
let zai: SimulatedProvider;
let known: ModelRecord;

beforeEach(async () => {
  harness = await startHarness();
  zai = await harness.simulate('zai');
  zai.setModels([{ id: 'glm-5.1' }, { id: 'glm-unheard-of' }]);
  valueOf(await harness.connect(zai, { offering: 'coding-plan' }));
  await harness.discovery.settled();
  known = await model('zai/glm-5.1');
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

async function model(ref: string): Promise<ModelRecord> {
  const found = await harness.admin.models.byRef(harness.context, ref);
  if (!found) throw new Error(`no model ${ref}`);
  return found;
}

const update = (input: ModelUpdateInput, id = known.id) =>
  harness.admin.models.update(harness.context, id, input);

async function rediscover(): Promise<void> {
  valueOf(await harness.admin.discovery.start(harness.context, null));
  await harness.discovery.settled();
}

async function routed() {
  const source = await readSnapshotSource(harness.database.prisma, harness.clock.now());
  return buildSnapshot(source, { version: 1, builtAt: 0 }).workspaces.flatMap(({ models }) => models);
}

describe('an operator’s own price', () => {
  it('outranks every other, survives discovery, and reaches the gateway', async () => {
    const priced = valueOf(await update({ listPrice: MINE }));
    expect(priced.price).toMatchObject({
      source: 'OVERRIDE',
      input: 500_000_000n,
      output: 2_000_000_000n,
      cacheRead: 50_000_000n,
      cacheWrite: null,
    });
    await rediscover();
    expect((await model('zai/glm-5.1')).price).toEqual(priced.price);
    const [routedModel] = (await routed()).filter(({ ref }) => ref === 'zai/glm-5.1');
    expect(routedModel?.price).toMatchObject({ id: priced.price?.id, input: '500000000' });
  });

  it('is a version of its own, and the same one again is none', async () => {
    const first = valueOf(await update({ listPrice: MINE })).price;
    expect(valueOf(await update({ listPrice: MINE })).price).toEqual(first);
    const second = valueOf(await update({ listPrice: { ...MINE, outputUsdPerMillion: '3' } })).price;
    expect(second?.id).not.toBe(first?.id);
    const versions = await harness.database.prisma.modelPrice.findMany({ where: { modelId: known.id } });
    expect(versions).toHaveLength(3);
    expect(versions.filter(({ validTo }) => validTo === null).map(({ id }) => id)).toEqual([second?.id]);
  });

  it('dropped, gives way to what others stated last, as it was stated', async () => {
    const { input, output, source, asOf } = known.price ?? {};
    await update({ listPrice: MINE });
    const dropped = valueOf(await update({ listPrice: null })).price;
    expect(dropped).toMatchObject({ input, output, source, asOf });
    expect(dropped?.id).not.toBe(known.price?.id);
    expect(valueOf(await update({ listPrice: null })).price).toEqual(dropped);
  });

  it('dropped where nobody ever stated one, leaves the price unknown', async () => {
    const { id } = await model('zai/glm-unheard-of');
    expect(valueOf(await update({ listPrice: MINE }, id)).price?.source).toBe('OVERRIDE');
    expect(valueOf(await update({ listPrice: null }, id)).price).toBeNull();
  });

  it.each([
    { ...MINE, inputUsdPerMillion: '-1' },
    { ...MINE, outputUsdPerMillion: '1000001' },
    { ...MINE, cacheReadUsdPerMillion: 'cheap' },
  ])('must be a sensible amount, unlike %o', async (listPrice) => {
    expect(codesOf(await update({ listPrice, enabled: false }))).toEqual(['OUT_OF_RANGE']);
    expect(await model('zai/glm-5.1')).toEqual(known);
  });
});

describe('a model that is forbidden', () => {
  it('leaves routing, stays known, and stays forbidden over a discovery', async () => {
    expect(valueOf(await update({ enabled: false })).enabled).toBe(false);
    await rediscover();
    expect((await model('zai/glm-5.1')).enabled).toBe(false);
    expect((await routed()).map(({ ref }) => ref)).not.toContain('zai/glm-5.1');
    valueOf(await update({ enabled: true }));
    expect((await routed()).map(({ ref }) => ref)).toContain('zai/glm-5.1');
  });
});

it('a change is in the audit log with what it changed', async () => {
  await update({ enabled: false, listPrice: MINE });
  const entry = await harness.database.prisma.auditEntry.findFirstOrThrow({
    where: { action: 'model.update' },
  });
  expect(entry).toMatchObject({ subjectId: known.id, subjectName: 'zai/glm-5.1' });
  expect(entry.changes).toEqual(
    expect.arrayContaining([
      { field: 'enabled', before: 'true', after: 'false' },
      { field: 'inputUsdPerMillion', before: '1.4', after: '0.5' },
      { field: 'priceSource', before: 'CATALOG', after: 'OVERRIDE' },
    ]),
  );
});

it('a model of another workspace does not exist, and reading is not writing', async () => {
  const stranger = contextOf('ws_other');
  expect(codesOf(await harness.admin.models.update(stranger, known.id, { enabled: false }))).toEqual([
    'NOT_FOUND',
  ]);
  const reader = contextOf(known.workspaceId, ['CONFIG_READ']);
  await expect(harness.admin.models.update(reader, known.id, { enabled: false })).rejects.toMatchObject({
    code: 'FORBIDDEN',
  });
});
