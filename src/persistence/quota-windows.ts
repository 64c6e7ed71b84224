/** Rows of quota windows. */
import type { QuotaReading } from '../domain/quota.js';
import type { Prisma } from './generated/client.js';
import { toDate, toMs } from './keyset.js';
import type { ScopedTransaction } from './workspace-scope.js';

/** Windows of each connection, shortest first, in the order of `connectionIds`. */
export async function findQuotaWindows(
  rows: ScopedTransaction,
  connectionIds: readonly string[],
): Promise<readonly (readonly QuotaReading[])[]> {
  const found = await rows.quotaWindow.findMany({
    where: { connectionId: { in: [...connectionIds] } },
    orderBy: [{ windowSeconds: { sort: 'asc', nulls: 'last' } }, { name: 'asc' }],
  });
  return connectionIds.map((id) =>
    found.filter(({ connectionId }) => connectionId === id).map(toQuotaReading),
  );
}

/** Puts these in the place of all windows of a connection, in the caller's transaction. */
export async function replaceQuotaWindows(
  rows: ScopedTransaction,
  workspaceId: string,
  connectionId: string,
  readings: readonly QuotaReading[],
): Promise<void> {
  await rows.quotaWindow.deleteMany({ where: { connectionId } });
  const windows = readings.map((reading) => ({
    ...columnsOfReading(workspaceId, connectionId, reading),
    resets_at: toDate(reading.resetsAt),
  }));
  await rows.$executeRaw`
    INSERT INTO quota_window
    SELECT * FROM jsonb_populate_recordset(null::quota_window, ${JSON.stringify(windows)}::jsonb)`;
}

/** What every row of a reading has, for `jsonb_populate_recordset`. */
export function columnsOfReading(workspaceId: string, connectionId: string, reading: QuotaReading): object {
  return {
    connection_id: connectionId,
    name: reading.name,
    workspace_id: workspaceId,
    window_seconds: reading.windowSeconds,
    unit: reading.unit,
    limit: reading.limit,
    used: reading.used,
    used_fraction: reading.usedFraction,
    source: reading.source,
    observed_at: toDate(reading.observedAt),
    models: reading.models ?? [],
  };
}

/** A row as a value. */
export function toQuotaReading(row: Prisma.QuotaWindowGetPayload<object>): QuotaReading {
  return {
    name: row.name,
    windowSeconds: row.windowSeconds,
    unit: row.unit,
    limit: row.limit === null ? null : row.limit.toNumber(),
    used: row.used === null ? null : row.used.toNumber(),
    usedFraction: row.usedFraction,
    resetsAt: toMs(row.resetsAt),
    source: row.source,
    observedAt: toMs(row.observedAt),
    ...(row.models.length > 0 && { models: row.models }),
  };
}
