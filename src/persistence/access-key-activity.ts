/** Stores when access keys were last used. */
import type { Sql } from './sql.js';

/** Moves the last use of each key forward; keys that are gone are left out. Times are milliseconds since the epoch. */
export async function recordKeyUse(sql: Sql, lastUsed: ReadonlyMap<string, number>): Promise<void> {
  const rows = [...lastUsed].map(([id, at]) => ({ id, last_used_at: new Date(at).toISOString() }));
  await sql.query(
    `UPDATE access_key AS key
     SET last_used_at = greatest(key.last_used_at, used.last_used_at)
     FROM jsonb_to_recordset($1::jsonb) AS used (id text, last_used_at timestamptz)
     WHERE key.id = used.id`,
    [JSON.stringify(rows)],
  );
}
