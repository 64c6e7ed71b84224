/** One change to the limits of a workspace: alone with them, and in force once it is answered. */
import { lockLimits } from '../../persistence/limits.js';
import type { ScopedTransaction } from '../../persistence/workspace-scope.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { Result } from '../result.js';

export async function changeLimits<T>(
  deps: AdminDeps,
  context: AdminContext,
  change: (tx: ScopedTransaction) => Promise<Result<T>>,
): Promise<Result<T>> {
  requireScope(context, 'CONFIG_WRITE');
  const { workspaceId } = context.actor;
  const changed = await deps.database.workspace(workspaceId).$transaction(async (tx) => {
    await lockLimits(tx, workspaceId);
    return change(tx);
  });
  if (changed.ok) {
    deps.bus.publish('config.changed', { workspaceId });
    await deps.configInForce();
  }
  return changed;
}
