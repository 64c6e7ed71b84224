/** Usage as the API reads it: each read checks the scope and stays within the caller's workspace. */
import { requireScope, type AdminContext } from '../../admin/actor.js';
import type { PageRequest } from '../../admin/page.js';
import { timeOfId } from '../../domain/ids.js';
import type { Page } from '../../domain/records.js';
import type { TimeRange } from '../../domain/time-range.js';
import { NO_TOKENS } from '../../domain/tokens.js';
import type { StoredUsageEvent, UsageAttempt } from '../../domain/usage.js';
import { findKeysTagged } from '../../persistence/access-keys.js';
import { findUsageAttempts, findUsageEvents } from '../../persistence/usage-events.js';
import type { UsageFilter } from '../../persistence/usage-filter.js';
import { listUsageEvents } from '../../persistence/usage-pages.js';
import type { ErrorRates } from '../../usage/error-rates.js';
import { exportUsage, type UsageExport } from '../../usage/export.js';
import {
  followTotals,
  followUsage,
  type LiveSources,
  type UsageFeed,
  type UsageTotalsState,
} from '../../usage/live-feed.js';
import {
  usageReport,
  type UsageReport,
  type UsageReportRequest,
  type UsageSums,
  type UsageTotalsRequest,
} from '../../usage/reports.js';
import { savingsReport, type SavingsReport } from '../../usage/savings.js';
import { checkSpan } from './ranges.js';

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
  /** Access keys with any of these tags. */
  keysTagged(context: AdminContext, tags: readonly string[]): Promise<readonly string[]>;
  savings(context: AdminContext, range: TimeRange): Promise<SavingsReport>;
  /** A file in pieces; see {@link exportUsage}. */
  export(context: AdminContext, request: UsageExport): AsyncGenerator<string>;
  /** Events after a place in commit order and from now on; only new ones when it is null. */
  follow(
    context: AdminContext,
    filter: UsageFilter,
    after: FollowedPlace | null,
    onLost: (events: number) => void,
  ): UsageFeed;
  /** Share of calls through a connection that failed lately, 0 to 1; null without traffic. */
  errorRate(connectionId: string): number | null;
  followTotals(
    context: AdminContext,
    request: UsageTotalsRequest,
    minIntervalMs: number,
  ): AsyncIterableIterator<UsageTotalsState>;
}

/** An event that was seen last. */
export interface FollowedPlace {
  readonly seq: number;
  readonly id: string;
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

export function createUsageReads(
  sources: LiveSources & { readonly errorRates: Pick<ErrorRates, 'of'> },
): UsageReads {
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
      checkSpan(range, 'TOTAL', ['range']);
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
    keysTagged: async (context, tags) => findKeysTagged(sql, workspaceOf(context), tags),
    savings: async (context, range) => savingsReport(sql, workspaceOf(context), range),
    export: (context, request) => exportUsage(sql, workspaceOf(context), request),
    follow(context, filter, after, onLost) {
      const afterAt = after ? timeOfId(after.id) : Number.NaN;
      return followUsage(sources, {
        workspaceId: workspaceOf(context),
        filter,
        afterSeq: after?.seq ?? null,
        ...(!Number.isNaN(afterAt) && { afterAt }),
        onLost,
      });
    },
    errorRate: (connectionId) => sources.errorRates.of(connectionId),
    followTotals: (context, request, minIntervalMs) =>
      followTotals(sources, { workspaceId: workspaceOf(context), request, minIntervalMs }),
  };
}
