/** Usage summed up for operators: reports over a range, and the totals of the running calendar window. */
import { USAGE_GROUPS_MAX } from '../config/usage-limits.js';
import type { Clock } from '../domain/clock.js';
import type { NanoUsd } from '../domain/money.js';
import { percentile } from '../domain/histogram.js';
import { alignRange, bucketEnd, bucketStart, type TimeRange } from '../domain/time-range.js';
import type { TokenCounts } from '../domain/tokens.js';
import type { LimitWindow, UsageDimension, UsageInterval } from '../domain/vocabulary.js';
import type { Sql } from '../persistence/sql.js';
import type { UsageFilter } from '../persistence/usage-filter.js';
import type { RollupSums } from '../persistence/usage-rows.js';
import { sumUsage, type UsageSumsRow } from '../persistence/usage-sums.js';
import { addSums, NO_SUMS } from './rollup.js';

/** In milliseconds; null without traffic, and where they were not asked for. */
interface Percentiles {
  readonly durationMsP50: number | null;
  readonly durationMsP95: number | null;
  readonly firstTokenMsP50: number | null;
  readonly firstTokenMsP95: number | null;
}

/** Sums over a set of requests. */
export interface UsageSums extends Percentiles {
  readonly requests: number;
  /** Requests that did not end `OK`. */
  readonly failures: number;
  readonly tokens: TokenCounts;
  readonly costNanoUsd: NanoUsd;
  readonly listCostNanoUsd: NanoUsd;
  readonly savedNanoUsd: NanoUsd;
  readonly unpricedRequests: number;
}

export interface UsageGroup {
  readonly dimension: UsageDimension;
  /** Null for requests that have none, and for groups that were folded together. */
  readonly value: string | null;
  /** The value itself; whoever knows the name of what an id stands for replaces it. */
  readonly label: string;
}

export interface UsageRollupValue {
  readonly bucketStart: number;
  readonly bucketEnd: number;
  readonly group: readonly UsageGroup[];
  readonly totals: UsageSums;
}

export interface UsageReportRequest {
  readonly range: TimeRange;
  readonly interval: UsageInterval;
  readonly groupBy: readonly UsageDimension[];
  /** Its range is ignored. */
  readonly filter: UsageFilter;
  readonly groupLimit: number;
  /** Where percentiles are wanted; everywhere unless it is said. They cost as much as everything else, and are null elsewhere. */
  readonly percentiles?: WantedPercentiles;
}

export interface WantedPercentiles {
  /** In the sums over everything. */
  readonly totals: boolean;
  /** In the sums of each bucket or group. */
  readonly groups: boolean;
}

export interface UsageReport {
  /** After alignment to whole buckets. */
  readonly range: TimeRange;
  readonly interval: UsageInterval;
  readonly totals: UsageSums;
  /** In time order, then largest first; empty buckets are left out. */
  readonly rollups: readonly UsageRollupValue[];
  /** Whether groups past the limit were folded into one labelled `other`. */
  readonly truncated: boolean;
  readonly asOf: number;
}

export interface UsageTotalsRequest {
  readonly window: LimitWindow;
  readonly groupBy: readonly UsageDimension[];
  /** Its range is ignored. */
  readonly filter: UsageFilter;
  readonly percentiles?: WantedPercentiles;
}

export interface UsageTotals {
  readonly asOf: number;
  readonly range: TimeRange;
  readonly totals: UsageSums;
  /** Largest cost first. */
  readonly groups: readonly UsageRollupValue[];
}

export interface ReportSources {
  readonly sql: Sql;
  readonly clock: Clock;
}

const OTHER_LABEL = 'other';
const NONE_LABEL = 'none';
const EVERYWHERE: WantedPercentiles = { totals: true, groups: true };

/** Usage of a workspace in buckets and groups. */
export async function usageReport(
  { sql, clock }: ReportSources,
  workspaceId: string,
  request: UsageReportRequest,
): Promise<UsageReport> {
  const { interval, groupBy, percentiles = EVERYWHERE } = request;
  const asOf = clock.now();
  const range = alignRange(request.range, interval);
  const query = { ...request, range };
  // Over everything they are read from sums by the day, which are far fewer than those that the groups are made of.
  const [rows, all] = await Promise.all([
    sumUsage(sql, workspaceId, { ...query, withoutHistograms: !percentiles.groups }),
    percentiles.totals && !percentiles.groups
      ? sumUsage(sql, workspaceId, { ...query, interval: 'TOTAL', groupBy: [] })
      : [],
  ]);
  return {
    range,
    interval,
    totals: { ...totalOf(rows), ...(all[0] && percentilesOf(all[0].sums)) },
    rollups: rows.map((row) => ({
      bucketStart: row.bucket,
      bucketEnd: interval === 'TOTAL' ? range.to : bucketEnd(row.bucket, interval),
      group: groupOf(row, groupBy),
      totals: sumsOf(row.sums, row.failures),
    })),
    truncated: rows.some(({ rank }) => rank === null),
    asOf,
  };
}

/** Usage of a workspace since the current calendar window began. */
export async function usageTotalsNow(
  { sql, clock }: ReportSources,
  workspaceId: string,
  { window, groupBy, filter, percentiles = EVERYWHERE }: UsageTotalsRequest,
): Promise<UsageTotals> {
  const asOf = clock.now();
  const range = { from: bucketStart(asOf, window), to: asOf };
  // A clock that is behind another's must not hide what that one recorded this hour.
  const hours = { from: range.from, to: bucketEnd(bucketStart(asOf, 'HOUR'), 'HOUR') };
  const rows = await sumUsage(sql, workspaceId, {
    range: hours,
    interval: 'TOTAL',
    groupBy,
    filter,
    groupLimit: USAGE_GROUPS_MAX,
    withoutHistograms: !percentiles.totals && !percentiles.groups,
  });
  const groups = groupBy.length === 0 ? [] : rows.filter(({ rank }) => rank !== null);
  return {
    asOf,
    range,
    totals: totalOf(rows),
    groups: groups.map((row) => ({
      bucketStart: range.from,
      bucketEnd: range.to,
      group: groupOf(row, groupBy),
      totals: sumsOf(row.sums, row.failures),
    })),
  };
}

function totalOf(rows: readonly UsageSumsRow[]): UsageSums {
  const sums = rows.reduce((sum, row) => addSums(sum, row.sums), NO_SUMS);
  return sumsOf(
    sums,
    rows.reduce((sum, row) => sum + row.failures, 0),
  );
}

function sumsOf(sums: RollupSums, failures: number): UsageSums {
  return {
    requests: sums.requests,
    failures,
    tokens: sums.tokens,
    costNanoUsd: sums.costNanoUsd,
    listCostNanoUsd: sums.listCostNanoUsd,
    savedNanoUsd: sums.savedNanoUsd,
    unpricedRequests: sums.unpricedRequests,
    ...percentilesOf(sums),
  };
}

function percentilesOf({ durations, firstTokens }: RollupSums): Percentiles {
  return {
    durationMsP50: percentile(durations, 0.5),
    durationMsP95: percentile(durations, 0.95),
    firstTokenMsP50: percentile(firstTokens, 0.5),
    firstTokenMsP95: percentile(firstTokens, 0.95),
  };
}

function groupOf(row: UsageSumsRow, groupBy: readonly UsageDimension[]): UsageGroup[] {
  return groupBy.map((dimension, i) => {
    if (row.rank === null) return { dimension, value: null, label: OTHER_LABEL };
    const value = row.group[i] ?? '';
    return value === '' ? { dimension, value: null, label: NONE_LABEL } : { dimension, value, label: value };
  });
}
