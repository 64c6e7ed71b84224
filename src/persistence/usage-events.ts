/** Reads recorded requests of one workspace. */
import { timeOfId } from '../domain/ids.js';
import type { StoredUsageEvent, UsageAttempt } from '../domain/usage.js';
import { inOrder } from './keyset.js';
import type { Sql } from './sql.js';
import { usageConditions, type Conditions, type UsageFilter } from './usage-filter.js';
import { attemptOfRow, eventOfRow, toCount, type UsageAttemptRow, type UsageEventRow } from './usage-rows.js';

/** Up to `limit` events after the place `after`, oldest first. */
export async function usageEventsAfter(
  sql: Sql,
  workspaceId: string,
  after: number,
  limit: number,
  filter: UsageFilter,
): Promise<StoredUsageEvent[]> {
  const where = eventConditions(workspaceId, filter);
  where.add(`seq > ${where.bind(after)}`);
  const most = where.bind(limit);
  const rows = await sql.query<UsageEventRow>(
    `SELECT * FROM usage_event WHERE ${where.text} ORDER BY seq LIMIT ${most}`,
    where.values,
  );
  return rows.map(eventOfRow);
}

/** In the order of `ids`; null where there is none. */
export async function findUsageEvents(
  sql: Sql,
  workspaceId: string,
  ids: readonly string[],
): Promise<(StoredUsageEvent | null)[]> {
  const rows = await sql.query<UsageEventRow>(
    `SELECT * FROM usage_event
     WHERE workspace_id = $1 AND id = ANY ($2::text[]) AND started_at BETWEEN $3 AND $4`,
    [workspaceId, [...ids], ...startsOf(ids)],
  );
  return inOrder(ids, rows.map(eventOfRow));
}

/** Those of `ids` that exist, of any workspace, in commit order: for the recorder only. */
export async function findUsageEventsOfAll(sql: Sql, ids: readonly string[]): Promise<StoredUsageEvent[]> {
  const rows = await sql.query<UsageEventRow>(
    `SELECT * FROM usage_event WHERE id = ANY ($1::text[]) AND started_at BETWEEN $2 AND $3 ORDER BY seq`,
    [[...ids], ...startsOf(ids)],
  );
  return rows.map(eventOfRow);
}

/** Attempts of each event, first to last, in the order of `eventIds`. */
export async function findUsageAttempts(
  sql: Sql,
  workspaceId: string,
  eventIds: readonly string[],
): Promise<UsageAttempt[][]> {
  const rows = await sql.query<UsageAttemptRow>(
    `SELECT * FROM usage_attempt
     WHERE workspace_id = $1 AND event_id = ANY ($2::text[]) AND started_at BETWEEN $3 AND $4
     ORDER BY event_id, position`,
    [workspaceId, [...eventIds], ...startsOf(eventIds)],
  );
  const byEvent = new Map<string, UsageAttempt[]>();
  for (const row of rows) {
    const attempts = byEvent.get(row.event_id);
    if (attempts) attempts.push(attemptOfRow(row));
    else byEvent.set(row.event_id, [attemptOfRow(row)]);
  }
  return eventIds.map((id) => byEvent.get(id) ?? []);
}

/** The last place ever drawn, in any workspace; 0 before the first. */
export async function lastUsageSeq(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ seq: bigint }>(
    `SELECT CASE WHEN is_called THEN last_value ELSE 0 END AS seq FROM usage_event_seq`,
  );
  return row ? toCount(row.seq) : 0;
}

/** Between which times the events of these ids began, so that only the partitions of those days are looked at. */
function startsOf(ids: readonly string[]): [Date, Date] {
  const times = ids.map(timeOfId).filter((time) => !Number.isNaN(time));
  return times.length === 0
    ? [new Date(0), new Date(0)]
    : [new Date(Math.min(...times)), new Date(Math.max(...times))];
}

/** Conditions on events; of {@link usageConditions} with the filter's range. */
export function eventConditions(workspaceId: string, filter: UsageFilter): Conditions {
  const where = usageConditions(workspaceId, filter);
  if (filter.range) {
    where.add(`occurred_at >= ${where.bind(new Date(filter.range.from))}`);
    where.add(`occurred_at < ${where.bind(new Date(filter.range.to))}`);
  }
  return where;
}
