/** Whether one event is among the usage a filter asks for: the same question as the database answers, in memory. */
import type { StoredUsageEvent } from '../domain/usage.js';
import type { UsageFilter } from '../persistence/usage-filter.js';

/** `withRange` is false where the filter's own range has no meaning. */
export function matchesFilter(event: StoredUsageEvent, filter: UsageFilter, withRange: boolean): boolean {
  const { range } = filter;
  if (withRange && range && (event.occurredAt < range.from || event.occurredAt >= range.to)) return false;
  return (
    among(event.provider, filter.providers) &&
    among(event.modelRef, filter.models) &&
    among(event.tierSlug, filter.tiers) &&
    among(event.accessKeyId, filter.accessKeys) &&
    among(event.connectionId, filter.connections) &&
    among(event.billing, filter.billings) &&
    among(event.status, filter.statuses)
  );
}

function among(value: string | null, list: readonly string[] | undefined): boolean {
  return list === undefined || (value !== null && list.includes(value));
}
