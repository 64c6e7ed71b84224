/** How fast a backlog in the journal becomes events, attempts and sums, beside plainer ways to write the same rows. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock as clock } from '../../dist/src/domain/clock.js';
import { createJournalReader } from '../../dist/src/journal/reader.js';
import { createJournalWriter } from '../../dist/src/journal/writer.js';
import { createBus } from '../../dist/src/live/bus.js';
import { createLogger } from '../../dist/src/observability/logger.js';
import { commitUsage } from '../../dist/src/persistence/usage.js';
import { columnsOf, EVENT_COLUMNS } from '../../dist/src/persistence/usage-rows.js';
import { usageEventOf } from '../../dist/src/usage/price.js';
import { createRecorder } from '../../dist/src/usage/recorder.js';
import { request } from './traffic.mjs';

const BATCH = 500;
const WRITTEN_AT_ONCE = 1_000;
const logger = createLogger({ level: 'silent', role: 'bench' });

/** Events per second of each way. */
export async function measureThroughput(database, events) {
  const recorder = await throughJournal(database, events);
  const created = await inBatches(events / 10, (batch) => createMany(database, batch));
  const bare = await inBatches(events, (batch) => insertBare(database, batch));
  return { ...recorder, created, bare };
}

async function throughJournal(database, events) {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-bench-journal-'));
  const options = { directory, clock, logger };
  const writer = createJournalWriter(options);
  for (let i = 0; i < events; i++) {
    for (const record of request('ws_throughput', clock.now())) writer.append(record);
    if (i % WRITTEN_AT_ONCE === 0) writer.flush();
  }
  writer.flush();
  let committed = 0;
  const recorder = createRecorder({
    reader: createJournalReader({ ...options, keep: database.kind === 'embedded' }),
    async commit(batch, again) {
      const fresh = await commitUsage(database, batch, again);
      committed += fresh.length;
      return fresh;
    },
    bus: createBus(logger),
    clock,
    logger,
  });
  const loop = monitorEventLoopDelay({ resolution: 1 });
  const cpu = process.cpuUsage();
  const from = performance.now();
  loop.enable();
  recorder.start();
  while (committed < events) await pause(5);
  const seconds = (performance.now() - from) / 1_000;
  loop.disable();
  const { user, system } = process.cpuUsage(cpu);
  await recorder.stop();
  writer.close();
  rmSync(directory, { recursive: true, force: true });
  return {
    recorded: events / seconds,
    cpuMicros: (user + system) / events,
    loopP99Ms: loop.percentile(99) / 1e6,
  };
}

async function inBatches(events, write) {
  let spent = 0;
  for (let done = 0; done < events; done += BATCH) {
    const batch = Array.from({ length: BATCH }, () =>
      usageEventOf({ kind: 'ended', end: request('ws_throughput', clock.now()).at(-1) }),
    );
    const from = performance.now();
    await write(batch);
    spent += performance.now() - from;
  }
  return (events / spent) * 1_000;
}

let seq = 1_000_000_000;

/** Prisma's own way, without sums. */
async function createMany({ prisma }, batch) {
  const measured = ({ failure, tokens, durationMs, ...rest }) => ({
    errorClass: failure?.class ?? null,
    errorStatus: failure?.httpStatus ?? null,
    errorMessage: failure?.message ?? null,
    inputTokens: tokens.input,
    cacheReadTokens: tokens.cacheRead,
    cacheWriteTokens: tokens.cacheWrite,
    outputTokens: tokens.output,
    tokenSource: rest.tokenSource,
    costNanoUsd: rest.costNanoUsd,
    listCostNanoUsd: rest.listCostNanoUsd,
    priceId: rest.priceId,
    durationMs,
    modelRef: rest.modelRef,
    provider: rest.provider,
    offering: rest.offering,
    connectionId: rest.connectionId,
    billing: rest.billing,
  });
  const events = batch.map((event) => ({
    ...measured(event),
    id: event.id,
    seq: seq++,
    sumKey: 0,
    workspaceId: event.workspaceId,
    startedAt: new Date(event.startedAt),
    occurredAt: new Date(event.occurredAt),
    requestId: event.requestId,
    requestedModel: event.requestedModel,
    tierSlug: event.tierSlug,
    accessKeyId: event.accessKeyId,
    protocol: event.protocol,
    streamed: event.streamed,
    status: event.status,
    firstTokenMs: event.firstTokenMs,
    reason: event.reason,
  }));
  const attempts = batch.flatMap((event) =>
    event.attempts.map((attempt, position) => ({
      ...measured(attempt),
      eventId: event.id,
      position,
      startedAt: new Date(event.startedAt),
      workspaceId: event.workspaceId,
    })),
  );
  await prisma.usageEvent.createMany({ data: events, skipDuplicates: true });
  await prisma.usageAttempt.createMany({ data: attempts, skipDuplicates: true });
}

const names = EVENT_COLUMNS.map(({ name }) => name).join(', ');
const arrays = EVENT_COLUMNS.map(({ type }, i) => `$${i + 1}::${type}[]`).join(', ');

/** Events alone: no attempts, no sums, no look at what is there. */
async function insertBare(database, batch) {
  await database.query(
    `INSERT INTO usage_event (${names}, sum_key, seq) SELECT given.*, 0, nextval('usage_event_seq') FROM unnest(${arrays}) AS given`,
    columnsOf(batch).slice(0, EVENT_COLUMNS.length),
  );
}
