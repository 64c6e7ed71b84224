import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../../src/domain/ids.js';
import { costOf } from '../../../src/domain/money.js';
import type { UsageEvent } from '../../../src/domain/usage.js';
import { writePrices } from '../../../src/persistence/model-writes.js';
import { commitUsage } from '../../../src/persistence/usage.js';
import { findUsageAttempts, findUsageEvents } from '../../../src/persistence/usage-events.js';
import { repriceUsage } from '../../../src/usage/reprice.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { attemptRecord, T0 } from '../journal/records.js';
import { makeEvent } from './events.js';

const PRICES = { input: 2_000_000_000n, output: 6_000_000_000n, cacheRead: null, cacheWrite: null };
const unpriced = { modelRef: 'zai/glm-5.1', price: null } as const;
let database: TestDatabase;
let workspaceId: string;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.close();
});
beforeEach(async () => {
  workspaceId = newId('workspace', T0);
});

async function price(ref = 'zai/glm-5.1', prices = PRICES): Promise<string> {
  const [provider = '', upstreamId = ''] = ref.split('/');
  const at = new Date(T0);
  const model = await database.prisma.model.create({
    data: {
      id: newId('model', T0),
      workspaceId,
      provider,
      upstreamId,
      ref,
      displayName: ref,
      firstSeenAt: at,
      lastSeenAt: at,
    },
  });
  const id = newId('price', T0);
  const row = { ...prices, id, modelId: model.id, source: 'OVERRIDE' as const, asOf: T0 };
  await database
    .workspace(workspaceId)
    .$transaction((tx) => writePrices(tx, workspaceId, { ended: [], confirmed: [], begun: [row] }, T0));
  return id;
}

async function record(...events: UsageEvent[]): Promise<void> {
  await commitUsage(database, events);
}

async function stored(event: UsageEvent): Promise<UsageEvent> {
  const [found] = await findUsageEvents(database, workspaceId, [event.id]);
  const [attempts] = await findUsageAttempts(database, workspaceId, [event.id]);
  if (!found || !attempts) throw new Error('the event is gone');
  const { seq: _, ...rest } = found;
  return { ...rest, attempts };
}

async function sums() {
  const rows = await database.prisma.usageRollup.findMany({ where: { workspaceId } });
  const sum = (
    column: 'costNanoUsd' | 'listCostNanoUsd' | 'savedNanoUsd' | 'unpricedRequests' | 'requests',
  ) => rows.reduce((total, row) => total + row[column], 0n);
  return {
    cost: sum('costNanoUsd'),
    list: sum('listCostNanoUsd'),
    saved: sum('savedNanoUsd'),
    unpriced: sum('unpricedRequests'),
    requests: sum('requests'),
  };
}

describe('pricing anew', () => {
  test('prices what had no price, in events, attempts and sums alike, and is done then', async () => {
    const metered = makeEvent({ workspaceId, attempt: { ...unpriced, billing: 'METERED' } });
    const planned = makeEvent({ workspaceId, attempt: { ...unpriced, billing: 'SUBSCRIPTION' } });
    await record(metered, planned);
    expect(await sums()).toEqual({ cost: 0n, list: 0n, saved: 0n, unpriced: 1n, requests: 2n });
    expect(await repriceUsage(database)).toBe(0);

    const priceId = await price();
    expect(await repriceUsage(database)).toBe(2);
    const list = costOf(metered.tokens, PRICES, metered.startedAt);
    expect(list).toBeGreaterThan(0n);
    const costs = { costNanoUsd: list, listCostNanoUsd: list, priceId };
    expect(await stored(metered)).toMatchObject({ ...costs, attempts: [costs] });
    expect(await stored(planned)).toMatchObject({ costNanoUsd: 0n, listCostNanoUsd: list, priceId });
    const after = { cost: list, list: 2n * list, saved: list, unpriced: 0n, requests: 2n };
    expect(await sums()).toEqual(after);

    expect(await repriceUsage(database)).toBe(0);
    expect(await sums()).toEqual(after);
  });

  test('leaves what had a price as it was, whatever the price is now', async () => {
    const event = makeEvent({ workspaceId, attempt: { modelRef: 'zai/glm-5.1', billing: 'METERED' } });
    await record(event);
    expect(event.listCostNanoUsd).not.toBeNull();
    const before = await sums();
    await price();
    expect(await repriceUsage(database)).toBe(0);
    expect(await stored(event)).toEqual(event);
    expect(await sums()).toEqual(before);
  });

  test('leaves the sum of a request unknown while one of its attempts is', async () => {
    const attempts = [
      attemptRecord({ modelRef: 'zai/other', price: null, billing: 'METERED' }),
      attemptRecord({ ...unpriced, billing: 'METERED' }),
    ];
    const event = makeEvent({ workspaceId, end: { attempts } });
    await record(event);
    await price();
    expect(await repriceUsage(database)).toBe(1);
    const half = await stored(event);
    expect(half.costNanoUsd).toBeNull();
    expect(half.attempts.map(({ costNanoUsd }) => costNanoUsd === null)).toEqual([true, false]);
    expect((await sums()).unpriced).toBe(1n);
    await price('zai/other');
    expect(await repriceUsage(database)).toBe(1);
    const whole = await stored(event);
    expect(await sums()).toMatchObject({
      cost: whole.costNanoUsd,
      list: whole.listCostNanoUsd,
      unpriced: 0n,
    });
  });

  test('goes through all of it in batches, without one request twice', async () => {
    const events = Array.from({ length: 7 }, (_, index) =>
      makeEvent({ workspaceId, at: T0 + index, attempt: { ...unpriced, billing: 'METERED' } }),
    );
    await record(...events);
    await price();
    expect(await repriceUsage(database, { batchSize: 3 })).toBe(7);
    const list = events.reduce((sum, { tokens }) => sum + costOf(tokens, PRICES, T0), 0n);
    expect(await sums()).toMatchObject({ cost: list, unpriced: 0n });
  });

  test('takes no price from another workspace', async () => {
    const event = makeEvent({ workspaceId, attempt: { ...unpriced, billing: 'METERED' } });
    await record(event);
    workspaceId = newId('workspace', T0);
    await price();
    expect(await repriceUsage(database)).toBe(0);
  });
});
