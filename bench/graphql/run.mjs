/**
 * Operations per second and latency of seven typical documents, beside a plain Apollo Server with resolvers written by hand
 * over the same tables, with the processor time and the SQL statements that each takes. Rounds are interleaved; the ratios
 * are what counts, and on a machine that does other things as well, that of the processor time.
 *
 * Options: --seconds N (3) per document, side and round, --rounds N (3), --clients N (8), --database URL (embedded),
 * --only TEXT (every document; else those whose name has it).
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    clients: { type: 'string', default: '8' },
    database: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});
/** Documents with `$n` get another number each time. */
const DOCUMENTS = {
  health: '{ health { state version startedAt checks { name state latencyMs } } }',
  viewer: '{ viewer { name scopes } }',
  '50 connections':
    '{ connections(first: 50) { totalCount nodes { id label billing enabled health { state } provider { name } } pageInfo { hasNextPage endCursor } } }',
  '50 models, where they are to be had':
    '{ models(first: 50) { totalCount nodes { id ref displayName state availability { billing connection { label } } } pageInfo { hasNextPage endCursor } } }',
  '50 access keys':
    '{ accessKeys(first: 50) { totalCount nodes { id name preview createdAt lastUsedAt } pageInfo { hasNextPage endCursor } } }',
  '50 audit entries':
    '{ auditLog(first: 50) { nodes { id action occurredAt subjectName actor { name } changes { field before after } } pageInfo { hasNextPage endCursor } } }',
  'a change of a connection':
    'mutation ($n: String!) { connectionUpdate(id: "conn_00000000000000000000000007", input: { label: $n }) { connection { id label } userErrors { code } } }',
};

let calls = 0;
const args = options.database === undefined ? [] : [options.database];
const servers = fork(fileURLToPath(new URL('./servers.mjs', import.meta.url)), args);
const [{ token, ours, plain }] = await once(servers, 'message');
const sides = { ours: target(ours), plain: target(plain) };

try {
  process.stdout.write(
    `| document | operations/s | plain | ratio | p99 | plain | ratio | CPU | plain | ratio | statements | plain |\n${'| --- '.repeat(12)}|\n`,
  );
  for (const [name, query] of Object.entries(DOCUMENTS)) {
    if (!name.includes(options.only)) continue;
    const body = () =>
      JSON.stringify({ query, variables: query.includes('$n') ? { n: `change ${(calls += 1)}` } : {} });
    const found = { ours: [], plain: [] };
    const statements = {};
    for (const [side, send] of Object.entries(sides)) {
      await run(send, body, 500);
      statements[side] = await statementsOf(() => send(body()));
    }
    for (let round = 0; round < Number(options.rounds); round++) {
      for (const [side, send] of Object.entries(sides)) {
        found[side].push(await run(send, body, Number(options.seconds) * 1000));
      }
    }
    const [a, b] = [middle(found.ours), middle(found.plain)];
    const cells = [
      name,
      a.perSecond.toFixed(0),
      b.perSecond.toFixed(0),
      (a.perSecond / b.perSecond).toFixed(2),
      `${a.p99.toFixed(1)} ms`,
      `${b.p99.toFixed(1)} ms`,
      (a.p99 / b.p99).toFixed(2),
      `${a.cpuMs.toFixed(2)} ms`,
      `${b.cpuMs.toFixed(2)} ms`,
      (a.cpuMs / b.cpuMs).toFixed(2),
      statements.ours,
      statements.plain,
    ];
    process.stdout.write(`| ${cells.join(' | ')} |\n`);
  }
} finally {
  servers.disconnect();
}

function target(url) {
  const { origin, pathname } = new URL(url);
  const pool = new Pool(origin, { connections: Number(options.clients) });
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  return async (body) => {
    const { statusCode, body: answer } = await pool.request({
      path: pathname,
      method: 'POST',
      headers,
      body,
    });
    const text = await answer.text();
    if (statusCode !== 200 || text.includes('"errors"'))
      throw new Error(`${url} answered ${statusCode}: ${text}`);
  };
}

/** As many clients as asked for, one question after another each, for so long. */
async function run(send, body, ms) {
  const latencies = [];
  await sinceLast();
  const until = performance.now() + ms;
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: Number(options.clients) }, async () => {
      while (performance.now() < until) {
        const from = performance.now();
        await send(body());
        latencies.push(performance.now() - from);
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  latencies.sort((x, y) => x - y);
  const { cpuMs } = await sinceLast();
  return {
    perSecond: latencies.length / seconds,
    p99: latencies[Math.floor(latencies.length * 0.99)],
    cpuMs: cpuMs / latencies.length,
  };
}

/** The round in the middle by operations per second. */
function middle(rounds) {
  return rounds.toSorted((x, y) => x.perSecond - y.perSecond)[Math.floor(rounds.length / 2)];
}

/** What the servers did since they were last asked. */
async function sinceLast() {
  servers.send('start');
  const [found] = await once(servers, 'message');
  return found;
}

async function statementsOf(work) {
  // The caller's token is looked at once in a while, whatever is asked.
  await work();
  await sinceLast();
  await work();
  return (await sinceLast()).statements;
}
