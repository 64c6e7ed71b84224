/** What retention has left of single events. */
import { bucketEnd, bucketStart } from '../domain/time-range.js';
import { listPartitions } from './partitions.js';
import type { Sql } from './sql.js';
import { usageConditions, type UsageFilter } from './usage-filter.js';

/**
 * Whether events that came after a moment have been dropped since. Their sums are kept by the hour and tell; those of the
 * moment's own hour are given the benefit of the doubt.
 */
export async function usageDroppedSince(
  sql: Sql,
  workspaceId: string,
  atMs: number,
  filter: UsageFilter,
): Promise<boolean> {
  const [oldest] = await listPartitions(sql);
  if (oldest === undefined || atMs >= oldest.from) return false;
  const where = usageConditions(workspaceId, filter);
  where.add(`hour >= ${where.bind(new Date(bucketEnd(bucketStart(atMs, 'HOUR'), 'HOUR')))}`);
  where.add(`hour < ${where.bind(new Date(oldest.from))}`);
  const rows = await sql.query(`SELECT 1 FROM usage_rollup WHERE ${where.text} LIMIT 1`, where.values);
  return rows.length > 0;
}
