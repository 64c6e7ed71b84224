/** What the audit log shows of a tier. */
import type { RouteTargetRecord, RoutingTierRecord } from '../../domain/records.js';
import type { AuditChange } from '../../persistence/audit.js';
import { changesBetween } from '../audit.js';

/** What differs between two states of a tier; all of it for a new one. `present` are the workspace's tiers, for their names. */
export function auditedTier(
  before: RoutingTierRecord | null,
  after: RoutingTierRecord,
  present: readonly RoutingTierRecord[],
): AuditChange[] {
  const fieldsOf = (tier: RoutingTierRecord): Record<string, unknown> => ({
    slug: tier.slug,
    name: tier.name,
    description: tier.description,
    enabled: tier.enabled,
    isDefault: tier.isDefault,
    strategy: tier.strategy,
    targets: tier.targets.length === 0 ? null : tier.targets.map(describeTarget),
    retryOn: tier.retryOn,
    maxAttempts: tier.maxAttempts,
    fallbackTier: present.find(({ id }) => id === tier.fallbackTierId)?.slug,
  });
  return changesBetween(before && fieldsOf(before), fieldsOf(after));
}

/** As `provider/model (SUBSCRIPTION, conn_…)`. */
function describeTarget({ modelRef, billing, connectionId }: RouteTargetRecord): string {
  const only = [billing, connectionId].filter((part) => part !== null);
  return only.length === 0 ? modelRef : `${modelRef} (${only.join(', ')})`;
}
