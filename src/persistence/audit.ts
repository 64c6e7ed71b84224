/** Rows of the audit log: written in the transaction of the change they tell of, never changed. */
import type { Page } from '../domain/records.js';
import type { TimeRange } from '../domain/time-range.js';
import type { Prisma } from './generated/client.js';
import { pageOf, toDate, toMs, type KeysetPage } from './keyset.js';
import type { ScopedTransaction } from './workspace-scope.js';

/** One changed field; values as text, null for none. */
export interface AuditChange {
  readonly field: string;
  readonly before: string | null;
  readonly after: string | null;
}

export interface AuditRow {
  readonly id: string;
  readonly workspaceId: string;
  readonly occurredAt: number;
  readonly actorKind: 'ADMIN_TOKEN' | 'CLI' | 'SYSTEM';
  readonly actorId: string | null;
  readonly actorName: string;
  /** `subject.verb`, such as `connection.rotate_secret`. */
  readonly action: string;
  readonly subjectId: string;
  readonly subjectName: string;
  readonly changes: readonly AuditChange[];
  readonly ip: string | null;
  readonly requestId: string | null;
}

/** Which entries; those that are set are combined with AND. */
export interface AuditFilter {
  readonly range?: TimeRange;
  readonly action?: string;
  readonly subjectId?: string;
  readonly actorId?: string;
}

/** One page, newest first. Not counted: the log only grows. */
export async function listAuditEntries(
  rows: ScopedTransaction,
  page: KeysetPage,
  filter: AuditFilter,
): Promise<Page<AuditRow>> {
  const { range, ...equal } = filter;
  const found = await rows.auditEntry.findMany({
    where: {
      ...equal,
      ...(page.after !== null && { id: { lt: page.after.id } }),
      ...(range && { occurredAt: { gte: toDate(range.from), lt: toDate(range.to) } }),
    },
    orderBy: { id: 'desc' },
    take: page.first + 1,
  });
  return pageOf(found.map(toEntry), page.first, null);
}

/** Those of `ids` that exist, in no particular order. */
export async function findAuditEntries(rows: ScopedTransaction, ids: readonly string[]): Promise<AuditRow[]> {
  const found = await rows.auditEntry.findMany({ where: { id: { in: [...ids] } } });
  return found.map(toEntry);
}

/** Adds an entry. */
export async function insertAuditEntry(rows: ScopedTransaction, entry: AuditRow): Promise<void> {
  const changes: Prisma.InputJsonArray = entry.changes.map(({ field, before, after }) => ({
    field,
    before,
    after,
  }));
  await rows.auditEntry.create({ data: { ...entry, occurredAt: toDate(entry.occurredAt), changes } });
}

function toEntry({ occurredAt, changes, ...row }: Prisma.AuditEntryGetPayload<object>): AuditRow {
  return { ...row, occurredAt: toMs(occurredAt), changes: toChanges(changes) };
}

function toChanges(stored: Prisma.JsonValue): AuditChange[] {
  if (!Array.isArray(stored)) return [];
  return stored.flatMap((change) => {
    if (typeof change !== 'object' || change === null || Array.isArray(change)) return [];
    const { field, before, after } = change;
    return typeof field === 'string' ? [{ field, before: textOf(before), after: textOf(after) }] : [];
  });
}

function textOf(value: Prisma.JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
