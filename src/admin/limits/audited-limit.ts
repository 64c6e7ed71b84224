/** What the audit log shows of a limit. */
import { formatUsd } from '../../domain/money.js';
import type { UsageLimitRecord } from '../../domain/records.js';
import type { AuditChange } from '../../persistence/audit.js';
import { changesBetween } from '../audit.js';

/** What differs between two states of a limit; all of it for a new one. */
export function auditedLimit(before: UsageLimitRecord | null, after: UsageLimitRecord): AuditChange[] {
  const fieldsOf = ({ name, metric, window, threshold, action, scope }: UsageLimitRecord) => ({
    name,
    metric,
    window,
    threshold: formatUsd(threshold),
    action,
    ...scope,
  });
  return changesBetween(before && fieldsOf(before), fieldsOf(after));
}
