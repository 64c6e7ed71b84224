/** Pages, idempotency keys and sums, over HTTP on a real database. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAdminSchema } from '../../src/graphql/schema.js';
import { commitUsage } from '../../src/persistence/usage.js';
import type { GraphqlClient } from '../support/graphql-client.js';
import { makeEvent } from '../unit/usage/events.js';
import { documentOf } from './documents.js';
import { MUTATION_EXAMPLES, type Place } from './mutation-examples.js';
import { startPoint, type Point } from './point.js';
import { addWorkspace } from './tenants.js';

const schema = buildAdminSchema();
const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});

let point: Point;
beforeAll(async () => {
  point = await startPoint();
});
afterAll(() => point[Symbol.asyncDispose]());

describe('pages', () => {
  const pages = Object.values(schema.getQueryType()?.getFields() ?? {}).filter(({ args }) =>
    args.some(({ name }) => name === 'first'),
  );
  let full: string;
  let filled: Place;

  beforeAll(async () => {
    full = await addWorkspace(point.harness, 'pages');
    filled = point.place(full);
    for (let i = 0; i < 3; i++) {
      for (const name of ['discoveryStart', 'accessKeyRevoke', 'accessKeyCreate']) {
        const mutation = mutations.find((each) => each.name === name);
        const variables = await MUTATION_EXAMPLES[name]?.arrange(filled);
        if (mutation && name !== 'accessKeyRevoke')
          await filled.run(documentOf('mutation', mutation), variables);
      }
      await MUTATION_EXAMPLES['alertAcknowledge']?.arrange(filled);
    }
    await point.harness.discovery.settled();
    await commitUsage(
      point.harness.database,
      Array.from({ length: 5 }, () => makeEvent({ workspaceId: full, at: point.harness.clock.now() })),
    );
  });

  const pageOf = async (field: string, args: string, api: GraphqlClient) => {
    const selection = '{ nodes { id } edges { cursor node { id } } pageInfo { hasNextPage endCursor } }';
    const { status, data, errors } = await api.send(`{ ${field}${args} ${selection} }`);
    return { status, errors, page: data?.[field] as any };
  };

  it.each(pages)('of $name have 1 to 100 items, and nothing else is taken for a number', async ({ name }) => {
    const api = await point.client(full);
    for (const [first, code] of [
      ['0', 'BAD_USER_INPUT'],
      ['-1', 'BAD_USER_INPUT'],
      ['101', 'BAD_USER_INPUT'],
      ['null', 'GRAPHQL_VALIDATION_FAILED'],
      ['1.5', 'GRAPHQL_VALIDATION_FAILED'],
      ['"1"', 'GRAPHQL_VALIDATION_FAILED'],
    ] as const) {
      const { status, errors } = await pageOf(name, `(first: ${first})`, api);
      expect([status, errors[0]?.extensions['code']], first).toEqual([400, code]);
    }
    for (const first of [1, 100]) expect((await pageOf(name, `(first: ${first})`, api)).status).toBe(200);
  });

  it.each(pages)('of $name show each item once, in one order, however they are walked', async ({ name }) => {
    const ids: string[][] = [];
    for (const first of [1, 2, 100]) {
      const api = await point.client(full);
      const walked: string[] = [];
      let after = '';
      do {
        const { page } = await pageOf(name, `(first: ${first}${after})`, api);
        expect(page.edges.map(({ node }: any) => node)).toEqual(page.nodes);
        walked.push(...page.nodes.map(({ id }: any) => id));
        expect(page.pageInfo.endCursor).toBe(page.edges.at(-1)?.cursor ?? null);
        after = page.pageInfo.hasNextPage ? `, after: "${page.pageInfo.endCursor}"` : '';
      } while (after !== '');
      expect(new Set(walked).size).toBe(walked.length);
      ids.push(walked);
    }
    expect(ids[0]?.length, 'there is something to walk').toBeGreaterThan(name === 'models' ? 0 : 1);
    expect(ids[1]).toEqual(ids[0]);
    expect(ids[2]).toEqual(ids[0]);
  });

  it.each(pages)('of $name are empty with no cursor at the end where there is nothing', async ({ name }) => {
    const empty = await addWorkspace(point.harness, point.name());
    const { page } = await pageOf(name, '', await point.client(empty));
    expect(page).toEqual({ nodes: [], edges: [], pageInfo: { hasNextPage: false, endCursor: null } });
  });

  it.each(pages)('of $name take no cursor of another list', async ({ name }) => {
    const api = await point.client(full);
    for (const other of pages) {
      if (other.name === name) continue;
      const { page } = await pageOf(other.name, '(first: 1)', api);
      const cursor = page.pageInfo.endCursor;
      const { status, errors } = await pageOf(name, `(after: "${cursor}")`, api);
      expect([status, errors[0]?.extensions['code']], other.name).toEqual([400, 'BAD_USER_INPUT']);
    }
  });

  it.each(pages)('of $name take no cursor that a caller made up', async ({ name }) => {
    const api = await point.client(full);
    const { page } = await pageOf(name, '(first: 1)', api);
    const [version, list, , id] = JSON.parse(Buffer.from(page.pageInfo.endCursor, 'base64url').toString());
    for (const [sortKey, itsId] of [
      ['a\0', id],
      [1e300, id],
      [-0.5, id],
      [[], id],
      [null, 'a\0'],
      [1, 'a\0'],
      ['a', 'a\0'],
    ]) {
      const cursor = Buffer.from(JSON.stringify([version, list, sortKey, itsId])).toString('base64url');
      const { status, errors } = await pageOf(name, `(after: "${cursor}")`, api);
      expect([status, errors[0]?.extensions['code']], String(sortKey)).toEqual([400, 'BAD_USER_INPUT']);
    }
  });

  it('stay where they are while items come between them', async () => {
    const api = await point.client(full);
    const keys = (await pageOf('accessKeys', '(first: 2)', api)).page;
    const entries = (await pageOf('auditLog', '(first: 2)', api)).page;
    const rest = async (field: string, { pageInfo }: any, first: number) =>
      (await pageOf(field, `(first: ${first}, after: "${pageInfo.endCursor}")`, api)).page.nodes;
    const before = [await rest('accessKeys', keys, 1), await rest('auditLog', entries, 100)];
    await MUTATION_EXAMPLES['accessKeyRevoke']?.arrange(filled);
    expect([await rest('accessKeys', keys, 1), await rest('auditLog', entries, 100)]).toEqual(before);
  });
});

describe('an idempotency key', () => {
  const CREATE =
    'mutation ($input: AccessKeyCreateInput!) { accessKeyCreate(input: $input) { accessKey { id } plaintext userErrors { code } } }';

  it('makes ten calls at once one key, whose plaintext one of them hears', async () => {
    const api = await point.client();
    const input = { name: 'at once', idempotencyKey: 'ten' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => api.data(CREATE, { input })));
    const payloads = answers.map(({ accessKeyCreate }) => accessKeyCreate);
    expect(new Set(payloads.map(({ accessKey }) => accessKey.id)).size).toBe(1);
    expect(payloads.filter(({ plaintext }) => plaintext !== null)).toHaveLength(1);
  });

  it('is forgotten after a day', async () => {
    const api = await point.client();
    const input = { name: 'again', idempotencyKey: 'day' };
    const first = (await api.data(CREATE, { input })).accessKeyCreate;
    await point.harness.database.query(
      `UPDATE idempotency_key SET created_at = created_at - interval '24 hours 1 second' WHERE key = 'day'`,
    );
    const later = (await api.data(CREATE, { input })).accessKeyCreate;
    expect(later.accessKey.id).not.toBe(first.accessKey.id);
    expect(later.plaintext).not.toBeNull();
  });

  it('leaves no row behind for good: those past their day go as others come', async () => {
    const api = await point.client();
    await point.harness.database.query(
      `INSERT INTO idempotency_key (workspace_id, operation, key, arguments_hash, result_id, created_at)
       SELECT $1, 'accessKeyCreate', 'old ' || n, 'hash', 'key', now() - interval '24 hours' - n * interval '1 second'
       FROM generate_series(1, 50) n`,
      [point.workspaceId],
    );
    for (let i = 0; i < 4; i++) {
      await api.data(CREATE, { input: { name: `sweeping ${i}`, idempotencyKey: `sweeping ${i}` } });
    }
    const kept = await point.harness.database.query<{ key: string }>(
      `SELECT key FROM idempotency_key WHERE key LIKE 'old %' OR key LIKE 'sweeping %' ORDER BY key`,
    );
    expect(kept.map(({ key }) => key)).toEqual(['sweeping 0', 'sweeping 1', 'sweeping 2', 'sweeping 3']);
  });

  it('tells ten calls at once with two kinds of arguments apart: one is answered, the other refused', async () => {
    const api = await point.client();
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        api.data(CREATE, { input: { name: `arguments ${i % 2}`, idempotencyKey: 'apart' } }),
      ),
    );
    const payloads = answers.map(({ accessKeyCreate }) => accessKeyCreate);
    const codes = payloads.flatMap(({ userErrors }) => userErrors.map(({ code }: any) => code));
    expect(codes).toEqual(Array.from({ length: 5 }, () => 'IDEMPOTENCY_MISMATCH'));
    expect(new Set(payloads.flatMap(({ accessKey }) => accessKey?.id ?? [])).size).toBe(1);
  });
});

describe('sums', () => {
  const REPORT = `query ($range: TimeRangeInput!, $interval: UsageInterval!) {
    usageReport(input: { range: $range, interval: $interval }) {
      range { from to } totals { requests tokens { input cacheRead cacheWrite output reasoning total } listCostUsd }
      rollups { bucketStart totals { requests } } } }`;
  const report = async (workspace: string, range: object, interval = 'DAY') =>
    (await (await point.client(workspace)).data(REPORT, { range, interval })).usageReport;
  const commit = (events: ReturnType<typeof makeEvent>[]) => commitUsage(point.harness.database, events);

  it('of tokens outgrow 32 bits, and their parts add up', async () => {
    const sums = await addWorkspace(point.harness, 'sums');
    const at = Date.UTC(2026, 10, 22, 12);
    const usage = {
      input: 3_000_000_000,
      cacheRead: 7,
      cacheWrite: 11,
      output: 2_500_000_000,
      reasoning: 13,
    };
    const [event] = [makeEvent({ workspaceId: sums, at })];
    const tokens = { ...event.tokens, ...usage };
    const attempts = event.attempts.map((attempt) => ({ ...attempt, tokens }));
    await commit([{ ...event, tokens, attempts }]);
    const range = { from: '2026-11-22T00:00:00Z', to: '2026-11-23T00:00:00Z' };
    const { tokens: found } = (await report(sums, range)).totals;
    expect(found).toEqual({
      ...usage,
      total: usage.input + usage.cacheRead + usage.cacheWrite + usage.output,
    });
  });

  it('put midnight into the day that begins, and go by whole UTC buckets', async () => {
    const days = await addWorkspace(point.harness, 'days');
    const midnight = Date.UTC(2026, 10, 1);
    await commit(
      [-1, 0].map((ms) =>
        makeEvent({ workspaceId: days, at: midnight - 1_000, end: { occurredAt: midnight + ms } }),
      ),
    );
    const range = { from: '2026-10-31T12:00:00Z', to: '2026-11-01T00:00:00.001Z' };
    const byDay = await report(days, range);
    expect(byDay.rollups.map(({ bucketStart, totals }: any) => [bucketStart, totals.requests])).toEqual([
      ['2026-10-31T00:00:00.000Z', 1],
      ['2026-11-01T00:00:00.000Z', 1],
    ]);
    expect(byDay.range).toEqual({ from: '2026-10-31T00:00:00.000Z', to: '2026-11-02T00:00:00.000Z' });
    const byMonth = await report(days, range, 'MONTH');
    expect(byMonth.range).toEqual({ from: '2026-10-01T00:00:00.000Z', to: '2026-12-01T00:00:00.000Z' });
    expect(byMonth.rollups).toHaveLength(2);
  });
});
