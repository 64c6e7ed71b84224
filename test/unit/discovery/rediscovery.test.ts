import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConnectionRecord, DiscoveryRunRecord, ModelRecord } from '../../../src/domain/records.js';
import type { Topics } from '../../../src/live/bus.js';
import type { SimulatedProvider } from '../../support/providers/simulated-provider.js';
import { until } from '../../support/wait.js';
import { codesOf, startHarness, valueOf, type Harness } from '../admin/harness.js';

let harness: Harness;
let zai: SimulatedProvider;
let connection: ConnectionRecord;
beforeEach(async () => {
  harness = await startHarness();
  zai = await harness.simulate('zai');
  zai.setModels([{ id: 'glm-5.1' }, { id: 'glm-4.7' }]);
  ({ connection } = valueOf(await harness.connect(zai, { offering: 'coding-plan' })));
  await harness.discovery.settled();
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

async function rediscover(ids: readonly string[] | null = null): Promise<DiscoveryRunRecord> {
  const { id } = valueOf(await harness.admin.discovery.start(harness.context, ids));
  await harness.discovery.settled();
  const [run] = await harness.admin.discovery.byIds(harness.context, [id]);
  if (!run) throw new Error('the run is gone');
  return run;
}

async function model(ref: string): Promise<ModelRecord | null> {
  return harness.admin.models.byRef(harness.context, ref);
}

describe('a first discovery', () => {
  it('describes models by the catalogue where the provider is silent', async () => {
    expect(await model('zai/glm-5.1')).toMatchObject({
      displayName: 'GLM-5.1',
      kind: 'CHAT',
      state: 'AVAILABLE',
      price: { source: 'CATALOG' },
    });
    expect((await model('zai/glm-4.7'))?.contextWindow).toBeGreaterThan(100_000);
    expect((await model('zai/glm-4.7'))?.capabilities).toContain('TOOLS');
  });
});

describe('a later discovery', () => {
  it('adds new models, and says which', async () => {
    zai.setModels([{ id: 'glm-5.1' }, { id: 'glm-4.7' }, { id: 'glm-9' }]);
    const run = await rediscover();
    expect(run.results[0]).toMatchObject({ modelsFound: 3, modelsAdded: ['zai/glm-9'], modelsRemoved: [] });
    expect(await model('zai/glm-9')).toMatchObject({ state: 'AVAILABLE', displayName: 'glm-9', price: null });
  });

  it('keeps the ids, first sightings and prices of models that are still there', async () => {
    const before = await model('zai/glm-5.1');
    await rediscover();
    const after = await model('zai/glm-5.1');
    expect(after).toMatchObject({ id: before?.id, firstSeenAt: before?.firstSeenAt, price: before?.price });
    expect(await harness.database.prisma.modelPrice.count({ where: { modelId: before?.id ?? '' } })).toBe(1);
  });

  it('marks models as removed when no connection offers them, and brings them back', async () => {
    zai.setModels([{ id: 'glm-5.1' }]);
    const run = await rediscover();
    expect(run.results[0]).toMatchObject({ modelsFound: 1, modelsRemoved: ['zai/glm-4.7'] });
    expect((await model('zai/glm-4.7'))?.state).toBe('REMOVED');
    zai.setModels([{ id: 'glm-5.1' }, { id: 'glm-4.7' }]);
    expect((await rediscover()).results[0]?.modelsAdded).toEqual(['zai/glm-4.7']);
    expect((await model('zai/glm-4.7'))?.state).toBe('AVAILABLE');
  });

  it('keeps a model that another connection still offers', async () => {
    const other = await harness.simulate('zai');
    other.setModels([{ id: 'glm-4.7' }]);
    valueOf(await harness.connect(other, { offering: 'api', label: 'other' }));
    await harness.discovery.settled();
    zai.setModels([{ id: 'glm-5.1' }]);
    await rediscover([connection.id]);
    expect((await model('zai/glm-4.7'))?.state).toBe('AVAILABLE');
    expect((await model('zai/glm-4.7'))?.via.map(({ state }) => state).toSorted()).toEqual([
      'AVAILABLE',
      'REMOVED',
    ]);
  });

  it.each([
    [
      'an empty list',
      { kind: 'status', status: 200, body: { object: 'list', data: [] } },
      'INCOMPLETE_ANSWER',
    ],
    [
      'an answer that is no list',
      { kind: 'status', status: 200, body: '<html>hello</html>' },
      'INCOMPLETE_ANSWER',
    ],
    ['a provider in trouble', { kind: 'status', status: 500, body: {} }, 'UPSTREAM_ERROR'],
    ['a connection reset', { kind: 'reset' }, 'NETWORK'],
  ] as const)('keeps what is known on %s, as stale, and says why', async (_, fault, failureClass) => {
    zai.setFault({ ...fault, on: 'models' });
    const run = await rediscover();
    expect(run.status).toBe('FAILED');
    expect(run.results[0]).toMatchObject({
      status: 'FAILED',
      failure: { class: failureClass },
      modelsRemoved: [],
    });
    expect((await model('zai/glm-5.1'))?.state).toBe('STALE');
    zai.setFault(null);
    await rediscover();
    expect((await model('zai/glm-5.1'))?.state).toBe('AVAILABLE');
  });

  it('is partial when one of two providers is dead, whose health then shows it', async () => {
    const kimi = await harness.simulate('kimi');
    const second = valueOf(await harness.connect(kimi)).connection;
    await harness.discovery.settled();
    await kimi.close();
    const run = await rediscover();
    expect(run).toMatchObject({ status: 'PARTIAL', connectionsTotal: 2 });
    const [now] = await harness.admin.connections.byIds(harness.context, [second.id]);
    expect(now?.health).toMatchObject({ state: 'UNHEALTHY', reason: 'NETWORK' });
    const [latest] = await harness.admin.connections.lastDiscoveries(harness.context, [second.id]);
    expect(latest).toMatchObject({ status: 'FAILED', failure: { class: 'NETWORK' } });
  });

  it('begins a new price version only when the price really changed, and keeps the old one', async () => {
    const nano = await harness.simulate('nano-gpt');
    const priced = (input: number) => [{ id: 'zai-org/glm-5.1', prices: { input, output: 2 } }];
    nano.setModels(priced(1));
    valueOf(await harness.connect(nano, { offering: 'api' }));
    await harness.discovery.settled();
    const first = (await model('nano-gpt/zai-org/glm-5.1'))?.price;
    expect(first).toMatchObject({ source: 'PROVIDER', input: 1_000_000_000n });
    await rediscover();
    expect((await model('nano-gpt/zai-org/glm-5.1'))?.price?.id).toBe(first?.id);
    nano.setModels(priced(1.5));
    await rediscover();
    expect((await model('nano-gpt/zai-org/glm-5.1'))?.price).toMatchObject({ input: 1_500_000_000n });
    const old = await harness.database.prisma.modelPrice.findUniqueOrThrow({
      where: { id: first?.id ?? '' },
    });
    expect(old.validTo).not.toBeNull();
  });

  it('writes a list of 600 models in a few statements', async () => {
    zai.setModels(Array.from({ length: 600 }, (_, index) => ({ id: `glm-big-${index}` })));
    const run = await rediscover();
    expect(run.results[0]).toMatchObject({ status: 'SUCCEEDED', modelsFound: 600 });
    expect(run.results[0]?.durationMs).toBeLessThan(5_000);
  });

  it('knows models that do not chat, and keeps them out of routing', async () => {
    zai.setModels([{ id: 'glm-5.1' }, { id: 'embedding-3' }, { id: 'cogview-4' }]);
    await rediscover();
    expect((await model('zai/embedding-3'))?.kind).toBe('EMBEDDING');
    expect((await model('zai/cogview-4'))?.kind).toBe('OTHER');
    const listed = await harness.admin.models.list(
      harness.context,
      { first: 100, after: null },
      {},
      { field: 'REF', direction: 'ASC' },
    );
    expect(listed.items.map(({ ref }) => ref)).toEqual(['zai/glm-5.1']);
  });
});

describe('a run', () => {
  it('tells of its start, of each outcome after its commit, and of its end', async () => {
    const seen: Topics['discovery.progress'][] = [];
    harness.bus.subscribe('discovery.progress', (message) => seen.push(message));
    const run = await rediscover();
    expect(seen.map(({ resultId }) => resultId)).toEqual([null, run.results[0]?.id, null]);
    expect(run.status).toBe('SUCCEEDED');
    expect(run.finishedAt).not.toBeNull();
  });

  it('is answered again while it is open, and stops when cancelled', async () => {
    zai.setFault({ kind: 'stall', afterFrames: 0, on: 'models' });
    zai.clearRequests();
    const first = valueOf(await harness.admin.discovery.start(harness.context, null));
    const second = valueOf(await harness.admin.discovery.start(harness.context, [connection.id]));
    expect(second.id).toBe(first.id);
    await zai.waitForRequest(({ path }) => path.endsWith('/models'));
    const cancelled = valueOf(await harness.admin.discovery.cancel(harness.context, first.id));
    expect(cancelled).toMatchObject({ status: 'CANCELLED', results: [{ status: 'CANCELLED' }] });
    await harness.discovery.settled();
    expect((await model('zai/glm-5.1'))?.state).toBe('AVAILABLE');
    expect(valueOf(await harness.admin.discovery.cancel(harness.context, first.id)).status).toBe('CANCELLED');
  });

  it('cannot be cancelled once it has ended', async () => {
    const run = await rediscover();
    expect(codesOf(await harness.admin.discovery.cancel(harness.context, run.id))).toEqual(['INVALID_STATE']);
    expect(codesOf(await harness.admin.discovery.cancel(harness.context, 'run_none'))).toEqual(['NOT_FOUND']);
  });

  it('that a node left open when it died is failed once its lease is over', async () => {
    const run = await rediscover();
    const { prisma } = harness.database;
    expect(await harness.discovery.closeInterrupted()).toBe(0);
    const before = { leaseUntil: new Date(0), finishedAt: null, status: 'RUNNING' } as const;
    await prisma.discoveryRun.update({ where: { id: run.id }, data: before });
    await prisma.discoveryResult.updateMany({
      where: { runId: run.id },
      data: { status: 'RUNNING', finishedAt: null },
    });
    expect(await harness.discovery.closeInterrupted()).toBe(1);
    const [after] = await harness.admin.discovery.byIds(harness.context, [run.id]);
    expect(after).toMatchObject({
      status: 'FAILED',
      results: [{ status: 'FAILED', failure: { class: 'INTERRUPTED' } }],
    });
  });

  it('survives the removal of its connection', async () => {
    zai.setFault({ kind: 'delay', ms: 200, on: 'models' });
    zai.clearRequests();
    const run = valueOf(await harness.admin.discovery.start(harness.context, null));
    await zai.waitForRequest(({ path }) => path.endsWith('/models'));
    valueOf(await harness.admin.connections.remove(harness.context, connection.id));
    await harness.discovery.settled();
    const [after] = await harness.admin.discovery.byIds(harness.context, [run.id]);
    expect(after).toMatchObject({ status: 'FAILED', results: [{ status: 'CANCELLED', connectionId: null }] });
    expect((await model('zai/glm-5.1'))?.state).toBe('REMOVED');
  });
});

describe('a changed connection', () => {
  it('is asked anew after its secret or address changed', async () => {
    zai.setModels([{ id: 'glm-5.1' }, { id: 'glm-new' }]);
    const rotated = await harness.admin.connections.rotateSecret(harness.context, connection.id, {
      secret: zai.keys.good,
      verify: true,
    });
    expect(valueOf(rotated).health.state).toBe('HEALTHY');
    await until('the new model', () => model('zai/glm-new'));
  });
});
