import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { systemClock, type Clock } from '../../../src/domain/clock.js';
import type { HeaderReading, QuotaReading } from '../../../src/domain/quota.js';
import type { ConnectionRecord } from '../../../src/domain/records.js';
import { HOUR_MS } from '../../../src/domain/time-range.js';
import { dropPastQuotaWindowsBefore, endedAllowances } from '../../../src/persistence/past-quota-windows.js';
import { findQuotaWindows } from '../../../src/persistence/quota-windows.js';
import { commitUsage } from '../../../src/persistence/usage.js';
import { createQuotaPoller, type QuotaPoller } from '../../../src/quota/poller.js';
import { takeHeaders } from '../../../src/quota/take-reading.js';
import { createHttpGet, type HttpGet } from '../../../src/upstream/http-get.js';
import { quietLogger } from '../../support/database.js';
import type { SimulatedProvider } from '../../support/providers/simulated-provider.js';
import { startHarness, valueOf, type Harness } from '../admin/harness.js';
import { makeEvent } from '../usage/events.js';

const MINUTE_MS = 60_000;
/** What answers say in passing of the shortest window. */
const SAID = {
  name: '5h',
  windowSeconds: 18_000,
  unit: 'CREDITS',
  limit: 12_000,
  used: 0,
  usedFraction: 0,
} as const;
let harness: Harness;
let http: HttpGet;
let provider: SimulatedProvider;
let connection: ConnectionRecord;
let ahead = 0;
const clock: Clock = { now: () => systemClock.now() + ahead, monotonic: () => systemClock.monotonic() };
const nodes: QuotaPoller[] = [];

beforeAll(async () => {
  harness = await startHarness();
  http = createHttpGet({ allowPrivateUpstreams: true, userAgent: 'switchyard-test' });
});
beforeEach(() => {
  ahead = 0;
});
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close();
  valueOf(await harness.admin.connections.remove(harness.context, connection.id));
});
afterAll(async () => {
  await http.close();
  await harness[Symbol.asyncDispose]();
});

async function connect(slug: string, offering: string, planCode?: string): Promise<void> {
  provider = await harness.simulate(slug, { now: () => clock.now() });
  const input = { offering, discover: false, ...(planCode !== undefined && { planCode }) };
  ({ connection } = valueOf(await harness.connect(provider, input)));
  provider.clearRequests();
}

/** A control process of its own, as far as quota goes, on the shared database. */
function startNode(): QuotaPoller {
  const { bus, database, vault } = harness;
  const node = createQuotaPoller({
    bus,
    clock,
    database,
    http,
    logger: quietLogger,
    vault,
    checkEveryMs: HOUR_MS,
    random: () => 0,
  });
  nodes.push(node);
  return node;
}

async function windows(): Promise<readonly QuotaReading[]> {
  const rows = harness.database.workspace(connection.workspaceId);
  return (await findQuotaWindows(rows, [connection.id]))[0] ?? [];
}

/** Reads so far at the provider. */
const reads = (): number => provider.requests.length;

/** Commits requests through the connection the way the recorder does, and announces them as it does. */
async function use(count: number, at = clock.now()): Promise<void> {
  const { id: connectionId, workspaceId } = connection;
  const attempt = { connectionId, billing: 'SUBSCRIPTION' as const };
  const events = Array.from({ length: count }, () => makeEvent({ at, workspaceId, attempt }));
  await commitUsage(harness.database, events);
  harness.bus.publish('attempts.recorded', {
    workspaceId: connection.workspaceId,
    attempts: [{ connectionId: connection.id, failure: null, sentAt: at, endedAt: at }],
  });
}

describe('the poller', () => {
  it('reads a new plan at once, once however many nodes look, and then waits its interval', async () => {
    await connect('zai', 'coding-plan');
    const changes: string[] = [];
    harness.bus.subscribe('quota.changed', ({ connectionId }) => changes.push(connectionId));
    const [one, two] = [startNode(), startNode()];
    const looked = await Promise.all([one.check(), two.check()]);
    expect(looked.flat()).toEqual([connection.id]);
    expect(reads()).toBe(1);
    expect(await windows()).toMatchObject([
      { name: '5h', unit: 'CREDITS', limit: 12_000, used: 4_080, usedFraction: 0.34, source: 'REPORTED' },
      { name: 'weekly', limit: 60_000, usedFraction: 0.2 },
    ]);
    expect(changes).toEqual([connection.id]);

    // Never used through us: half an hour.
    ahead = 29 * MINUTE_MS;
    expect((await Promise.all([one.check(), two.check()])).flat()).toEqual([]);
    ahead = 31 * MINUTE_MS;
    expect((await Promise.all([one.check(), two.check()])).flat()).toEqual([connection.id]);
    expect(changes).toHaveLength(1);
  });

  it('looks every minute when little is left, and right after the reset', async () => {
    await connect('zai', 'coding-plan');
    await use(1);
    provider.quota.set('5h', 11_000);
    const node = startNode();
    await node.check();
    expect(reads()).toBe(1);
    ahead = 0.9 * MINUTE_MS;
    await node.check();
    expect(reads()).toBe(1);
    ahead = 1.1 * MINUTE_MS;
    await node.check();
    expect(reads()).toBe(2);

    provider.quota.set('5h', 12_000);
    ahead = 2.2 * MINUTE_MS;
    await node.check();
    expect((await windows())[0]?.usedFraction).toBe(1);
    const { resetsAt } = provider.quota.window('5h');
    ahead = resetsAt - systemClock.now() + 3_000;
    await node.check();
    expect((await windows())[0]).toMatchObject({ usedFraction: 0 });
  });

  it('keeps each window that is over once, as it was last read, however many nodes see the end', async () => {
    await connect('zai', 'coding-plan');
    const nodes = [startNode(), startNode(), startNode()];
    const look = () => Promise.all(nodes.map((node) => node.check()));
    provider.quota.set('5h', 3_000);
    await look();
    const { resetsAt } = provider.quota.window('5h');
    ahead = resetsAt - systemClock.now() + 15_000;
    const late: HeaderReading = {
      workspaceId: connection.workspaceId,
      connectionId: connection.id,
      windows: [{ ...SAID, resetsAt: resetsAt + 5 * HOUR_MS }],
      observedAt: clock.now(),
    };
    await Promise.all([
      ...nodes.map((node) => node.check()),
      ...nodes.map(async () => takeHeaders(harness, late)),
    ]);
    await look();
    ahead += HOUR_MS;
    await look();
    const { database } = harness;
    const range = { from: resetsAt - HOUR_MS, to: resetsAt + HOUR_MS };
    const ended = await endedAllowances(database, connection.workspaceId, range);
    expect(ended).toMatchObject([
      { connectionId: connection.id, name: '5h', windows: 1, source: 'REPORTED' },
    ]);
    expect(ended[0]).toMatchObject({ heldMs: 5 * HOUR_MS, unusedMs: 0.75 * 5 * HOUR_MS });
    expect(await endedAllowances(database, 'ws_another', range)).toEqual([]);
    await dropPastQuotaWindowsBefore(database, resetsAt + 1);
    expect(await endedAllowances(database, connection.workspaceId, range)).toEqual([]);
  });

  it('looks sooner at a plan that comes into use', async () => {
    await connect('zai', 'coding-plan');
    const node = startNode();
    await node.check();
    ahead = 6 * MINUTE_MS;
    await node.check();
    expect(reads()).toBe(1);
    await use(1);
    await node.check();
    expect(reads()).toBe(2);
  });

  it('looks again after a wall, but not again for the same one', async () => {
    await connect('zai', 'coding-plan');
    const node = startNode();
    await node.check();
    ahead = MINUTE_MS;
    await harness.database.workspace(connection.workspaceId).connectionCooldown.create({
      data: {
        connectionId: connection.id,
        workspaceId: connection.workspaceId,
        modelRef: '',
        class: 'QUOTA_EXHAUSTED',
        since: new Date(clock.now()),
        until: new Date(clock.now() + HOUR_MS),
        failures: 1,
      },
    });
    await node.check();
    expect(reads()).toBe(2);
    ahead = 2 * MINUTE_MS;
    await node.check();
    expect(reads()).toBe(2);
  });

  it('keeps what it knows while the provider fails, backs off, and never raises', async () => {
    await connect('zai', 'coding-plan');
    const node = startNode();
    await node.check();
    provider.setFault({ kind: 'status', status: 500, body: 'oops', on: 'account' });
    ahead = 31 * MINUTE_MS;
    await node.check();
    expect(reads()).toBe(2);
    expect(await windows()).toHaveLength(2);
    for (const minutes of [0.5, 1.1, 2, 3.2]) {
      ahead = (31 + minutes) * MINUTE_MS;
      await node.check();
    }
    // After one minute, and after two more.
    expect(reads()).toBe(4);
    provider.setFault(null);
    ahead = 40 * MINUTE_MS;
    await node.check();
    expect((await windows())[0]?.observedAt).toBeGreaterThan(systemClock.now() + 39 * MINUTE_MS);
  });

  it('forgets a full window without a reset once it is too old to be true', async () => {
    await connect('cline-pass', 'pass');
    provider.quota.set('monthly', 20_000);
    const node = startNode();
    await node.check();
    provider.setFault({ kind: 'reset', on: 'account' });
    ahead = 8 * 24 * HOUR_MS;
    await node.check();
    // Its length is unknown, too: most are over by now.
    expect((await windows()).map(({ name }) => name)).toEqual(['5h', 'weekly']);
  });

  it('asks a second time before it believes that a window fell without a reset', async () => {
    await connect('zai', 'coding-plan');
    const node = startNode();
    await node.check();
    provider.setFault({
      kind: 'status',
      status: 200,
      on: 'account',
      times: 1,
      body: {
        code: 200,
        success: true,
        data: {
          level: 'pro',
          limits: [
            {
              type: 'CREDIT_LIMIT',
              unit: 3,
              number: 5,
              percentage: 0,
              nextResetTime: provider.quota.window('5h').resetsAt,
            },
          ],
        },
      },
    });
    ahead = 31 * MINUTE_MS;
    await node.check();
    expect(reads()).toBe(3);
    expect((await windows())[0]?.usedFraction).toBe(0.34);
  });

  it('notes a plan that is no longer in force, and shows no windows of it', async () => {
    await connect('nano-gpt', 'subscription');
    const node = startNode();
    await node.check();
    expect(await windows()).toHaveLength(1);
    provider.setFault({
      kind: 'status',
      status: 200,
      on: 'account',
      body: { active: false, state: 'inactive' },
    });
    ahead = 31 * MINUTE_MS;
    await node.check();
    expect(await windows()).toEqual([]);
    const [present] = await harness.admin.connections.byIds(harness.context, [connection.id]);
    expect(present?.planActive).toBe(false);
  });

  it('reads a plan that was changed', async () => {
    await connect('zai', 'coding-plan');
    const node = startNode();
    await node.check();
    ahead = MINUTE_MS;
    await harness.database.prisma.connection.update({
      where: { id: connection.id },
      data: { updatedAt: new Date(clock.now()) },
    });
    await node.check();
    expect(reads()).toBe(2);
  });

  it('leaves a connection alone that is not in use', async () => {
    await connect('zai', 'coding-plan');
    valueOf(await harness.admin.connections.update(harness.context, connection.id, { enabled: false }));
    await startNode().check();
    expect(reads()).toBe(0);
  });

  it('can be asked to look now, and is not hammered by it', async () => {
    await connect('zai', 'coding-plan');
    const [one, two] = [startNode(), startNode()];
    await Promise.all([one.check(), two.check()]);
    ahead = 11_000;
    const kinds = await Promise.all(
      Array.from({ length: 6 }, async (_, i) => (await (i % 2 ? one : two).refresh(connection)).kind),
    );
    expect(kinds.toSorted()).toEqual(['read', 'recent', 'recent', 'recent', 'recent', 'recent'].toSorted());
    expect(reads()).toBe(2);
    provider.setFault({ kind: 'refuse', failure: 'bad-key-with-200', on: 'account' });
    ahead = 22_000;
    expect(await one.refresh(connection)).toMatchObject({
      kind: 'failed',
      failure: { class: 'AUTHENTICATION' },
    });
    expect(await two.refresh(connection)).toEqual({ kind: 'recent' });
    expect(reads()).toBe(3);
  });
});

describe('plans that cannot be read', () => {
  it('have windows that agree with what was sent', async () => {
    await connect('alibaba', 'coding-plan', 'pro');
    await use(12, clock.now() - MINUTE_MS);
    await use(5, clock.now() - 6 * HOUR_MS);
    await startNode().check();
    expect(reads()).toBe(0);
    const found = await windows();
    expect(found.map(({ name, source, unit }) => [name, source, unit])).toEqual([
      ['5h', 'ESTIMATED', 'REQUESTS'],
      ['weekly', 'ESTIMATED', 'REQUESTS'],
      ['monthly', 'ESTIMATED', 'REQUESTS'],
    ]);
    expect(found[0]).toMatchObject({ used: 12, limit: 6_000, usedFraction: 0.002 });
    expect(found[2]).toMatchObject({ used: 17, limit: 90_000, resetsAt: null });
  });

  it('count tokens where the plan does, and nothing where no plan is declared', async () => {
    await connect('cerebras', 'code', 'pro');
    await use(2);
    const node = startNode();
    await node.check();
    const event = makeEvent({});
    const { cacheRead, cacheWrite, input, output } = event.tokens;
    expect(await windows()).toMatchObject([
      {
        name: 'daily',
        unit: 'TOKENS',
        used: 2 * (input + output + cacheRead + cacheWrite),
        limit: 24_000_000,
      },
    ]);
    ahead = MINUTE_MS;
    valueOf(await harness.admin.connections.update(harness.context, connection.id, { planCode: null }));
    await harness.database.prisma.connection.update({
      where: { id: connection.id },
      data: { updatedAt: new Date(clock.now()) },
    });
    await node.check();
    expect(await windows()).toEqual([]);
  });
});
