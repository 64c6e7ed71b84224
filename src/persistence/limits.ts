/** Rows of usage limits, and what they measure. */
import type { UsageLimitRecord } from '../domain/records.js';
import { HOUR_MS } from '../domain/time-range.js';
import type { LimitScope } from '../domain/limits.js';
import { parseUsd, formatUsd } from '../domain/money.js';
import type { Prisma } from './generated/client.js';
import { toDate, toMs } from './keyset.js';
import type { Sql } from './sql.js';
import { foldOf } from './usage-fold.js';
import type { ScopedTransaction } from './workspace-scope.js';

/** All limits of the workspace, oldest first. */
export async function listLimits(rows: ScopedTransaction): Promise<UsageLimitRecord[]> {
  return (await rows.usageLimit.findMany({ orderBy: { id: 'asc' } })).map(toUsageLimit);
}

/** Those of `ids` that exist, in no particular order. */
export async function findLimits(
  rows: ScopedTransaction,
  ids: readonly string[],
): Promise<UsageLimitRecord[]> {
  return (await rows.usageLimit.findMany({ where: { id: { in: [...ids] } } })).map(toUsageLimit);
}

/** Adds a limit. */
export async function insertLimit(rows: ScopedTransaction, limit: UsageLimitRecord): Promise<void> {
  const { scope, threshold, lastFiredAt, createdAt, updatedAt, ...columns } = limit;
  await rows.usageLimit.create({
    data: {
      ...columns,
      ...scope,
      threshold: formatUsd(threshold),
      lastFiredAt: toDate(lastFiredAt),
      createdAt: toDate(createdAt),
      updatedAt: toDate(updatedAt),
    },
  });
}

/** Changes a limit to what is given. */
export async function updateLimit(rows: ScopedTransaction, limit: UsageLimitRecord): Promise<void> {
  const { id, name, window, threshold, action, updatedAt } = limit;
  await rows.usageLimit.updateMany({
    where: { id },
    data: { name, window, threshold: formatUsd(threshold), action, updatedAt: toDate(updatedAt) },
  });
}

/** Removes a limit; its alerts stay. */
export async function deleteLimit(rows: ScopedTransaction, id: string): Promise<void> {
  await rows.usageLimit.deleteMany({ where: { id } });
}

/** Notes when a limit fired. */
export async function noteFired(rows: ScopedTransaction, id: string, at: number): Promise<void> {
  await rows.usageLimit.updateMany({ where: { id }, data: { lastFiredAt: toDate(at) } });
}

/** Keeps other transactions from changing the workspace's limits and their alerts until this one ends. */
export async function lockLimits(rows: ScopedTransaction, workspaceId: string): Promise<void> {
  await rows.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`limits:${workspaceId}`}, 0))`;
}

/** Ids of the workspaces that have limits. */
export async function workspacesWithLimits(sql: Sql): Promise<string[]> {
  const rows = await sql.query<{ workspace_id: string }>('SELECT DISTINCT workspace_id FROM usage_limit');
  return rows.map((row) => row.workspace_id);
}

/** Traffic of one workspace between two moments, to be summed up. */
export interface MeasuredTraffic {
  readonly workspaceId: string;
  readonly scope: LimitScope;
  readonly from: number;
  readonly to: number;
}

export interface Measurement {
  readonly costNanoUsd: bigint;
  readonly tokens: bigint;
  /** Without those that were refused here. */
  readonly requests: bigint;
  readonly failed: bigint;
}

/** Of `u`, rows of rollups or of a fold. */
const SUMS = `
  coalesce(sum(u.cost_nano_usd), 0)::bigint AS "costNanoUsd",
  coalesce(sum(u.input_tokens + u.cache_read_tokens + u.cache_write_tokens + u.output_tokens), 0)::bigint AS tokens,
  coalesce(sum(u.requests) FILTER (WHERE u.status <> 'REJECTED'), 0)::bigint AS requests,
  coalesce(sum(u.requests) FILTER (WHERE u.status = 'FAILED'), 0)::bigint AS failed`;

const WITHIN_SCOPE = `
  (g.provider IS NULL OR u.provider = g.provider) AND
  (g.connection_id IS NULL OR u.connection_id = g.connection_id) AND
  (g.access_key_id IS NULL OR u.access_key_id = g.access_key_id) AND
  (g.tier_id IS NULL OR u.tier_slug = (SELECT slug FROM routing_tier WHERE id = g.tier_id))`;

const GIVEN = `jsonb_to_recordset($1::jsonb) AS g (
  place int, workspace_id text, provider text, connection_id text, access_key_id text, tier_id text,
  since timestamptz, until timestamptz)`;

const SUM_HOURS = `
  SELECT g.place, ${SUMS}
  FROM ${GIVEN} LEFT JOIN usage_rollup u
    ON u.workspace_id = g.workspace_id AND u.hour >= g.since AND u.hour < g.until AND ${WITHIN_SCOPE}
  GROUP BY g.place ORDER BY g.place`;

// Answers take hours at most; the bounds on the start spare all partitions but two.
const SUM_EVENTS = `
  WITH answered AS MATERIALIZED (
    SELECT event.* FROM usage_event AS event JOIN ${GIVEN} ON event.workspace_id = g.workspace_id
    WHERE event.occurred_at >= $2::timestamptz AND event.occurred_at < $3::timestamptz
      AND event.started_at >= $2::timestamptz - interval '1 day' AND event.started_at < $3::timestamptz
  ), attempted AS MATERIALIZED (
    SELECT attempt.* FROM usage_attempt AS attempt
    JOIN answered ON answered.id = attempt.event_id AND answered.started_at = attempt.started_at
    WHERE attempt.started_at >= $2::timestamptz - interval '1 day' AND attempt.started_at < $3::timestamptz
  )
  SELECT ${SUMS} FROM ${GIVEN} CROSS JOIN (${foldOf('answered', 'attempted')}) AS u WHERE ${WITHIN_SCOPE}`;

/** Sums over whole hours, in the order given: in one statement, whatever their number. */
export async function measureHours(sql: Sql, traffic: readonly MeasuredTraffic[]): Promise<Measurement[]> {
  if (traffic.length === 0) return [];
  return sql.query<Measurement & { place: number }>(SUM_HOURS, [given(traffic)]);
}

/** What was recorded in a window before a moment, to the millisecond. */
export async function measureUntil(sql: Sql, traffic: MeasuredTraffic): Promise<Measurement> {
  const hour = Math.max(Math.floor(traffic.to / HOUR_MS) * HOUR_MS, traffic.from);
  const [[whole], [rest]] = await Promise.all([
    measureHours(sql, [{ ...traffic, to: hour }]),
    sql.query<Measurement>(SUM_EVENTS, [given([traffic]), new Date(hour), until(traffic)]),
  ]);
  return {
    costNanoUsd: (whole?.costNanoUsd ?? 0n) + (rest?.costNanoUsd ?? 0n),
    tokens: (whole?.tokens ?? 0n) + (rest?.tokens ?? 0n),
    requests: (whole?.requests ?? 0n) + (rest?.requests ?? 0n),
    failed: (whole?.failed ?? 0n) + (rest?.failed ?? 0n),
  };
}

/** The latest that Postgres and JavaScript both have a date for. */
const LAST_DATE_MS = 8_640_000_000_000_000;

function given(traffic: readonly MeasuredTraffic[]): string {
  return JSON.stringify(
    traffic.map(({ workspaceId, scope, from, to }, place) => ({
      place,
      workspace_id: workspaceId,
      provider: scope.provider,
      connection_id: scope.connectionId,
      access_key_id: scope.accessKeyId,
      tier_id: scope.tierId,
      since: new Date(from),
      until: until({ to }),
    })),
  );
}

function until({ to }: Pick<MeasuredTraffic, 'to'>): Date | 'infinity' {
  return to > LAST_DATE_MS ? 'infinity' : new Date(to);
}

/** Largest used share of the quota windows that a scope names, 0 to 1; null without any. */
export async function largestUsedShare(
  rows: ScopedTransaction,
  { provider, connectionId }: LimitScope,
  now: number,
): Promise<number | null> {
  const { _max } = await rows.quotaWindow.aggregate({
    _max: { usedFraction: true },
    where: {
      ...(connectionId !== null && { connectionId }),
      connection: { enabled: true, ...(provider !== null && { provider }) },
      OR: [{ resetsAt: null }, { resetsAt: { gt: toDate(now) } }],
    },
  });
  return _max.usedFraction;
}

/** A row as a value. */
export function toUsageLimit(row: Prisma.UsageLimitGetPayload<object>): UsageLimitRecord {
  const { provider, connectionId, accessKeyId, tierId, threshold, lastFiredAt, createdAt, updatedAt } = row;
  return {
    id: row.id,
    workspaceId: row.workspaceId,
    name: row.name,
    metric: row.metric,
    window: row.window,
    threshold: parseUsd(threshold.toFixed()) ?? 0n,
    action: row.action,
    scope: { provider, connectionId, accessKeyId, tierId },
    lastFiredAt: toMs(lastFiredAt),
    createdAt: toMs(createdAt),
    updatedAt: toMs(updatedAt),
  };
}
