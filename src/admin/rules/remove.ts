/** Removes a rule. */
import { deleteRule, findRules } from '../../persistence/rules.js';
import type { AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit } from '../audit.js';
import { ok, type Result } from '../result.js';
import { changeTiers } from '../tiers/change-tiers.js';
import { ruleNotFound } from './check-rule.js';

/** Answers the id of what was removed. */
export function removeRule(deps: AdminDeps, context: AdminContext, id: string): Promise<Result<string>> {
  return changeTiers(deps, context, async (tx) => {
    const [rule] = await findRules(tx, [id]);
    if (!rule) return ruleNotFound();
    await deleteRule(tx, rule);
    await audit(tx, context, deps.clock, {
      action: 'routing_rule.delete',
      subjectId: id,
      subjectName: rule.name,
      changes: [],
    });
    return ok(id);
  });
}
