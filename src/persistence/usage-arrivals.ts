/** Reads usage in the order in which it became visible, for nodes that follow what others commit. */
import type { StoredUsageEvent } from '../domain/usage.js';
import { ADVISORY_LOCKS, type Sql, type SqlDatabase } from './sql.js';
import { lastUsageSeq } from './usage-events.js';
import { eventOfRow, type UsageEventRow } from './usage-rows.js';

/** Up to `limit` events of these workspaces after one place and up to another, in commit order. */
export async function usageEventsBetween(
  sql: Sql,
  workspaceIds: readonly string[],
  range: { readonly after: number; readonly upTo: number },
  limit: number,
): Promise<StoredUsageEvent[]> {
  const rows = await sql.query<UsageEventRow>(
    `SELECT event.* FROM unnest($1::text[]) AS workspace(id) CROSS JOIN LATERAL (
       SELECT * FROM usage_event WHERE workspace_id = workspace.id AND seq > $2 AND seq <= $3 ORDER BY seq LIMIT $4
     ) AS event ORDER BY seq LIMIT $4`,
    [[...workspaceIds], range.after, range.upTo, limit],
  );
  return rows.map(eventOfRow);
}

/** A place up to which everything is committed and visible. Waits for a commit under way: its places are drawn already. */
export function committedUsageSeq(database: SqlDatabase): Promise<number> {
  return database.transaction(lastUsageSeq, { lock: ADVISORY_LOCKS.recorder });
}
