/**
 * What usage costs: how fast it is recorded, how late it is heard of, and how long reports and pages take as it grows. On a
 * real Postgres, if one is installed, and on the embedded one. Ends with what was aimed at beside what was found.
 *
 * Options: --events N stored at most (10000000; the embedded one holds at most a tenth), --backlog N (100000),
 * --seconds N of live traffic (15), --only throughput|live|growth, --database real|embedded.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock as clock } from '../../dist/src/domain/clock.js';
import { createLogger } from '../../dist/src/observability/logger.js';
import { openDatabase } from '../../dist/src/persistence/database.js';
import { measureGrowth } from './growth.mjs';
import { measureLag } from './live.mjs';
import { startPostgres } from './postgres.mjs';
import { measureThroughput } from './throughput.mjs';

const { values: options } = parseArgs({
  options: {
    events: { type: 'string', default: '10000000' },
    backlog: { type: 'string', default: '100000' },
    seconds: { type: 'string', default: '15' },
    only: { type: 'string' },
    database: { type: 'string' },
  },
});
const SIZES = [100_000, 1_000_000, 10_000_000];
const SUBSCRIBERS = [1, 200];
const EMBEDDED_SHARE = 0.1;
const logger = createLogger({ level: 'silent', role: 'bench' });
const parts = { throughput, live, growth };
/** What was aimed at, with what was found. */
const aims = [];
const REPORT_AIM_MS = 50;
const PAGE_AIM_MS = 20;
const LAG_AIM_MS = 300;
const chosen = Object.entries(parts).filter(([name]) => (options.only ?? name) === name);

const postgres = options.database === 'embedded' ? null : await startPostgres();
const kinds = [
  ...(postgres
    ? [{ name: 'Postgres', newUrl: () => postgres.createDatabase(), share: 1, aimPerSecond: 10_000 }]
    : []),
  ...(options.database === 'real'
    ? []
    : [{ name: 'embedded', newUrl: async () => null, share: EMBEDDED_SHARE, aimPerSecond: 5_000 }]),
];
try {
  for (const [, measure] of chosen) for (const kind of kinds) await measure(kind);
  print('Aims', [
    ['', 'aim', 'found', ''],
    ...aims.map(({ name, aim, found, met }) => [name, aim, found, met ? 'met' : 'missed']),
  ]);
} finally {
  await postgres?.stop();
}

async function throughput({ name, newUrl, aimPerSecond }) {
  const found = await withDatabase(await newUrl(), (database) =>
    measureThroughput(database, Number(options.backlog)),
  );
  aims.push({
    name: `${name}: events per second through journal and recorder`,
    aim: `≥ ${aimPerSecond.toLocaleString('en')}`,
    found: Math.round(found.recorded).toLocaleString('en'),
    met: found.recorded >= aimPerSecond,
  });
  const ratio = (other) => `${(found.recorded / other).toFixed(2)} ×`;
  print(`${name}: events per second`, [
    ['journal and recorder, with sums', Math.round(found.recorded), ''],
    ['createMany, without sums', Math.round(found.created), ratio(found.created)],
    ['bare bulk insert of events alone', Math.round(found.bare), ratio(found.bare)],
    ['processor time of this process per event, µs', found.cpuMicros.toFixed(1), ''],
    ['event loop delay while it catches up, p99 ms', found.loopP99Ms.toFixed(1), ''],
  ]);
}

async function live({ name, newUrl }) {
  const rows = [];
  for (const subscribers of SUBSCRIBERS) {
    const found = await measureLag({
      databaseUrl: await newUrl(),
      subscribers,
      seconds: Number(options.seconds),
    });
    atMost(`${name}: lag of ${subscribers} subscribers, p99`, LAG_AIM_MS, found.p99);
    const heard = `${Math.round(found.heardPerSecond)} heard/s, ${found.dropped} dropped`;
    rows.push([`${subscribers} subscribers`, `p50 ${found.p50} ms, p99 ${found.p99} ms`, heard]);
  }
  print(`${name}: from a request's end to a websocket, at 1,000 requests per second`, rows);
}

async function growth({ name, newUrl, share }) {
  const url = await newUrl();
  const columns = [];
  await withDatabase(url, async (database) => {
    for (const size of SIZES.filter((events) => events <= Number(options.events) * share)) {
      columns.push({ size, ...(await measureGrowth(database, size)) });
    }
  });
  const largest = columns.at(-1);
  for (const [question, ms] of Object.entries(largest?.times ?? {})) {
    const at = `${name}, ${largest.size.toLocaleString('en')} events: ${question}`;
    atMost(at, question.includes('page') ? PAGE_AIM_MS : REPORT_AIM_MS, ms);
  }
  const line = (title, of) => [title, ...columns.map(of)];
  print(`${name}: milliseconds with so many events stored in 30 days`, [
    line('', ({ size }) => size.toLocaleString('en')),
    ...Object.keys(columns[0]?.times ?? {}).map((question) =>
      line(question, ({ times }) => times[question].toFixed(1)),
    ),
    line('hourly sums stored', ({ rollups }) => rollups.toLocaleString('en')),
    line('loaded in, seconds', ({ loadSeconds }) => loadSeconds.toFixed(0)),
  ]);
}

function atMost(name, aimMs, foundMs) {
  aims.push({ name, aim: `≤ ${aimMs} ms`, found: `${foundMs.toFixed(1)} ms`, met: foundMs <= aimMs });
}

async function withDatabase(databaseUrl, use) {
  const dataDir = mkdtempSync(join(tmpdir(), 'switchyard-bench-'));
  const database = await openDatabase({ databaseUrl, dataDir, logger, clock });
  try {
    return await use(database);
  } finally {
    await database.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function print(title, rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  process.stdout.write(`\n${title}\n`);
  for (const row of rows) {
    const cells = row.map((cell, i) =>
      i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i]),
    );
    process.stdout.write(`  ${cells.join('  ')}\n`);
  }
}
