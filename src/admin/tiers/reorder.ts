/** Puts the tiers of a workspace in another order. */
import type { RoutingTierRecord } from '../../domain/records.js';
import { listTiers, updateTier } from '../../persistence/tiers.js';
import type { AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit, changesBetween } from '../audit.js';
import { checkOrder } from '../check-order.js';
import { ok, type Result } from '../result.js';
import { changeTiers } from './change-tiers.js';

/** Versions of tiers that keep their place stay. */
export function reorderTiers(
  deps: AdminDeps,
  context: AdminContext,
  ids: readonly string[],
): Promise<Result<readonly RoutingTierRecord[]>> {
  return changeTiers(deps, context, async (tx, present) => {
    const order = checkOrder(ids, present, 'tier');
    if (!order.ok) return order;
    const now = deps.clock.now();
    for (const [position, id] of order.value.entries()) {
      if (present[position]?.id !== id) await updateTier(tx, id, { position }, now);
    }
    const after = await listTiers(tx);
    const slugsOf = (tiers: readonly RoutingTierRecord[]) => ({ order: tiers.map(({ slug }) => slug) });
    await audit(tx, context, deps.clock, {
      action: 'routing_tier.reorder',
      subjectId: context.actor.workspaceId,
      subjectName: 'tiers',
      changes: changesBetween(slugsOf(present), slugsOf(after)),
    });
    return ok(after);
  });
}
