/** Rows of quota windows that are over: kept by whoever sees the end, summed up for reports, dropped after a while. */
import type { PastQuotaWindow } from '../domain/past-quota.js';
import type { TimeRange } from '../domain/time-range.js';
import type { MeasurementSource } from '../domain/vocabulary.js';
import { toDate, toMs } from './keyset.js';
import { columnsOfReading } from './quota-windows.js';
import type { Sql } from './sql.js';
import type { ScopedTransaction } from './workspace-scope.js';

/** When the last known window of each name ended. */
export async function lastEndsOfQuotaWindows(
  rows: ScopedTransaction,
  connectionId: string,
): Promise<ReadonlyMap<string, number>> {
  const ends = await rows.$queryRaw<{ name: string; ended_at: Date }[]>`
    SELECT name, max(ended_at) AS ended_at FROM past_quota_window
    WHERE connection_id = ${connectionId} GROUP BY name`;
  return new Map(ends.map(({ name, ended_at }) => [name, toMs(ended_at)]));
}

/** In the caller's transaction. One that is known already stays as it is. */
export async function keepPastQuotaWindows(
  rows: ScopedTransaction,
  workspaceId: string,
  connectionId: string,
  windows: readonly PastQuotaWindow[],
): Promise<void> {
  if (windows.length === 0) return;
  const ended = windows.map((window) => ({
    ...columnsOfReading(workspaceId, connectionId, window),
    started_at: toDate(window.startedAt),
    ended_at: toDate(window.endedAt),
  }));
  await rows.$executeRaw`
    INSERT INTO past_quota_window
    SELECT * FROM jsonb_populate_recordset(null::past_quota_window, ${JSON.stringify(ended)}::jsonb)
    ON CONFLICT (connection_id, name, ended_at) DO NOTHING`;
}

/** An allowance of a plan, over all of its windows. */
export interface AllowanceName {
  readonly connectionId: string;
  readonly name: string;
  /** Null when unknown. */
  readonly windowSeconds: number | null;
  /** Whether it counts only some of the models. */
  readonly partial: boolean;
}

/** Windows of one name that ended in one calendar month. */
export interface EndedAllowance extends AllowanceName {
  /** Start of the month, UTC. */
  readonly month: number;
  /** Estimated if one of them was. */
  readonly source: MeasurementSource;
  readonly windows: number;
  /** How long they were in all. */
  readonly heldMs: number;
  /** The same, each by the share of it that was left. */
  readonly unusedMs: number;
}

interface EndedAllowanceRow {
  readonly connection_id: string;
  readonly name: string;
  readonly window_seconds: number | null;
  readonly partial: boolean;
  readonly month: Date;
  readonly estimated: boolean;
  readonly windows: bigint;
  readonly held_ms: number;
  readonly unused_ms: number;
}

/** Windows of a workspace's connections that ended in a range. */
export async function endedAllowances(
  sql: Sql,
  workspaceId: string,
  { from, to }: TimeRange,
): Promise<EndedAllowance[]> {
  const rows = await sql.query<EndedAllowanceRow>(
    `SELECT connection_id, name, max(window_seconds) AS window_seconds, bool_or(cardinality(models) > 0) AS partial,
       date_trunc('month', ended_at, 'UTC') AS month, bool_or(source = 'ESTIMATED') AS estimated, count(*) AS windows,
       sum(held_ms) AS held_ms, sum(held_ms * (1 - used_fraction)) AS unused_ms
     FROM (SELECT *, (extract(epoch FROM ended_at - started_at) * 1000)::float8 AS held_ms FROM past_quota_window
       WHERE workspace_id = $1 AND ended_at >= $2 AND ended_at < $3) AS ended
     GROUP BY connection_id, name, month`,
    [workspaceId, toDate(from), toDate(to)],
  );
  return rows.map((row) => ({
    connectionId: row.connection_id,
    name: row.name,
    windowSeconds: row.window_seconds,
    partial: row.partial,
    month: toMs(row.month),
    source: row.estimated ? 'ESTIMATED' : 'REPORTED',
    windows: Number(row.windows),
    heldMs: row.held_ms,
    unusedMs: row.unused_ms,
  }));
}

/** The windows that a workspace's connections have now. */
export async function presentAllowances(sql: Sql, workspaceId: string): Promise<AllowanceName[]> {
  const rows = await sql.query<
    Pick<EndedAllowanceRow, 'connection_id' | 'name' | 'window_seconds' | 'partial'>
  >(
    `SELECT connection_id, name, window_seconds, cardinality(models) > 0 AS partial
     FROM quota_window WHERE workspace_id = $1`,
    [workspaceId],
  );
  return rows.map((row) => ({
    connectionId: row.connection_id,
    name: row.name,
    windowSeconds: row.window_seconds,
    partial: row.partial,
  }));
}

/** Of all workspaces. */
export async function dropPastQuotaWindowsBefore(sql: Sql, beforeMs: number): Promise<void> {
  await sql.query('DELETE FROM past_quota_window WHERE ended_at < $1', [toDate(beforeMs)]);
}
