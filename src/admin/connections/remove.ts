/** Removes a connection with its secret and the limits over it. Its usage history stays; models that nothing else offers count as removed. */
import { deleteConnection, findConnection } from '../../persistence/connections.js';
import { lockProviderModels, refreshModels } from '../../persistence/model-writes.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit } from '../audit.js';
import { ok, type Result } from '../result.js';
import { announceEnded, changesOfEnded, endLimitsOver } from '../limits/end-limits.js';
import { connectionNotFound } from './stored-connection.js';

/** Answers the id of what was removed. */
export async function removeConnection(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
): Promise<Result<string>> {
  requireScope(context, 'CONFIG_WRITE');
  const { workspaceId } = context.actor;
  const removed = await deps.database.workspace(workspaceId).$transaction(async (tx) => {
    const connection = await findConnection(tx, id);
    // The connection before its models: discovery takes them in the same order.
    if (connection === null || !(await deleteConnection(tx, id))) return null;
    await lockProviderModels(tx, workspaceId, connection.provider);
    await refreshModels(tx, workspaceId, connection.provider);
    const ended = await endLimitsOver(tx, deps, workspaceId, { connectionId: id });
    await audit(tx, context, deps.clock, {
      action: 'connection.delete',
      subjectId: id,
      subjectName: connection.label,
      changes: changesOfEnded(ended),
    });
    return ended;
  });
  if (!removed) return connectionNotFound();
  announceEnded(deps, workspaceId, removed);
  deps.bus.publish('config.changed', { workspaceId });
  return ok(id);
}
