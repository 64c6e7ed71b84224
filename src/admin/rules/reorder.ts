/** Puts the rules of a workspace in another order. */
import type { RoutingRuleRecord } from '../../domain/records.js';
import { listRules, placeRules } from '../../persistence/rules.js';
import type { AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit, changesBetween } from '../audit.js';
import { checkOrder } from '../check-order.js';
import { ok, type Result } from '../result.js';
import { changeTiers } from '../tiers/change-tiers.js';

export function reorderRules(
  deps: AdminDeps,
  context: AdminContext,
  ids: readonly string[],
): Promise<Result<readonly RoutingRuleRecord[]>> {
  return changeTiers(deps, context, async (tx) => {
    const before = await listRules(tx);
    const order = checkOrder(ids, before, 'rule');
    if (!order.ok) return order;
    await placeRules(tx, order.value);
    const after = await listRules(tx);
    const namesOf = (rules: readonly RoutingRuleRecord[]) => ({ order: rules.map(({ name }) => name) });
    await audit(tx, context, deps.clock, {
      action: 'routing_rule.reorder',
      subjectId: context.actor.workspaceId,
      subjectName: 'rules',
      changes: changesBetween(namesOf(before), namesOf(after)),
    });
    return ok(after);
  });
}
