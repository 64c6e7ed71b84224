/** What every change of tiers has in common: alone in its workspace, in force when it is answered. */
import type { RoutingTierRecord } from '../../domain/records.js';
import { listTiers, lockTiers } from '../../persistence/tiers.js';
import type { ScopedTransaction } from '../../persistence/workspace-scope.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { Result } from '../result.js';

/** Changes under the lock of the workspace's tiers and rules; `present` are the tiers as they stand, in order. */
export async function changeTiers<T>(
  deps: AdminDeps,
  context: AdminContext,
  change: (tx: ScopedTransaction, present: readonly RoutingTierRecord[]) => Promise<Result<T>>,
): Promise<Result<T>> {
  requireScope(context, 'CONFIG_WRITE');
  const { workspaceId } = context.actor;
  const result = await deps.database.workspace(workspaceId).$transaction(async (tx) => {
    await lockTiers(tx, workspaceId);
    return change(tx, await listTiers(tx));
  });
  if (!result.ok) return result;
  deps.bus.publish('config.changed', { workspaceId });
  await deps.configInForce();
  return result;
}
