/** The admin API of one build on a database with events in it, which it announces when told to. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { request } from './traffic.mjs';

const TOKEN = 'sya_bench-token-of-the-workspace-default-0000';
const TICK_MS = 40;
const SETTLE_MS = 1_000;
const [dist, databaseUrl, count] = process.argv.slice(2);
const load = (module) => import(join(dist, 'src', module));

const { systemClock: clock } = await load('domain/clock.js');
const { createLogger } = await load('observability/logger.js');
const { openDatabase } = await load('persistence/database.js');
const { ensureBootstrap } = await load('admin/bootstrap.js');
const { createAdmin } = await load('admin/create-admin.js');
const { createBus } = await load('live/bus.js');
const { createUsageReads } = await load('graphql/usage/reads.js');
const { encodeCursor } = await load('graphql/shared/cursor.js');
const { startAdminServer } = await load('graphql/server.js');
const { createMetrics } = await load('observability/metrics.js');
const { commitUsage } = await load('persistence/usage.js');
const { usageEventOf } = await load('usage/price.js');

const logger = createLogger({ level: 'silent', role: 'bench' });
const dataDir = mkdtempSync(join(tmpdir(), 'switchyard-bench-feed-'));
process.once('exit', () => rmSync(dataDir, { recursive: true, force: true }));
process.once('SIGTERM', () => process.exit());
const database = await openDatabase({ databaseUrl: databaseUrl || null, dataDir, logger, clock });
const { id: workspaceId } = await ensureBootstrap({ database, adminToken: TOKEN, clock });
const bus = createBus(logger);
const unused = {};
const admin = createAdmin({
  database,
  bus,
  clock,
  vault: unused,
  discovery: unused,
  probe: unused,
  configInForce: () => Promise.resolve(),
  allowPrivateUpstreams: true,
});
const server = await startAdminServer({
  host: '127.0.0.1',
  port: 0,
  admin,
  usage: createUsageReads({ sql: database, clock, bus }),
  bus,
  clock,
  logger,
  metrics: createMetrics(() => ({})).registry,
  version: 'bench',
  usageRetentionDays: 90,
  checks: () => Promise.resolve([]),
});

const events = [];
for (let left = Number(count); left > 0; left -= 1_000) {
  const batch = Array.from({ length: Math.min(left, 1_000) }, () => {
    const end = request(workspaceId, clock.now()).at(-1);
    return usageEventOf({ kind: 'ended', end });
  });
  events.push(...(await commitUsage(database, batch)));
}
process.send({
  url: `${server.url.replace('http', 'ws')}/graphql`,
  token: TOKEN,
  first: encodeCursor('usage', { sortKey: events[0].seq, id: events[0].id }),
});

process.once('message', async ({ untilHeard, perSecond, profile }) => {
  const heard = once(process, 'message');
  const session = new Session();
  if (profile) {
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
  }
  const before = process.cpuUsage();
  if (perSecond > 0) await announce(perSecond);
  await (untilHeard ? heard : pause(SETTLE_MS));
  const { user, system } = process.cpuUsage(before);
  if (profile) {
    const { profile: found } = await session.post('Profiler.stop');
    writeFileSync(profile, JSON.stringify(found));
  }
  process.send({ cpuMs: (user + system) / 1_000, published: events.length });
});

/** As the recorder does: what came since the last tick, all at once. */
async function announce(perSecond) {
  const from = performance.now();
  for (let sent = 0; sent < events.length;) {
    const due = Math.floor(((performance.now() - from) / 1_000) * perSecond);
    const now = clock.now();
    const batch = events.slice(sent, due).map((event) => ({ ...event, occurredAt: now }));
    sent += batch.length;
    if (batch.length > 0) bus.publish('usage.arrived', { workspaceId, events: batch });
    await pause(TICK_MS);
  }
}
