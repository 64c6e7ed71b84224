/** Events apart by workspace, as whoever follows them sees those of one only. */
import type { StoredUsageEvent } from '../domain/usage.js';

/** In the order of the first event of each; within each in the order given. */
export function groupByWorkspace(
  events: readonly StoredUsageEvent[],
): ReadonlyMap<string, readonly StoredUsageEvent[]> {
  const byWorkspace = new Map<string, StoredUsageEvent[]>();
  for (const event of events) {
    const own = byWorkspace.get(event.workspaceId);
    if (own) own.push(event);
    else byWorkspace.set(event.workspaceId, [event]);
  }
  return byWorkspace;
}
