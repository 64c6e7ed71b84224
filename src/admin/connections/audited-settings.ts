/** The settings of a connection that the audit log shows. */
import { formatUsd } from '../../domain/money.js';
import type { ConnectionRecord } from '../../domain/records.js';
import type { AuditChange } from '../../persistence/audit.js';
import { changesBetween } from '../audit.js';

/** What differs between two states of a connection; all of it for a new one. */
export function auditedSettings(before: ConnectionRecord | null, after: ConnectionRecord): AuditChange[] {
  return changesBetween(before && settingsOf(before), settingsOf(after));
}

function settingsOf(connection: ConnectionRecord): Record<string, unknown> {
  const price = connection.monthlyPriceNanoUsd;
  return {
    provider: connection.provider,
    offering: connection.offering,
    label: connection.label,
    enabled: connection.enabled,
    priority: connection.priority,
    region: connection.region,
    baseUrl: connection.baseUrl,
    planCode: connection.planCode,
    monthlyPriceUsd: price === null ? null : formatUsd(price),
  };
}
