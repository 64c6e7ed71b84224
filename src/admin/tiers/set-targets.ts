/** Replaces the whole ordered list of targets of a tier. */
import type { RoutingTierRecord } from '../../domain/records.js';
import { replaceTargets, updateTier } from '../../persistence/tiers.js';
import type { AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { RoutingTierSetTargetsInput } from './verbs.js';
import type { Result } from '../result.js';
import { changeTiers } from './change-tiers.js';
import { checkTargets } from './check-targets.js';
import { checkVersion, tierNotFound } from './check-tier.js';
import { auditChange } from './update.js';

export function setTargets(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
  input: RoutingTierSetTargetsInput,
): Promise<Result<RoutingTierRecord>> {
  return changeTiers(deps, context, async (tx, present) => {
    const before = present.find((tier) => tier.id === id);
    if (!before) return tierNotFound();
    const version = checkVersion(before, input.expectedVersion);
    if (!version.ok) return version;
    const targets = await checkTargets(tx, input.targets, 1);
    if (!targets.ok) return targets;
    await replaceTargets(tx, before, targets.value);
    await updateTier(tx, id, { suggested: false }, deps.clock.now());
    return auditChange(deps, context, tx, 'routing_tier.set_targets', before, present);
  });
}
