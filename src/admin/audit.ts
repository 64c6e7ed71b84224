/** Writes who changed what, in the transaction of the change: without the entry there is no change. */
import type { Clock } from '../domain/clock.js';
import { newId } from '../domain/ids.js';
import { insertAuditEntry, type AuditChange } from '../persistence/audit.js';
import type { ScopedTransaction } from '../persistence/workspace-scope.js';
import type { AdminContext } from './actor.js';

export interface AuditedChange {
  /** `subject.verb`. */
  readonly action: string;
  readonly subjectId: string;
  readonly subjectName: string;
  readonly changes: readonly AuditChange[];
}

/**
 * Adds the entry, unless whoever asked for the change was told by then that it took too long: that undoes it. Secrets must
 * not be among the changes: {@link SECRET_SET} says that one was.
 */
export async function audit(
  rows: ScopedTransaction,
  context: AdminContext,
  clock: Clock,
  change: AuditedChange,
): Promise<void> {
  context.signal.throwIfAborted();
  const now = clock.now();
  await insertAuditEntry(rows, {
    ...change,
    id: newId('audit', now),
    workspaceId: context.actor.workspaceId,
    occurredAt: now,
    actorKind: context.actor.kind,
    actorId: context.actor.id,
    actorName: context.actor.name,
    ip: context.ip,
    requestId: context.requestId,
  });
}

/** Stands for a secret that was set or replaced. */
export const SECRET_SET: AuditChange = { field: 'secret', before: null, after: '(set)' };

/** The fields that differ between two states; a state that is null has none. */
export function changesBetween(
  before: Readonly<Record<string, unknown>> | null,
  after: Readonly<Record<string, unknown>>,
): AuditChange[] {
  return Object.keys(after)
    .map((field) => ({ field, before: textOf(before?.[field]), after: textOf(after[field]) }))
    .filter((change) => change.before !== change.after);
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  return Array.isArray(value) ? value.join(', ') : String(value);
}
