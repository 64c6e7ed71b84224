/** What the audit log shows of a rule. */
import type { RoutingRuleRecord, RoutingTierRecord } from '../../domain/records.js';
import type { AuditChange } from '../../persistence/audit.js';
import { changesBetween } from '../audit.js';

/** What differs between two states of a rule; all of it for a new one. `present` are the workspace's tiers, for their names. */
export function auditedRule(
  before: RoutingRuleRecord | null,
  after: RoutingRuleRecord,
  present: readonly RoutingTierRecord[],
): AuditChange[] {
  const fieldsOf = ({
    name,
    enabled,
    header,
    value,
    tierId,
  }: RoutingRuleRecord): Record<string, unknown> => ({
    name,
    enabled,
    header,
    value,
    tier: present.find(({ id }) => id === tierId)?.slug,
  });
  return changesBetween(before && fieldsOf(before), fieldsOf(after));
}
