/** Adds a rule after the existing ones. */
import { RULES_MAX } from '../../config/routing-limits.js';
import { newId } from '../../domain/ids.js';
import type { RoutingRuleRecord } from '../../domain/records.js';
import { insertRule, listRules } from '../../persistence/rules.js';
import type { AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { RoutingRuleCreateInput } from './verbs.js';
import { audit } from '../audit.js';
import { fail, ok, problemsOf, type Result } from '../result.js';
import { changeTiers } from '../tiers/change-tiers.js';
import { auditedRule } from './audited-rule.js';
import { checkHeader, checkRuleName, checkTier, checkValue } from './check-rule.js';

export function createRule(
  deps: AdminDeps,
  context: AdminContext,
  input: RoutingRuleCreateInput,
): Promise<Result<RoutingRuleRecord>> {
  return changeTiers(deps, context, async (tx, tiers) => {
    const rules = await listRules(tx);
    if (rules.length >= RULES_MAX) {
      return fail('LIMIT_EXCEEDED', `A workspace has at most ${RULES_MAX} rules.`);
    }
    const name = checkRuleName(input.name);
    const header = checkHeader(input.header);
    const value = checkValue(input.value ?? null);
    const tier = checkTier(input.tierId, tiers);
    if (!name.ok || !header.ok || !value.ok || !tier.ok) return problemsOf([name, header, value, tier]);
    const now = deps.clock.now();
    const rule: RoutingRuleRecord = {
      id: newId('rule', now),
      workspaceId: context.actor.workspaceId,
      name: name.value,
      position: rules.length,
      enabled: true,
      header: header.value,
      value: value.value,
      tierId: tier.value,
      createdAt: now,
      updatedAt: now,
    };
    await insertRule(tx, rule);
    await audit(tx, context, deps.clock, {
      action: 'routing_rule.create',
      subjectId: rule.id,
      subjectName: rule.name,
      changes: auditedRule(null, rule, tiers),
    });
    return ok(rule);
  });
}
