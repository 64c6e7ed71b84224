/** Usage as the API reads it: each read checks the scope and stays within the caller's workspace. */
import { requireScope, type AdminContext } from '../../admin/actor.js';
import type { PageRequest } from '../../admin/admin.js';
import type { Page } from '../../domain/records.js';
import type { TimeRange } from '../../domain/time-range.js';
import { NO_TOKENS } from '../../domain/tokens.js';
import type { StoredUsageEvent, UsageAttempt } from '../../domain/usage.js';
import { findUsageAttempts, findUsageEvents, listUsageEvents } from '../../persistence/usage-events.js';
import type { UsageFilter } from '../../persistence/usage-filter.js';
import {
  followTotals,
  followUsage,
  type FollowedEvent,
  type LiveSources,
  type UsageTotalsState,
} from '../../usage/live-feed.js';
import {
  usageReport,
  type UsageReport,
  type UsageReportRequest,
  type UsageSums,
  type UsageTotalsRequest,
} from '../../usage/reports.js';

export interface UsageReads {
  events(context: AdminContext, page: PageRequest, filter: UsageFilter): Promise<Page<StoredUsageEvent>>;
  /** In the order of `ids`; null where there is none to be seen. */
  eventsByIds(context: AdminContext, ids: readonly string[]): Promise<readonly (StoredUsageEvent | null)[]>;
  /** Attempts of each event, first to last. */
  attempts(context: AdminContext, eventIds: readonly string[]): Promise<readonly (readonly UsageAttempt[])[]>;
  report(context: AdminContext, request: UsageReportRequest): Promise<UsageReport>;
  /** Sums of each connection or access key over one range. */
  sums(
    context: AdminContext,
    by: 'CONNECTION' | 'ACCESS_KEY',
    ids: readonly string[],
    range: TimeRange,
  ): Promise<readonly UsageSums[]>;
  /** Events after a place in commit order and from now on; only new ones when it is null. */
  follow(
    context: AdminContext,
    filter: UsageFilter,
    afterSeq: number | null,
  ): AsyncIterableIterator<FollowedEvent>;
  followTotals(
    context: AdminContext,
    request: UsageTotalsRequest,
    minIntervalMs: number,
  ): AsyncIterableIterator<UsageTotalsState>;
}

const NO_USAGE: UsageSums = {
  requests: 0,
  failures: 0,
  tokens: NO_TOKENS,
  costNanoUsd: 0n,
  listCostNanoUsd: 0n,
  savedNanoUsd: 0n,
  unpricedRequests: 0,
  durationMsP50: null,
  durationMsP95: null,
  firstTokenMsP50: null,
  firstTokenMsP95: null,
};

export function createUsageReads(sources: LiveSources): UsageReads {
  const { sql } = sources;
  const workspaceOf = (context: AdminContext): string => {
    requireScope(context, 'USAGE_READ');
    return context.actor.workspaceId;
  };
  return {
    async events(context, { first, after }, filter) {
      const before = typeof after?.sortKey === 'number' ? after.sortKey : null;
      return listUsageEvents(sql, workspaceOf(context), { first, before }, filter);
    },
    eventsByIds: async (context, ids) => findUsageEvents(sql, workspaceOf(context), ids),
    attempts: async (context, eventIds) => findUsageAttempts(sql, workspaceOf(context), eventIds),
    report: async (context, request) => usageReport(sources, workspaceOf(context), request),
    async sums(context, by, ids, range) {
      const workspaceId = workspaceOf(context);
      const { rollups } = await usageReport(sources, workspaceId, {
        range,
        interval: 'TOTAL',
        groupBy: [by],
        filter: by === 'CONNECTION' ? { connections: ids } : { accessKeys: ids },
        groupLimit: ids.length,
      });
      const byId = new Map(rollups.map(({ group, totals }) => [group[0]?.value, totals]));
      return ids.map((id) => byId.get(id) ?? NO_USAGE);
    },
    follow: (context, filter, afterSeq) =>
      followUsage(sources, { workspaceId: workspaceOf(context), filter, afterSeq }),
    followTotals: (context, request, minIntervalMs) =>
      followTotals(sources, { workspaceId: workspaceOf(context), request, minIntervalMs }),
  };
}
