/** Usage as files: complete, of one workspace, harmless to open, and read no faster than it is taken. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createAdminToken } from '../support/admin-token.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { plainRequest, type PlainAnswer } from '../support/http-client.js';
import { until } from '../support/wait.js';
import { EXPORTS_MAX } from '../../src/config/usage-limits.js';
import type { AdminServer } from '../../src/graphql/server.js';
import { formatUsd } from '../../src/domain/money.js';
import { HOUR_MS } from '../../src/domain/time-range.js';
import { commitUsage } from '../../src/persistence/usage.js';
import type { UsageEvent } from '../../src/domain/usage.js';
import { exportUsage } from '../../src/usage/export.js';
import { ADMIN_TOKEN, startHarness, type Harness } from '../unit/admin/harness.js';
import { T0 } from '../unit/journal/records.js';
import { makeEvent, randomEvents, seededRandom } from '../unit/usage/events.js';

const BIG_ROWS = 24_000;

let harness: Harness;
let server: AdminServer;
let events: UsageEvent[];
/** Statements that exports have sent so far. */
let statements = 0;

beforeAll(async () => {
  harness = await startHarness();
  const { database, context } = harness;
  const counted: Harness['database'] = {
    ...database,
    query: (text, values) => {
      statements++;
      return database.query(text, values);
    },
  };
  server = await startTestAdminServer({ ...harness, database: counted });
  const { workspaceId } = context.actor;
  const nasty = {
    ...makeEvent({ workspaceId, at: T0 }),
    requestedModel: '=HYPERLINK("http://x","y"),\nz',
    reason: '-1+1',
  };
  events = [nasty, ...randomEvents(2_300, seededRandom(3), workspaceId)];
  await commitUsage(database, events);
  await commitUsage(database, randomEvents(5, seededRandom(4), 'ws_another'));
});
afterAll(async () => {
  await server.close();
  await harness[Symbol.asyncDispose]();
});

const download = (file: string, token: string | null = ADMIN_TOKEN): Promise<PlainAnswer> =>
  plainRequest(`${server.url}/export/${file}`, {
    method: 'GET',
    headers: token === null ? {} : { authorization: `Bearer ${token}` },
  });

/** Rows of a CSV file by column name, quotes undone. */
function parseCsv(text: string): Record<string, string>[] {
  const rows = [
    ...text.matchAll(/((?:"(?:[^"]|"")*"|[^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*)\r\n/g),
  ].map(([, line = '']) =>
    [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
      ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
    ),
  );
  const [names = [], ...values] = rows;
  return values.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i] ?? ''])));
}

const parseLines = (text: string): any[] =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));

describe('a download', () => {
  it('has every event once, oldest first, in both formats', async () => {
    const csv = await download('usage-events.csv');
    expect(csv).toMatchObject({
      status: 200,
      broken: false,
      headers: {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': 'attachment; filename="usage-events.csv"',
      },
    });
    const rows = parseCsv(csv.text);
    expect(rows.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    const jsonl = await download('usage-events.jsonl');
    expect(jsonl.headers['content-type']).toBe('application/jsonl; charset=utf-8');
    const lines = parseLines(jsonl.text);
    expect(lines.map(({ id }) => id)).toEqual(events.map(({ id }) => id));
    events.forEach((event, i) => {
      expect(lines[i]).toMatchObject({
        requestedModel: event.requestedModel,
        inputTokens: event.tokens.input,
        reasoningTokens: event.tokens.reasoning,
        costUsd: event.costNanoUsd === null ? null : formatUsd(event.costNanoUsd),
        status: event.status,
      });
      expect(rows[i]?.['totalTokens']).toBe(String(lines[i].totalTokens));
    });
  });

  it('runs nothing in a spreadsheet', async () => {
    const [row] = parseCsv((await download('usage-events.csv')).text);
    expect(row).toMatchObject({ requestedModel: `'=HYPERLINK("http://x","y"),\nz`, reason: `'-1+1` });
  });

  it('has sums that add up to the events', async () => {
    const sums = parseLines((await download('usage-rollups.jsonl')).text);
    expect(parseCsv((await download('usage-rollups.csv')).text)).toHaveLength(sums.length);
    const total = (name: string): number => sums.reduce((sum, row) => sum + row[name], 0);
    expect(total('requests')).toBe(events.length);
    expect(total('inputTokens')).toBe(events.reduce((sum, { tokens }) => sum + tokens.input, 0));
    const hours = sums.map(({ hour }) => hour);
    expect(hours).toEqual(hours.toSorted());
  });

  it('takes the filters of the API', async () => {
    const [from, to] = [T0 + HOUR_MS, T0 + 3 * HOUR_MS];
    const query = new URLSearchParams([
      ['from', new Date(from).toISOString()],
      ['to', new Date(to).toISOString()],
      ['providers', 'kimi'],
      ['statuses', 'OK'],
      ['statuses', 'FAILED'],
    ]);
    const lines = parseLines((await download(`usage-events.jsonl?${query}`)).text);
    const wanted = events.filter(
      ({ occurredAt, provider, status }) =>
        occurredAt >= from && occurredAt < to && provider === 'kimi' && status !== 'CANCELLED',
    );
    expect(wanted.length).toBeGreaterThan(50);
    expect(lines.map(({ id }) => id)).toEqual(wanted.map(({ id }) => id));
  });

  it('is the same whatever the size of the pages it is read in', async () => {
    for (const subject of ['usage-events', 'usage-rollups'] as const) {
      const files = [];
      for (const pageRows of [7, 1_000]) {
        const pieces = exportUsage(harness.database, harness.context.actor.workspaceId, {
          subject,
          format: 'csv',
          filter: {},
          pageRows,
        });
        let file = '';
        for await (const piece of pieces) file += piece;
        files.push(file);
      }
      expect(files[0]).toBe(files[1]);
    }
  });

  it.each([
    ['an unknown file', 'usage.csv', 404, 'NOT_FOUND'],
    ['another format', 'usage-events.xml', 404, 'NOT_FOUND'],
    ['an unknown parameter', 'usage-events.csv?provider=zai', 400, 'BAD_USER_INPUT'],
    ['a date without an offset', 'usage-events.csv?from=2026-01-01', 400, 'BAD_USER_INPUT'],
    ['a status there is none of', 'usage-events.csv?statuses=ok', 400, 'BAD_USER_INPUT'],
    ['a model that no text can name', 'usage-events.csv?models=a%00b', 400, 'BAD_USER_INPUT'],
  ])('refuses %s in JSON', async (_name, file, status, code) => {
    const answer = await download(file);
    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject({ errors: [{ extensions: { code } }] });
  });

  it('needs a token with USAGE_READ', async () => {
    expect((await download('usage-events.csv', null)).status).toBe(401);
    const token = await createAdminToken(harness, ['CONFIG_READ']);
    const answer = await download('usage-events.csv', token);
    expect([answer.status, answer.json()]).toEqual([
      403,
      expect.objectContaining({ errors: [expect.objectContaining({ extensions: { code: 'FORBIDDEN' } })] }),
    ]);
  });
});

describe('a reader that is slow', () => {
  beforeAll(async () => {
    await harness.database.query(
      `WITH one AS (SELECT to_jsonb(event) AS row FROM usage_event AS event WHERE workspace_id = $1 ORDER BY seq LIMIT 1)
       INSERT INTO usage_event SELECT made.* FROM one, generate_series(1, $2) AS n, jsonb_populate_record(NULL::usage_event,
         row || jsonb_build_object('id', row->>'id' || n, 'seq', nextval('usage_event_seq'), 'reason', repeat('x', 1500))) AS made`,
      [harness.context.actor.workspaceId, BIG_ROWS],
    );
  });

  /** Begins a download and takes nothing of it. */
  const begin = () =>
    new Promise<{ status: number; leave(): void }>((resolve, reject) => {
      const started = request(
        `${server.url}/export/usage-events.jsonl`,
        { headers: { authorization: `Bearer ${ADMIN_TOKEN}` }, agent: false },
        (answer) => {
          answer.on('error', () => undefined);
          resolve({ status: answer.statusCode ?? 0, leave: () => answer.destroy() });
        },
      );
      started.on('error', reject);
      started.end();
    });

  it('stops the reading, and once it leaves makes room for others', async () => {
    statements = 0;
    const readers = [];
    for (let i = 0; i < EXPORTS_MAX; i++) readers.push(await begin());
    expect(readers.map(({ status }) => status)).toEqual(readers.map(() => 200));
    // What fits into the sockets is read; then nothing is for as long as the others take to be refused.
    let before = -1;
    await until('the reading has stopped', async () => {
      const still = statements === before;
      before = statements;
      for (let i = 0; i < 20; i++) await harness.database.ping();
      return still && statements === before;
    });
    const pages = Math.ceil((BIG_ROWS + events.length) / 1_000);
    expect(statements).toBeLessThan(EXPORTS_MAX * pages * 0.75);
    const refused = await download('usage-rollups.csv');
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '5']);
    for (const reader of readers) reader.leave();
    await until('there is room', async () => (await download('usage-rollups.csv')).status === 200);
    const sent = statements;
    expect(sent).toBeLessThan(EXPORTS_MAX * pages * 0.75 + 10);
  });
});
