/** Rows of the audit log: written in the transaction of the change they tell of, never changed. */
import type { Prisma } from './generated/client.js';
import { toDate } from './keyset.js';
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

/** Adds an entry. */
export async function insertAuditEntry(rows: ScopedTransaction, entry: AuditRow): Promise<void> {
  const changes: Prisma.InputJsonArray = entry.changes.map(({ field, before, after }) => ({
    field,
    before,
    after,
  }));
  await rows.auditEntry.create({ data: { ...entry, occurredAt: toDate(entry.occurredAt), changes } });
}
