/** What operators do with alerts. */
import type { AlertRecord, Page } from '../../domain/records.js';
import { acknowledgeAlert, findAlerts, listAlerts } from '../../persistence/alerts.js';
import { inOrder } from '../../persistence/keyset.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { PageRequest } from '../page.js';
import { audit } from '../audit.js';
import { fail, ok, type Result } from '../result.js';

export interface AlertVerbs {
  /** Newest first. */
  list(context: AdminContext, page: PageRequest, unresolvedOnly: boolean): Promise<Page<AlertRecord>>;
  byIds(context: AdminContext, ids: readonly string[]): Promise<readonly (AlertRecord | null)[]>;
  /** An alert that somebody has seen before stays as it is. */
  acknowledge(context: AdminContext, id: string): Promise<Result<AlertRecord>>;
}

export function createAlertVerbs(deps: AdminDeps): AlertVerbs {
  const rowsOf = ({ actor }: AdminContext) => deps.database.workspace(actor.workspaceId);
  return {
    async list(context, page, unresolvedOnly) {
      requireScope(context, 'USAGE_READ');
      return listAlerts(rowsOf(context), page, unresolvedOnly);
    },
    async byIds(context, ids) {
      if (!context.actor.scopes.includes('USAGE_READ')) return ids.map(() => null);
      return inOrder(ids, await findAlerts(rowsOf(context), ids));
    },
    acknowledge: (context, id) => acknowledge(deps, context, id),
  };
}

async function acknowledge(
  { database, bus, clock }: AdminDeps,
  context: AdminContext,
  id: string,
): Promise<Result<AlertRecord>> {
  requireScope(context, 'CONFIG_WRITE');
  const { kind, id: actorId, name, workspaceId } = context.actor;
  const rows = database.workspace(workspaceId);
  const isFirst = await rows.$transaction(async (tx) => {
    if (!(await acknowledgeAlert(tx, id, { kind, id: actorId, name }, clock.now()))) return false;
    const [alert] = await findAlerts(tx, [id]);
    await audit(tx, context, clock, {
      action: 'alert.acknowledge',
      subjectId: id,
      subjectName: alert?.message ?? '',
      changes: [],
    });
    return true;
  });
  const [alert] = await findAlerts(rows, [id]);
  if (!alert) return fail('NOT_FOUND', 'There is no such alert.', ['id']);
  if (isFirst) bus.publish('alert.changed', { workspaceId, alertId: id });
  return ok(alert);
}
