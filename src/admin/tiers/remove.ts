/** Removes a tier that nothing depends on. Rules that lead to it and limits over it go with it. */
import { listRules, placeRules } from '../../persistence/rules.js';
import { deleteTier, findKeysOfOnlyTier } from '../../persistence/tiers.js';
import type { AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit, changesBetween } from '../audit.js';
import { fail, ok, type Result } from '../result.js';
import { announceEnded, changesOfEnded, endLimitsOver } from '../limits/end-limits.js';
import { changeTiers } from './change-tiers.js';
import { tierNotFound } from './check-tier.js';

/** Answers the id of what was removed. */
export async function removeTier(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
): Promise<Result<string>> {
  const { workspaceId } = context.actor;
  const removed = await changeTiers(deps, context, async (tx, present) => {
    const tier = present.find((one) => one.id === id);
    if (!tier) return tierNotFound();
    if (tier.isDefault) {
      return fail('IN_USE', 'This is the default tier; make another the default first.', ['id']);
    }
    const above = present.find(({ fallbackTierId }) => fallbackTierId === id);
    if (above) return fail('IN_USE', `"${above.slug}" falls back to this tier.`, ['id']);
    // A key that may use one tier only must not end up as one that may use all.
    const [key] = await findKeysOfOnlyTier(tx, id);
    if (key !== undefined) {
      return fail('IN_USE', `The key "${key}" may use no other tier; revoke it first.`, ['id']);
    }
    const rules = await listRules(tx);
    const gone = rules.filter(({ tierId }) => tierId === id);
    await deleteTier(tx, tier);
    await placeRules(
      tx,
      rules.filter(({ tierId }) => tierId !== id).map((rule) => rule.id),
    );
    const ended = await endLimitsOver(tx, deps, workspaceId, { tierId: id });
    await audit(tx, context, deps.clock, {
      action: 'routing_tier.delete',
      subjectId: id,
      subjectName: tier.slug,
      changes: [
        ...(gone.length === 0
          ? []
          : changesBetween({ rules: gone.map(({ name }) => name) }, { rules: null })),
        ...changesOfEnded(ended),
      ],
    });
    return ok(ended);
  });
  if (!removed.ok) return removed;
  announceEnded(deps, workspaceId, removed.value);
  return ok(id);
}
