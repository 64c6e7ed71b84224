/** Reports as the contract words them: savings, alignment, folding, and pages that stay put while requests are recorded. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AdminServer } from '../../src/graphql/server.js';
import { newId } from '../../src/domain/ids.js';
import { HOUR_MS } from '../../src/domain/time-range.js';
import type { PastQuotaWindow } from '../../src/domain/past-quota.js';
import { keepPastQuotaWindows } from '../../src/persistence/past-quota-windows.js';
import { commitUsage } from '../../src/persistence/usage.js';
import { feeFor } from '../../src/usage/savings.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { createAdminToken } from '../support/admin-token.js';
import { createGraphqlClient, type GraphqlClient } from '../support/graphql-client.js';
import { nanoUsd } from '../support/operator.js';
import { ADMIN_TOKEN, startHarness, valueOf, type Harness } from '../unit/admin/harness.js';
import { T0 } from '../unit/journal/records.js';
import { makeEvent, randomEvents, seededRandom } from '../unit/usage/events.js';

let harness: Harness;
let server: AdminServer;
let api: GraphqlClient;
let workspaceId: string;

beforeAll(async () => {
  harness = await startHarness();
  server = await startTestAdminServer(harness);
  api = createGraphqlClient(server.url, ADMIN_TOKEN);
  ({ workspaceId } = harness.context.actor);
});
afterAll(async () => {
  await server.close();
  await harness[Symbol.asyncDispose]();
});

const iso = (time: number): string => new Date(time).toISOString();

describe('a fee', () => {
  const JANUARY = Date.UTC(2026, 0, 1);
  const usd = (amount: number): bigint => BigInt(amount) * 1_000_000_000n;

  it.each([
    ['a whole month', JANUARY, Date.UTC(2026, 1, 1), usd(31)],
    ['a day of a long month', JANUARY, Date.UTC(2026, 0, 2), usd(1)],
    ['a day of a short month', Date.UTC(2026, 1, 1), Date.UTC(2026, 1, 2), usd(31) / 28n],
    [
      'the end of one month and the start of another',
      Date.UTC(2026, 0, 31),
      Date.UTC(2026, 1, 15),
      usd(1) + usd(31) / 2n,
    ],
    ['a year', JANUARY, Date.UTC(2027, 0, 1), usd(31 * 12)],
  ])('goes by the share of each month: %s', (_name, from, to, fee) => {
    expect(feeFor({ from, to }, usd(31))).toBe(fee);
  });
});

describe('tags of keys', () => {
  const REPORT = `query ($input: UsageReportInput!) { usageReport(input: $input) {
    totals { requests } rollups { group { value label } totals { requests } } } }`;
  const day = Date.UTC(2026, 7, 1);
  const range = { from: iso(day), to: iso(day + 24 * HOUR_MS) };

  beforeAll(async () => {
    const ids: Record<string, string> = {};
    for (const [name, tags] of Object.entries({
      one: ['ci', 'alpha'],
      two: ['alpha', 'ci'],
      three: ['ci'],
      four: [],
    })) {
      const made = valueOf(
        await harness.admin.accessKeys.create(harness.context, { name, tags, allowedModels: [] }),
      );
      ids[name] = made.accessKey.id;
    }
    const of = (key: string) => makeEvent({ workspaceId, at: day + HOUR_MS, key: ids[key] ?? '' });
    await commitUsage(harness.database, [of('one'), of('one'), of('two'), of('three'), of('four')]);
  });

  it('group reports, a key with several under all of them, so that the parts add up', async () => {
    const { usageReport } = await api.data(REPORT, { input: { range, interval: 'TOTAL', groupBy: ['TAG'] } });
    expect(usageReport.totals.requests).toBe(5);
    const groups = usageReport.rollups.map(({ group: [group], totals }: any) => [
      group.label,
      totals.requests,
    ]);
    expect(Object.fromEntries(groups)).toEqual({ 'alpha, ci': 3, ci: 1, none: 1 });
  });

  it('restrict what is reported, listed and exported to keys that have any of them', async () => {
    const filter = { tags: ['alpha', 'no such tag'] };
    const { usageReport } = await api.data(REPORT, { input: { range, interval: 'TOTAL', filter } });
    expect(usageReport.totals.requests).toBe(3);
    const { usageEvents } = await api.data(
      'query ($filter: UsageFilterInput) { usageEvents(filter: $filter) { nodes { id } } }',
      { filter: { ...filter, range } },
    );
    expect(usageEvents.nodes).toHaveLength(3);
    const file = await fetch(
      `${server.url}/export/usage-events.jsonl?tags=alpha&from=${range.from}&to=${range.to}`,
      {
        headers: { authorization: `Bearer ${ADMIN_TOKEN}` },
      },
    );
    expect((await file.text()).trim().split('\n')).toHaveLength(3);
  });

  it('with keys that are named as well mean those that are both', async () => {
    const { accessKeys } = await api.data('{ accessKeys(filter: { search: "three" }) { nodes { id } } }');
    const [{ id }] = accessKeys.nodes;
    const requests = async (tags: string[]): Promise<number> => {
      const filter = { tags, accessKeys: [id] };
      const { usageReport } = await api.data(REPORT, { input: { range, interval: 'TOTAL', filter } });
      return usageReport.totals.requests;
    };
    expect(await requests(['ci'])).toBe(1);
    expect(await requests(['alpha'])).toBe(0);
  });
});

describe('savings', () => {
  const SAVINGS = `query ($range: TimeRangeInput!) { savingsReport(range: $range) {
    range { from to } subscriptionCostUsd listCostUsd savedUsd unusedUsd
    connections { connection { label } feeUsd listCostUsd savedUsd unpricedShare
      unusedShare unusedUsd allowances { name windowSeconds windows unusedShare source } } } }`;

  it('sets the list price of plan traffic against the fees of the plans', async () => {
    const zai = await harness.simulate('zai');
    const connect = async (label: string, monthlyPriceUsd?: string): Promise<string> => {
      const { connection } = valueOf(
        await harness.connect(zai, {
          offering: 'coding-plan',
          label,
          discover: false,
          ...(monthlyPriceUsd !== undefined && { monthlyPriceUsd }),
        }),
      );
      return connection.id;
    };
    const paid = await connect('paid', '30');
    const undeclared = await connect('undeclared');
    const day = Date.UTC(2026, 10, 22);
    const event = (connectionId: string, attempt: object = {}) =>
      makeEvent({
        workspaceId,
        at: day + HOUR_MS,
        attempt: { connectionId, billing: 'SUBSCRIPTION', ...attempt },
      });
    const tokens = { input: 1_000_000, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: null };
    const priced = [event(paid, { tokens }), event(undeclared, { tokens })];
    await commitUsage(harness.database, [
      ...priced,
      event(paid, { tokens, price: null, modelRef: 'zai/unknown' }),
      // A model that had no price at first.
      event(paid, { tokens: { ...tokens, input: 2_000_000 }, price: null }),
      // Neither another way of paying nor another day counts.
      event(paid, { tokens, billing: 'METERED' }),
      makeEvent({ workspaceId, at: day - HOUR_MS, attempt: { connectionId: paid, tokens } }),
    ]);
    const list = priced[0]?.listCostNanoUsd ?? 0n;
    expect(list).toBeGreaterThan(0n);

    const { savingsReport } = await api.data(SAVINGS, {
      range: { from: iso(day), to: iso(day + 24 * HOUR_MS) },
    });
    expect(savingsReport.range).toEqual({ from: iso(day), to: iso(day + 24 * HOUR_MS) });
    expect(savingsReport.connections).toMatchObject([
      { connection: { label: 'paid' }, feeUsd: '1', unpricedShare: 0.75 },
      { connection: { label: 'undeclared' }, feeUsd: null, savedUsd: null, unpricedShare: 0 },
    ]);
    expect(nanoUsd(savingsReport.connections[0].listCostUsd)).toBe(list);
    expect(nanoUsd(savingsReport.connections[0].savedUsd)).toBe(list - 1_000_000_000n);
    expect(nanoUsd(savingsReport.subscriptionCostUsd)).toBe(1_000_000_000n);
    expect(nanoUsd(savingsReport.listCostUsd)).toBe(2n * list);
    expect(nanoUsd(savingsReport.savedUsd)).toBe(2n * list - 1_000_000_000n);
  });

  it('say what of a plan expired unused, each ended window in the range it ended in, and what that was worth', async () => {
    const { items } = await harness.admin.connections.list(harness.context, { first: 10, after: null }, {});
    const id = items.find(({ label }) => label === 'paid')?.id ?? '';
    const day = (n: number): number => Date.UTC(2026, 8, n);
    const ended = (name: string, days: number, to: number, usedFraction: number): PastQuotaWindow => ({
      name,
      windowSeconds: days * 24 * 3_600,
      unit: 'SHARE',
      limit: null,
      used: null,
      usedFraction,
      resetsAt: to,
      source: name === 'daily' ? 'ESTIMATED' : 'REPORTED',
      observedAt: to - HOUR_MS,
      startedAt: to - days * 24 * HOUR_MS,
      endedAt: to,
    });
    const windows = [
      ended('weekly', 7, day(8), 0.5),
      ended('weekly', 7, day(15), 0.25),
      ended('daily', 1, day(8), 0.9),
      // Of some models only: it says nothing of the fee.
      { ...ended('opus', 14, day(15), 0), models: ['zai/glm-5.1'] },
    ];
    await harness.database
      .workspace(workspaceId)
      .$transaction((tx) => keepPastQuotaWindows(tx, workspaceId, id, windows));
    const report = async (from: number, to: number) =>
      (await api.data(SAVINGS, { range: { from: iso(day(from)), to: iso(day(to)) } })).savingsReport;

    const both = await report(1, 16);
    expect(both.connections[0]).toMatchObject({
      unusedShare: 0.625,
      allowances: [
        { name: 'opus', windows: 1, unusedShare: 1 },
        { name: 'weekly', windowSeconds: 604_800, windows: 2, unusedShare: 0.625, source: 'REPORTED' },
        { name: 'daily', windows: 1, source: 'ESTIMATED' },
      ],
    });
    // 30 a month of 30 days: seven for each week.
    expect(both.connections[0].unusedUsd).toBe('8.75');
    expect(both.unusedUsd).toBe('8.75');
    expect(both.connections[1]).toMatchObject({ allowances: [], unusedShare: null, unusedUsd: null });
    const [first, second] = [await report(1, 9), await report(9, 16)];
    expect([first.unusedUsd, second.unusedUsd]).toEqual(['3.5', '5.25']);
  });

  it('are negative where a plan did not pay off, and need USAGE_READ', async () => {
    const range = { from: '2026-01-01T00:00:00Z', to: '2026-02-01T00:00:00Z' };
    const { savingsReport } = await api.data(SAVINGS, { range });
    expect(savingsReport).toMatchObject({ subscriptionCostUsd: '30', listCostUsd: '0', savedUsd: '-30' });
    const other = createGraphqlClient(server.url, await createAdminToken(harness, ['CONFIG_READ']));
    const { errors } = await other.send(SAVINGS, { range });
    expect(errors[0]?.extensions['code']).toBe('FORBIDDEN');
    const long = await api.send(SAVINGS, {
      range: { from: '2019-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z' },
    });
    expect(long.errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: ['range'] });
  });
});

describe('a report', () => {
  it('says the same percentiles of everything whether or not those of each group are asked for', async () => {
    const hour = Date.UTC(2026, 9, 2, 10);
    const lasting = (durationMs: number, i: number) =>
      makeEvent({ workspaceId, at: hour + i * HOUR_MS, end: { durationMs, firstTokenMs: durationMs / 10 } });
    await commitUsage(harness.database, [1_000, 2_000, 40_000, 5_000, 90_000].map(lasting));
    const names = 'durationMsP50 durationMsP95 firstTokenMsP50 firstTokenMsP95';
    const ask = async (rollups: string) => {
      const { usageReport } = await api.data(
        `query ($range: TimeRangeInput!) { usageReport(input: { range: $range, interval: HOUR, groupBy: [PROVIDER] }) {
          totals { requests ...latency } rollups { totals { requests ${rollups} } } } }
        fragment latency on UsageTotals { ${names} }`,
        { range: { from: iso(hour), to: iso(hour + 24 * HOUR_MS) } },
      );
      return usageReport;
    };
    const everywhere = await ask(`... on UsageTotals { ${names} }`);
    const { totals, rollups } = await ask('');
    expect(totals).toEqual(everywhere.totals);
    expect(totals.durationMsP95).toBeGreaterThan(40_000);
    expect(rollups).toHaveLength(5);
    expect(everywhere.rollups[2].totals.durationMsP50).toBeGreaterThan(30_000);
  });

  const REPORT = `query ($input: UsageReportInput!) { usageReport(input: $input) {
    range { from to } interval truncated rollups { bucketStart bucketEnd group { value label } totals { requests } } } }`;

  it.each([
    [
      'HOUR',
      '2026-11-22T10:59:59.999Z',
      '2026-11-22T11:00:00.001Z',
      '2026-11-22T10:00:00.000Z',
      '2026-11-22T12:00:00.000Z',
    ],
    [
      'DAY',
      '2026-11-22T10:00:00Z',
      '2026-11-23T00:00:00Z',
      '2026-11-22T00:00:00.000Z',
      '2026-11-23T00:00:00.000Z',
    ],
    // A Sunday, whose week began on the Monday before.
    [
      'WEEK',
      '2026-11-22T10:00:00Z',
      '2026-11-22T11:00:00Z',
      '2026-11-16T00:00:00.000Z',
      '2026-11-23T00:00:00.000Z',
    ],
    [
      'MONTH',
      '2026-01-31T10:00:00+02:00',
      '2026-02-01T00:00:00+02:00',
      '2026-01-01T00:00:00.000Z',
      '2026-02-01T00:00:00.000Z',
    ],
    [
      'TOTAL',
      '2026-11-22T10:30:00Z',
      '2026-11-22T11:30:00Z',
      '2026-11-22T10:00:00.000Z',
      '2026-11-22T12:00:00.000Z',
    ],
  ])('by %s covers whole buckets in UTC', async (interval, from, to, alignedFrom, alignedTo) => {
    const { usageReport } = await api.data(REPORT, { input: { interval, range: { from, to } } });
    expect(usageReport).toMatchObject({
      interval,
      range: { from: alignedFrom, to: alignedTo },
      truncated: false,
    });
  });

  it.each([
    ['HOUR', 92],
    ['DAY', 5 * 366],
    ['TOTAL', 5 * 366],
  ])('by %s goes over at most %i days', async (interval, days) => {
    const to = Date.UTC(2026, 10, 1);
    const send = (more: number) =>
      api.send(REPORT, {
        input: { interval, range: { from: iso(to - days * 24 * HOUR_MS - more), to: iso(to) } },
      });
    expect((await send(0)).errors).toEqual([]);
    expect((await send(1)).errors[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      field: ['input', 'range'],
    });
  });
});

describe('events', () => {
  it('name what was passed over and why, whatever it is called, and nothing where the journal names none', async () => {
    const zai = await harness.simulate('zai');
    const { connection } = valueOf(
      await harness.connect(zai, { offering: 'coding-plan', label: 'over', discover: false }),
    );
    const odd = 'zai/\u0000"odd\\,{}\ud800';
    const passedOver = [
      { modelRef: odd, offering: 'zai/coding-plan', connectionId: connection.id, reason: 'QUOTA_EXHAUSTED' },
      { modelRef: 'kimi/k2', offering: null, connectionId: null, reason: 'NO_CONNECTION' },
    ] as const;
    const key = 'key_passed_over';
    const recorded = await commitUsage(harness.database, [
      makeEvent({ workspaceId, key, end: { passedOver } }),
      makeEvent({ workspaceId, key }),
    ]);
    const { usageEvents }: any = await api.data(
      `query ($key: ID!) { usageEvents(first: 2, filter: { accessKeys: [$key] }) {
        nodes { passedOver { modelRef offering connection { label } reason } } } }`,
      { key },
    );
    const ways = [
      {
        modelRef: 'zai/\ufffd"odd\\,{}\ufffd',
        offering: 'zai/coding-plan',
        connection: { label: 'over' },
        reason: 'QUOTA_EXHAUSTED',
      },
      { modelRef: 'kimi/k2', offering: null, connection: null, reason: 'NO_CONNECTION' },
    ];
    expect(usageEvents.nodes).toEqual([{ passedOver: [] }, { passedOver: ways }]);
    // Subscribers are told from memory what others read.
    expect(recorded.map((event) => event.passedOver.map(({ reason }) => reason))).toEqual([
      ['QUOTA_EXHAUSTED', 'NO_CONNECTION'],
      [],
    ]);
  });

  it('keep their places on pages while others are recorded', async () => {
    const random = seededRandom(12);
    const key = 'key_pages';
    const make = (count: number) =>
      randomEvents(count, random, workspaceId).map((event) => ({
        ...event,
        id: newId('event', T0),
        accessKeyId: key,
      }));
    const before = await commitUsage(harness.database, make(57));
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { usageEvents }: any = await api.data(
        `query ($after: String, $key: ID!) { usageEvents(first: 7, after: $after, filter: { accessKeys: [$key] }) {
          nodes { id } pageInfo { hasNextPage endCursor } } }`,
        { after, key },
      );
      seen.push(...usageEvents.nodes.map(({ id }: { id: string }) => id));
      after = usageEvents.pageInfo.hasNextPage ? usageEvents.pageInfo.endCursor : null;
      await commitUsage(harness.database, make(5));
    } while (after !== null);
    expect(seen).toEqual(before.map(({ id }) => id).toReversed());
  });
});
