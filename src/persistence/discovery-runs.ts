/** Rows of discovery runs and of their outcomes, one for each connection. */
import type { UpstreamFailure } from '../domain/failure.js';
import type { DiscoveryResultRecord, DiscoveryRunRecord, Page } from '../domain/records.js';
import type { DiscoveryTrigger, JobStatus } from '../domain/vocabulary.js';
import type { Prisma, PrismaClient } from './generated/client.js';
import { pageOf, toDate, toMs, type KeysetPage } from './keyset.js';
import type { ScopedTransaction } from './workspace-scope.js';

const OPEN: JobStatus[] = ['QUEUED', 'RUNNING'];
const WITH_RESULTS = { results: true } satisfies Prisma.DiscoveryRunInclude;

/** One page, newest first. */
export async function listRuns(rows: ScopedTransaction, page: KeysetPage): Promise<Page<DiscoveryRunRecord>> {
  const found = await rows.discoveryRun.findMany({
    ...(page.after === null ? {} : { where: { id: { lt: page.after.id } } }),
    include: WITH_RESULTS,
    orderBy: { id: 'desc' },
    take: page.first + 1,
  });
  return pageOf(found.map(toRun), page.first, null);
}

/** Those of `ids` that exist, in no particular order. */
export async function findRuns(
  rows: ScopedTransaction,
  ids: readonly string[],
): Promise<DiscoveryRunRecord[]> {
  const found = await rows.discoveryRun.findMany({ where: { id: { in: [...ids] } }, include: WITH_RESULTS });
  return found.map(toRun);
}

/** Runs that have not ended. */
export async function findOpenRuns(rows: ScopedTransaction): Promise<DiscoveryRunRecord[]> {
  const found = await rows.discoveryRun.findMany({ where: { status: { in: OPEN } }, include: WITH_RESULTS });
  return found.map(toRun);
}

/** Keeps other transactions from planning runs in the workspace until this one ends. */
export async function lockRuns(rows: ScopedTransaction, workspaceId: string): Promise<void> {
  await rows.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`runs:${workspaceId}`}, 0))`;
}

/** Id of the first run a connection took part in; null when there was none. */
export async function findFirstRunOf(rows: ScopedTransaction, connectionId: string): Promise<string | null> {
  const row = await rows.discoveryResult.findFirst({
    where: { connectionId },
    orderBy: { id: 'asc' },
    select: { runId: true },
  });
  return row?.runId ?? null;
}

/** The latest outcome of each of these connections; none for one that was never asked. */
export async function findLatestResults(
  rows: ScopedTransaction,
  connectionIds: readonly string[],
): Promise<DiscoveryResultRecord[]> {
  // One step down an index for each connection, however long its history.
  const latest = await rows.$queryRaw<{ id: string }[]>`
    SELECT latest.id FROM unnest(${[...connectionIds]}::text[]) AS asked(id) CROSS JOIN LATERAL (
      SELECT id FROM discovery_result WHERE connection_id = asked.id AND finished_at IS NOT NULL
      ORDER BY finished_at DESC LIMIT 1
    ) latest`;
  const found = await rows.discoveryResult.findMany({ where: { id: { in: latest.map(({ id }) => id) } } });
  return found.map(toResult);
}

/** The newest run with that trigger; null when there was none. */
export async function findLatestRunBy(
  rows: ScopedTransaction,
  trigger: DiscoveryTrigger,
): Promise<{ readonly id: string; readonly createdAt: number } | null> {
  const row = await rows.discoveryRun.findFirst({
    where: { trigger },
    orderBy: { id: 'desc' },
    select: { id: true, createdAt: true },
  });
  return row && { id: row.id, createdAt: toMs(row.createdAt) };
}

/**
 * Renews the claim that the node which runs these is alive, for `forMs` of the database's time: clocks of nodes differ.
 * Answers those that are still open.
 */
export async function renewLeases(
  prisma: PrismaClient,
  runIds: readonly string[],
  forMs: number,
): Promise<string[]> {
  const open = await prisma.$queryRaw<{ id: string }[]>`
    UPDATE discovery_run SET lease_until = clock_timestamp() + ${forMs}::int * interval '1 millisecond'
    WHERE id = ANY(${[...runIds]}::text[]) AND status IN ('QUEUED', 'RUNNING')
    RETURNING id`;
  return open.map(({ id }) => id);
}

/** Adds a queued run with an open outcome for each connection, claimed by the node that plans it. */
export async function insertRun(
  rows: ScopedTransaction,
  run: DiscoveryRunRecord,
  leaseMs: number,
): Promise<void> {
  await rows.discoveryRun.create({
    data: {
      id: run.id,
      workspaceId: run.workspaceId,
      trigger: run.trigger,
      status: run.status,
      connectionsTotal: run.connectionsTotal,
      createdAt: toDate(run.createdAt),
    },
  });
  await rows.$executeRaw`
    UPDATE discovery_run SET lease_until = clock_timestamp() + ${leaseMs}::int * interval '1 millisecond'
    WHERE id = ${run.id}`;
  const results = run.results.map(({ id, connectionId, provider, status }) => ({
    id,
    run_id: run.id,
    workspace_id: run.workspaceId,
    connection_id: connectionId,
    provider,
    status,
    models_found: 0,
    models_added: [],
    models_removed: [],
  }));
  await rows.$executeRaw`
    INSERT INTO discovery_result
    SELECT * FROM jsonb_populate_recordset(null::discovery_result, ${JSON.stringify(results)}::jsonb)`;
}

/** Begins a queued run; false when it was begun or has ended meanwhile, by whomever. */
export async function beginRun(rows: ScopedTransaction, runId: string, now: number): Promise<boolean> {
  const { count } = await rows.discoveryRun.updateMany({
    where: { id: runId, status: 'QUEUED' },
    data: { status: 'RUNNING', startedAt: toDate(now) },
  });
  return count > 0;
}

/** Ends an open run; false when it has ended meanwhile, by whomever. */
export async function endRun(
  rows: ScopedTransaction,
  runId: string,
  status: JobStatus,
  now: number,
): Promise<boolean> {
  const { count } = await rows.discoveryRun.updateMany({
    where: { id: runId, status: { in: OPEN } },
    data: { status, finishedAt: toDate(now) },
  });
  return count > 0;
}

/** Takes an open outcome for writing, and notes that its connection is being asked; false when it has ended. */
export async function holdResult(rows: ScopedTransaction, resultId: string): Promise<boolean> {
  const { count } = await rows.discoveryResult.updateMany({
    where: { id: resultId, status: { in: OPEN } },
    data: { status: 'RUNNING' },
  });
  return count > 0;
}

/** What one connection's part of a run came to. */
export type ResultOutcome = Pick<
  DiscoveryResultRecord,
  'status' | 'modelsFound' | 'modelsAdded' | 'modelsRemoved' | 'failure' | 'durationMs'
>;

/** Ends an open outcome; false when it has ended meanwhile. */
export async function finishResult(
  rows: ScopedTransaction,
  resultId: string,
  outcome: ResultOutcome,
  now: number,
): Promise<boolean> {
  const { count } = await rows.discoveryResult.updateMany({
    where: { id: resultId, status: { in: OPEN } },
    data: {
      status: outcome.status,
      modelsFound: outcome.modelsFound,
      modelsAdded: [...outcome.modelsAdded],
      modelsRemoved: [...outcome.modelsRemoved],
      errorClass: outcome.failure?.class ?? null,
      errorStatus: outcome.failure?.httpStatus ?? null,
      errorMessage: outcome.failure?.message ?? null,
      errorRetryAt: toDate(outcome.failure?.retryAt ?? null),
      durationMs: outcome.durationMs,
      finishedAt: toDate(now),
    },
  });
  return count > 0;
}

/** Ends every open outcome of a run alike. */
export async function finishOpenResults(
  rows: ScopedTransaction,
  runId: string,
  status: JobStatus,
  now: number,
): Promise<void> {
  await rows.discoveryResult.updateMany({
    where: { runId, status: { in: OPEN } },
    data: { status, finishedAt: toDate(now) },
  });
}

/** Ends what dead nodes left open, in every workspace: runs whose lease is over. Answers how many runs that were. */
export async function failAbandonedRuns(prisma: PrismaClient, now: number): Promise<number> {
  const abandoned = await prisma.$queryRaw<{ id: string }[]>`
    WITH abandoned AS (
      UPDATE discovery_run SET status = 'FAILED', finished_at = ${toDate(now)}
      WHERE status IN ('QUEUED', 'RUNNING') AND (lease_until IS NULL OR lease_until < clock_timestamp())
      RETURNING id
    ), interrupted AS (
      UPDATE discovery_result SET status = 'FAILED', finished_at = ${toDate(now)}, error_class = 'INTERRUPTED',
        error_message = 'The service stopped before the provider was asked.'
      FROM abandoned WHERE run_id = abandoned.id AND status IN ('QUEUED', 'RUNNING')
    )
    SELECT id FROM abandoned`;
  return abandoned.length;
}

function toRun(row: Prisma.DiscoveryRunGetPayload<{ include: typeof WITH_RESULTS }>): DiscoveryRunRecord {
  return {
    id: row.id,
    workspaceId: row.workspaceId,
    trigger: row.trigger,
    status: row.status,
    connectionsTotal: row.connectionsTotal,
    createdAt: toMs(row.createdAt),
    startedAt: toMs(row.startedAt),
    finishedAt: toMs(row.finishedAt),
    results: row.results.map(toResult).toSorted(byFinish),
  };
}

function byFinish(a: DiscoveryResultRecord, b: DiscoveryResultRecord): number {
  const order = (a.finishedAt ?? Infinity) - (b.finishedAt ?? Infinity);
  // Infinity minus itself is NaN: two open ones, ordered by id like two that finished together.
  return order || (a.id < b.id ? -1 : 1);
}

function toResult(row: Prisma.DiscoveryResultGetPayload<object>): DiscoveryResultRecord {
  const failure: UpstreamFailure | null =
    row.errorClass === null
      ? null
      : {
          class: row.errorClass,
          httpStatus: row.errorStatus,
          message: row.errorMessage ?? '',
          retryAt: toMs(row.errorRetryAt),
        };
  return {
    id: row.id,
    runId: row.runId,
    connectionId: row.connectionId,
    provider: row.provider,
    status: row.status,
    modelsFound: row.modelsFound,
    modelsAdded: row.modelsAdded,
    modelsRemoved: row.modelsRemoved,
    failure,
    durationMs: row.durationMs,
    finishedAt: toMs(row.finishedAt),
  };
}
