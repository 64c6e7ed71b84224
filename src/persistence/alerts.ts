/** Rows of alerts: limits that fired. */
import { formatUsd, parseUsd } from '../domain/money.js';
import type { ActorRecord, AlertRecord, Page } from '../domain/records.js';
import type { Prisma } from './generated/client.js';
import { pageOf, toDate, toMs, type KeysetPage } from './keyset.js';
import type { ScopedTransaction } from './workspace-scope.js';

/** One page, newest first. */
export async function listAlerts(
  rows: ScopedTransaction,
  page: KeysetPage,
  unresolvedOnly: boolean,
): Promise<Page<AlertRecord>> {
  const found = await rows.alert.findMany({
    where: {
      ...(unresolvedOnly && { resolvedAt: null }),
      ...(page.after !== null && { id: { lt: page.after.id } }),
    },
    orderBy: { id: 'desc' },
    take: page.first + 1,
  });
  return pageOf(found.map(toAlert), page.first, null);
}

/** Those of `ids` that exist, in no particular order. */
export async function findAlerts(rows: ScopedTransaction, ids: readonly string[]): Promise<AlertRecord[]> {
  return (await rows.alert.findMany({ where: { id: { in: [...ids] } } })).map(toAlert);
}

/** Those that have not resolved. */
export async function findOpenAlerts(rows: ScopedTransaction): Promise<AlertRecord[]> {
  return (await rows.alert.findMany({ where: { resolvedAt: null }, orderBy: { id: 'asc' } })).map(toAlert);
}

/** Adds an alert. */
export async function insertAlert(rows: ScopedTransaction, alert: AlertRecord): Promise<void> {
  const { id, workspaceId, limitId, message, value, firedAt } = alert;
  await rows.alert.create({
    data: { id, workspaceId, limitId, message, value: formatUsd(value), firedAt: toDate(firedAt) },
  });
}

/** Notes that the value fell below the threshold. */
export async function resolveAlert(rows: ScopedTransaction, id: string, at: number): Promise<void> {
  await rows.alert.updateMany({ where: { id, resolvedAt: null }, data: { resolvedAt: toDate(at) } });
}

/** Notes who has seen an alert; false when somebody had before. */
export async function acknowledgeAlert(
  rows: ScopedTransaction,
  id: string,
  by: ActorRecord,
  at: number,
): Promise<boolean> {
  const { count } = await rows.alert.updateMany({
    where: { id, acknowledgedAt: null },
    data: {
      acknowledgedAt: toDate(at),
      acknowledgedByKind: by.kind,
      acknowledgedById: by.id,
      acknowledgedByName: by.name,
    },
  });
  return count > 0;
}

function toAlert(row: Prisma.AlertGetPayload<object>): AlertRecord {
  const { acknowledgedByKind: kind, acknowledgedByName: name } = row;
  return {
    id: row.id,
    workspaceId: row.workspaceId,
    limitId: row.limitId,
    message: row.message,
    value: parseUsd(row.value.toFixed()) ?? 0n,
    firedAt: toMs(row.firedAt),
    resolvedAt: toMs(row.resolvedAt),
    acknowledgedAt: toMs(row.acknowledgedAt),
    acknowledgedBy: kind === null || name === null ? null : { kind, id: row.acknowledgedById, name },
  };
}
