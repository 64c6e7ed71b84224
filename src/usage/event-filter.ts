/** Whether one event is among the usage that a filter asks for: the same question as the database answers, in memory. */
import type { StoredUsageEvent } from '../domain/usage.js';
import type { UsageFilter } from '../persistence/usage-filter.js';

/** By what answered it, as pages of requests are. */
export function matchesFilter(event: StoredUsageEvent, filter: UsageFilter): boolean {
  const { range } = filter;
  if (range && (event.occurredAt < range.from || event.occurredAt >= range.to)) return false;
  return (
    among(event.provider, filter.providers) &&
    among(event.modelRef, filter.models) &&
    among(event.connectionId, filter.connections) &&
    among(event.billing, filter.billings) &&
    mayChangeSums(event, filter)
  );
}

/**
 * Whether sums under a filter may be others with this event, whatever the filter's range. What it was attempted with counts as well
 * as what answered it, and the event does not name that: only who asked, and how it ended, can rule it out.
 */
export function mayChangeSums(event: StoredUsageEvent, filter: UsageFilter): boolean {
  return (
    among(event.tierSlug, filter.tiers) &&
    among(event.accessKeyId, filter.accessKeys) &&
    among(event.status, filter.statuses)
  );
}

function among(value: string | null, list: readonly string[] | undefined): boolean {
  return list === undefined || (value !== null && list.includes(value));
}
