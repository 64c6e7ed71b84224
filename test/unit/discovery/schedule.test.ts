import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { factsFor } from '../../../src/discovery/catalog/catalog.js';
import { createDiscovery, type Discovery } from '../../../src/discovery/discovery.js';
import {
  createDiscoverySchedule,
  dueAfter,
  type DiscoverySchedule,
} from '../../../src/discovery/schedule.js';
import { systemClock, type Clock } from '../../../src/domain/clock.js';
import type { ConnectionRecord, DiscoveryRunRecord } from '../../../src/domain/records.js';
import { HOUR_MS } from '../../../src/domain/time-range.js';
import { createHttpGet, type HttpGet } from '../../../src/upstream/http-get.js';
import { quietLogger } from '../../support/database.js';
import type { SimulatedProvider } from '../../support/providers/simulated-provider.js';
import { until } from '../../support/wait.js';
import { startHarness, valueOf, type Harness } from '../admin/harness.js';

const INTERVAL_MS = 6 * HOUR_MS;
let harness: Harness;
let zai: SimulatedProvider;
let connection: ConnectionRecord;
let http: HttpGet;
let ahead = 0;
const clock: Clock = { now: () => systemClock.now() + ahead, monotonic: () => systemClock.monotonic() };
const opened: { close(): Promise<void> }[] = [];

beforeEach(async () => {
  ahead = 0;
  harness = await startHarness();
  http = createHttpGet({ allowPrivateUpstreams: true, userAgent: 'switchyard-test' });
  zai = await harness.simulate('zai');
  zai.setModels([{ id: 'glm-5.1' }]);
  ({ connection } = valueOf(await harness.connect(zai, { offering: 'coding-plan' })));
  await harness.discovery.settled();
});
afterEach(async () => {
  for (const node of opened.splice(0).toReversed()) await node.close();
  await http.close();
  await harness[Symbol.asyncDispose]();
});

/** A control process of its own, as far as discovery goes, on the shared database. */
function startNode(intervalMs = INTERVAL_MS): { discovery: Discovery; schedule: DiscoverySchedule } {
  const { database, bus, vault } = harness;
  const logger = quietLogger;
  const discovery = createDiscovery({ database, bus, clock, logger, vault, http, factsFor });
  const schedule = createDiscoverySchedule({
    database,
    discovery,
    clock,
    logger,
    intervalMs,
    checkEveryMs: HOUR_MS,
  });
  opened.push(discovery, schedule);
  return { discovery, schedule };
}

const runs = (): Promise<number> =>
  harness.database.prisma.discoveryRun.count({ where: { trigger: 'SCHEDULED' } });

async function runOf({ id }: { id: string }): Promise<DiscoveryRunRecord> {
  const [run] = await harness.admin.discovery.byIds(harness.context, [id]);
  if (!run) throw new Error('the run is gone');
  return run;
}

describe('scheduled discovery', () => {
  it('waits its interval, asks every enabled connection, and waits again', async () => {
    const { discovery, schedule } = startNode();
    expect(await schedule.check()).toEqual([]);
    ahead = INTERVAL_MS * 1.2;
    zai.setModels([{ id: 'glm-5.1' }, { id: 'glm-new' }]);
    const [run] = await schedule.check();
    expect(run).toMatchObject({ trigger: 'SCHEDULED', connectionsTotal: 1 });
    await discovery.settled();
    expect(await runOf(run ?? { id: '' })).toMatchObject({
      status: 'SUCCEEDED',
      results: [{ connectionId: connection.id, modelsAdded: ['zai/glm-new'] }],
    });
    expect(await schedule.check()).toEqual([]);
    ahead += INTERVAL_MS * 1.2;
    expect(await schedule.check()).toHaveLength(1);
    await discovery.settled();
  });

  it('has one runner, however many nodes look at once', async () => {
    const nodes = [startNode(), startNode(), startNode()];
    await Promise.all(nodes.map(({ schedule }) => schedule.check()));
    ahead = INTERVAL_MS * 1.2;
    const begun = await Promise.all(nodes.map(({ schedule }) => schedule.check()));
    expect(begun.flat()).toHaveLength(1);
    await Promise.all(nodes.map(({ discovery }) => discovery.settled()));
    expect(await runs()).toBe(1);
  });

  it('is off with an interval of zero', async () => {
    const { schedule } = startNode(0);
    ahead = 1_000 * INTERVAL_MS;
    expect(await schedule.check()).toEqual([]);
  });

  it('asks nothing for a workspace without an enabled connection', async () => {
    valueOf(await harness.admin.connections.update(harness.context, connection.id, { enabled: false }));
    const { schedule } = startNode();
    ahead = INTERVAL_MS * 1.2;
    expect(await schedule.check()).toEqual([]);
  });

  it('is put off by up to a tenth, the same for every node, and not the same each time', () => {
    const delays = Array.from({ length: 50 }, (_, index) =>
      dueAfter({ id: `run_${index}`, createdAt: 1_000 }, INTERVAL_MS),
    );
    for (const due of delays) {
      expect(due).toBeGreaterThanOrEqual(1_000 + INTERVAL_MS);
      expect(due).toBeLessThanOrEqual(1_000 + INTERVAL_MS * 1.1);
    }
    expect(new Set(delays).size).toBeGreaterThan(10);
    expect(dueAfter({ id: 'run_7', createdAt: 1_000 }, INTERVAL_MS)).toBe(delays[7]);
  });
});

describe('with several nodes', () => {
  it('a node that starts leaves the runs of another alone, and ends those of one that died', async () => {
    zai.setFault({ kind: 'stall', afterFrames: 0, on: 'models' });
    zai.clearRequests();
    const alive = valueOf(await harness.admin.discovery.start(harness.context, null));
    await zai.waitForRequest(({ path }) => path.endsWith('/models'));
    const { schedule } = startNode();
    await schedule.check();
    expect((await runOf(alive)).status).toBe('RUNNING');

    const { prisma } = harness.database;
    await prisma.discoveryRun.update({ where: { id: alive.id }, data: { leaseUntil: new Date(0) } });
    await schedule.check();
    expect(await runOf(alive)).toMatchObject({
      status: 'FAILED',
      results: [{ status: 'FAILED', failure: { class: 'INTERRUPTED' } }],
    });
  });

  it('a node that stops hands its runs over at once', async () => {
    zai.setFault({ kind: 'stall', afterFrames: 0, on: 'models' });
    zai.clearRequests();
    const left = valueOf(await harness.admin.discovery.start(harness.context, null));
    await zai.waitForRequest(({ path }) => path.endsWith('/models'));
    await harness.discovery.close();
    const { schedule } = startNode();
    await schedule.check();
    expect((await runOf(left)).status).toBe('FAILED');
  });
});

it('a dead provider delays no other, however many connections it has', async () => {
  zai.setFault({ kind: 'stall', afterFrames: 0, on: 'models' });
  for (let index = 0; index < 20; index++) {
    const quick = { label: `dead ${index}`, offering: 'coding-plan', verify: false, discover: false };
    valueOf(await harness.connect(zai, quick));
  }
  const kimi = await harness.simulate('kimi');
  const good = valueOf(await harness.connect(kimi, { discover: false, priority: 99 })).connection;
  const run = valueOf(await harness.admin.discovery.start(harness.context, null));
  const ended = await until('the first outcome', async () => {
    const done = (await runOf(run)).results.filter(({ finishedAt }) => finishedAt !== null);
    return done.length > 0 ? done : null;
  });
  expect(ended).toMatchObject([{ connectionId: good.id, status: 'SUCCEEDED' }]);
  valueOf(await harness.admin.discovery.cancel(harness.context, run.id));
  await harness.discovery.settled();
});
