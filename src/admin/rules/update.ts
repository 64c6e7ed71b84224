/** Changes a rule. */
import type { RoutingRuleRecord, RoutingTierRecord } from '../../domain/records.js';
import { findRules, updateRule, type RulePatch } from '../../persistence/rules.js';
import type { AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { RoutingRuleUpdateInput } from './verbs.js';
import { audit } from '../audit.js';
import { ok, problemsOf, type Result } from '../result.js';
import { changeTiers } from '../tiers/change-tiers.js';
import { auditedRule } from './audited-rule.js';
import { checkHeader, checkRuleName, checkTier, checkValue, ruleNotFound } from './check-rule.js';

/** Absent fields stay; a value of null stands for any. */
export function changeRule(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
  input: RoutingRuleUpdateInput,
): Promise<Result<RoutingRuleRecord>> {
  return changeTiers(deps, context, async (tx, tiers) => {
    const [before] = await findRules(tx, [id]);
    if (!before) return ruleNotFound();
    const patch = checkPatch(input, tiers);
    if (!patch.ok) return patch;
    const now = deps.clock.now();
    await updateRule(tx, id, patch.value, now);
    const after = { ...before, ...patch.value, updatedAt: now };
    await audit(tx, context, deps.clock, {
      action: 'routing_rule.update',
      subjectId: id,
      subjectName: after.name,
      changes: auditedRule(before, after, tiers),
    });
    return ok(after);
  });
}

/** The named fields only. */
function checkPatch(input: RoutingRuleUpdateInput, tiers: readonly RoutingTierRecord[]): Result<RulePatch> {
  const unchanged = ok(undefined);
  const name = input.name === undefined ? unchanged : checkRuleName(input.name);
  const header = input.header === undefined ? unchanged : checkHeader(input.header);
  const value = input.value === undefined ? unchanged : checkValue(input.value);
  const tierId = input.tierId === undefined ? unchanged : checkTier(input.tierId, tiers);
  if (!name.ok || !header.ok || !value.ok || !tierId.ok) return problemsOf([name, header, value, tierId]);
  return ok({
    ...(name.value !== undefined && { name: name.value }),
    ...(header.value !== undefined && { header: header.value }),
    ...(value.value !== undefined && { value: value.value }),
    ...(tierId.value !== undefined && { tierId: tierId.value }),
    ...(input.enabled !== undefined && { enabled: input.enabled }),
  });
}
