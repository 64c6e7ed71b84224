/** Changes a tier's settings; its targets stay. */
import type { RoutingTierRecord } from '../../domain/records.js';
import { findTiers, updateTier, type TierPatch } from '../../persistence/tiers.js';
import type { ScopedTransaction } from '../../persistence/workspace-scope.js';
import type { AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { RoutingTierUpdateInput } from './verbs.js';
import { audit } from '../audit.js';
import { fail, ok, problemsOf, type Result } from '../result.js';
import { auditedTier } from './audited-tier.js';
import { changeTiers } from './change-tiers.js';
import {
  checkDescription,
  checkFallback,
  checkMaxAttempts,
  checkRetryOn,
  checkTierName,
  checkVersion,
  tierNotFound,
} from './check-tier.js';

/** Absent fields stay. From now on the targets are the operator's own, too. */
export function changeTier(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
  input: RoutingTierUpdateInput,
): Promise<Result<RoutingTierRecord>> {
  return changeTiers(deps, context, async (tx, present) => {
    const before = present.find((tier) => tier.id === id);
    if (!before) return tierNotFound();
    const version = checkVersion(before, input.expectedVersion);
    if (!version.ok) return version;
    const patch = checkPatch(before, input, present);
    if (!patch.ok) return patch;
    const now = deps.clock.now();
    const formerDefault = present.find(({ isDefault }) => isDefault);
    if (patch.value.isDefault === true && formerDefault && formerDefault.id !== id) {
      await updateTier(tx, formerDefault.id, { isDefault: false }, now);
    }
    await updateTier(tx, id, { ...patch.value, suggested: false }, now);
    return auditChange(deps, context, tx, 'routing_tier.update', before, present);
  });
}

/** Writes the audit entry of a change that was made to a tier, and answers the tier as it now is. */
export async function auditChange(
  deps: Pick<AdminDeps, 'clock'>,
  context: AdminContext,
  tx: ScopedTransaction,
  action: string,
  before: RoutingTierRecord,
  present: readonly RoutingTierRecord[],
): Promise<Result<RoutingTierRecord>> {
  const [after] = await findTiers(tx, [before.id]);
  if (!after) return tierNotFound();
  await audit(tx, context, deps.clock, {
    action,
    subjectId: after.id,
    subjectName: after.slug,
    changes: auditedTier(before, after, present),
  });
  return ok(after);
}

/** The named fields only. */
function checkPatch(
  before: RoutingTierRecord,
  input: RoutingTierUpdateInput,
  present: readonly RoutingTierRecord[],
): Result<TierPatch> {
  const unchanged = ok(undefined);
  const name = input.name === undefined ? unchanged : checkTierName(input.name);
  const description = input.description === undefined ? unchanged : checkDescription(input.description);
  const retryOn = input.retryOn === undefined ? unchanged : checkRetryOn(input.retryOn);
  const maxAttempts = input.maxAttempts === undefined ? unchanged : checkMaxAttempts(input.maxAttempts);
  const fallback =
    input.fallbackTierId === undefined ? unchanged : checkFallback(before.id, input.fallbackTierId, present);
  const standing = checkStanding(before, input);
  if (name.ok && description.ok && retryOn.ok && maxAttempts.ok && fallback.ok && standing.ok) {
    return ok({
      ...(name.value !== undefined && { name: name.value }),
      ...(description.value !== undefined && { description: description.value }),
      ...(retryOn.value !== undefined && { retryOn: retryOn.value }),
      ...(maxAttempts.value !== undefined && { maxAttempts: maxAttempts.value }),
      ...(fallback.value !== undefined && { fallbackTierId: fallback.value }),
      ...(input.strategy !== undefined && { strategy: input.strategy }),
      ...(input.enabled !== undefined && { enabled: input.enabled }),
      ...(input.isDefault !== undefined && { isDefault: input.isDefault }),
    });
  }
  return problemsOf([name, description, retryOn, maxAttempts, fallback, standing]);
}

/** There is always one default, and it works. */
function checkStanding(before: RoutingTierRecord, input: RoutingTierUpdateInput): Result<null> {
  if (input.isDefault === false) {
    return fail('INVALID', 'There is always one default: make another tier the default instead.', [
      'input',
      'isDefault',
    ]);
  }
  const enabled = input.enabled ?? before.enabled;
  if (enabled || !(input.isDefault ?? before.isDefault)) return ok(null);
  return input.isDefault === true
    ? fail('INVALID_STATE', 'A disabled tier cannot be the default.', ['input', 'isDefault'])
    : fail('INVALID_STATE', 'The default tier cannot be disabled; make another the default first.', [
        'input',
        'enabled',
      ]);
}
