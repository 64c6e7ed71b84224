/** What the audit log shows of a gateway key. */
import { formatUsd } from '../../domain/money.js';
import type { AccessKeyRecord, RoutingTierRecord } from '../../domain/records.js';
import type { AuditChange } from '../../persistence/audit.js';
import { changesBetween } from '../audit.js';

/** What differs between two states of a key; all of it for a new one. `tiers` are those it names, for their names. */
export function auditedKey(
  before: AccessKeyRecord | null,
  after: AccessKeyRecord,
  tiers: readonly RoutingTierRecord[],
): AuditChange[] {
  const slugOf = (id: string): string => tiers.find((tier) => tier.id === id)?.slug ?? id;
  const listed = (list: readonly string[]): readonly string[] | null => (list.length === 0 ? null : list);
  const fieldsOf = (key: AccessKeyRecord): Record<string, unknown> => ({
    name: key.name,
    allowedModels: listed(key.allowedModels),
    allowedTiers: listed(key.allowedTierIds.map(slugOf).toSorted()),
    defaultTier: key.defaultTierId === null ? null : slugOf(key.defaultTierId),
    tags: listed(key.tags),
    budget: key.budget && `${formatUsd(key.budget.limitNanoUsd)} USD per ${key.budget.window}`,
    requestsPerMinute: key.requestsPerMinute,
    tokensPerMinute: key.tokensPerMinute,
    maxConcurrency: key.maxConcurrency,
    expiresAt: key.expiresAt === null ? null : new Date(key.expiresAt).toISOString(),
  });
  return changesBetween(before && fieldsOf(before), fieldsOf(after));
}
