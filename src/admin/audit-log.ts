/** Reads who changed what. */
import type { Page } from '../domain/records.js';
import { findAuditEntries, listAuditEntries, type AuditFilter, type AuditRow } from '../persistence/audit.js';
import { inOrder } from '../persistence/keyset.js';
import { requireScope, type AdminContext } from './actor.js';
import type { AdminDeps } from './admin-deps.js';
import type { PageRequest } from './page.js';

/** An entry of the audit log. */
export type AuditEntryRecord = AuditRow;

export interface AuditVerbs {
  /** Newest first. */
  list(context: AdminContext, page: PageRequest, filter: AuditFilter): Promise<Page<AuditEntryRecord>>;
  /** In the order of `ids`; null where there is none to be seen. */
  byIds(context: AdminContext, ids: readonly string[]): Promise<readonly (AuditEntryRecord | null)[]>;
}

export function auditVerbs({ database }: Pick<AdminDeps, 'database'>): AuditVerbs {
  return {
    async list(context, page, filter) {
      requireScope(context, 'AUDIT_READ');
      return listAuditEntries(database.workspace(context.actor.workspaceId), page, filter);
    },
    async byIds(context, ids) {
      if (!context.actor.scopes.includes('AUDIT_READ')) return ids.map(() => null);
      return inOrder(ids, await findAuditEntries(database.workspace(context.actor.workspaceId), ids));
    },
  };
}
