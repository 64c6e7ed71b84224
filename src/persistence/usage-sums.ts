/**
 * Sums of usage by time bucket and up to two dimensions, from the smallest table of sums that tells apart what is asked
 * for.
 */
import { unpackHistogram } from '../domain/histogram.js';
import { splitAtDays, type TimeRange } from '../domain/time-range.js';
import type { UsageDimension, UsageInterval } from '../domain/vocabulary.js';
import type { Sql } from './sql.js';
import { usageConditions, type Conditions, type UsageFilter } from './usage-filter.js';
import {
  CALLER_ROLLUPS,
  DAY_ROLLUPS,
  HOUR_ROLLUPS,
  ROUTE_ROLLUPS,
  SUM_COLUMNS,
  type RollupTable,
  type SummedRow,
} from './usage-fold.js';
import { toCount, tokensOf, type RollupSums } from './usage-rows.js';

export interface UsageSumsQuery {
  /** Of whole hours. */
  readonly range: TimeRange;
  readonly interval: UsageInterval;
  readonly groupBy: readonly UsageDimension[];
  readonly filter: UsageFilter;
  /** Groups by cost, then list price, tokens and requests; those past this many become one. */
  readonly groupLimit: number;
  /** Leaves the histograms empty, whose sums are as much work as everything else. */
  readonly withoutHistograms?: boolean;
}

export interface UsageSumsRow {
  /** Start of the bucket; for `TOTAL` the start of the range. */
  readonly bucket: number;
  /** 1 for the largest group of the whole range; null for what was folded together. */
  readonly rank: number | null;
  /** One value per dimension, empty where a request has none; meaningless when `rank` is null. */
  readonly group: readonly string[];
  readonly sums: RollupSums;
  /** Requests that did not end `OK`. */
  readonly failures: number;
}

const COLUMNS: Record<UsageDimension, string> = {
  PROVIDER: 'provider',
  MODEL: 'model_ref',
  TIER: 'tier_slug',
  ACCESS_KEY: 'access_key_id',
  TAG: 'access_key_id',
  CONNECTION: 'connection_id',
  BILLING: 'billing',
  OFFERING: 'offering',
  STATUS: 'status',
};

/** Of the key of a row; a key with several counts under all of them together, so that groups add up. */
const TAGS = `coalesce(tag_words, '')`;
const TAGS_OF_KEYS = `
  SELECT id AS key_id, (SELECT string_agg(tag, ', ' ORDER BY tag) FROM unnest(tags) AS tag) AS tag_words
  FROM access_key`;

const UNITS: Record<Exclude<UsageInterval, 'TOTAL' | 'HOUR'>, string> = {
  DAY: 'day',
  WEEK: 'week',
  MONTH: 'month',
};

/** Columns that groups are ranked by. */
const RANKING = [
  'cost_nano_usd',
  'list_cost_nano_usd',
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'output_tokens',
  'requests',
];

/** The filters that need a dimension. */
const FILTERED: readonly (readonly [keyof UsageFilter, string])[] = [
  ['providers', 'provider'],
  ['models', 'model_ref'],
  ['tiers', 'tier_slug'],
  ['accessKeys', 'access_key_id'],
  ['connections', 'connection_id'],
  ['billings', 'billing'],
  ['statuses', 'status'],
];

interface SumsRow extends SummedRow {
  readonly bucket: Date;
  readonly rank: bigint | null;
  readonly d0: string;
  readonly d1: string;
  readonly failures: bigint;
  readonly unlisted_tokens: bigint;
  readonly duration_counts: string;
  readonly first_token_counts: string;
}

/** One row per bucket and group with traffic, in time order and then by rank, the folded ones last. */
export async function sumUsage(
  sql: Sql,
  workspaceId: string,
  query: UsageSumsQuery,
): Promise<UsageSumsRow[]> {
  const shown = await rankGroups(sql, workspaceId, query);
  const where = usageConditions(workspaceId, query.filter);
  const bucket = bucketOf(query, where);
  const sums = SUM_COLUMNS.map((column) => sumOf(column, query.withoutHistograms === true));
  const parts = sourcesOf(query).map((source) =>
    selectFrom(source, query, where, [`${bucket(source.table.time)} AS bucket`, 'status', ...SUM_COLUMNS]),
  );
  const given = [0, 1].map(
    (i) => `${where.bind(shown.map((group) => group[i]))}::${typeOfGroup(query, i)}[]`,
  );
  const rows = await sql.query<SumsRow>(
    `SELECT bucket, place AS rank, min(d0) AS d0, min(d1) AS d1, ${sums.join(', ')},
       coalesce(sum(requests) FILTER (WHERE status <> 'OK'), 0)::bigint AS failures
     FROM (${parts.join(' UNION ALL ')}) AS matched
     LEFT JOIN unnest(${given.join(', ')}) WITH ORDINALITY AS shown (d0, d1, place) USING (d0, d1)
     GROUP BY bucket, place ORDER BY bucket, place NULLS LAST`,
    where.values,
  );
  return rows.map((row) => sumsOfRow(row, query.groupBy.length));
}

/** The groups to show, largest first; asked apart, because it takes reading days where the sums take reading hours. */
async function rankGroups(
  sql: Sql,
  workspaceId: string,
  query: UsageSumsQuery,
): Promise<(readonly [string, string])[]> {
  if (query.groupBy.length === 0) return [['', '']];
  const where = usageConditions(workspaceId, query.filter);
  const parts = sourcesOf({ ...query, interval: 'TOTAL' }).map((source) =>
    selectFrom(source, query, where, RANKING),
  );
  const rows = await sql.query<{ d0: string; d1: string }>(
    `SELECT d0, d1 FROM (${parts.join(' UNION ALL ')}) AS matched GROUP BY d0, d1
     ORDER BY sum(cost_nano_usd) DESC, sum(list_cost_nano_usd) DESC,
       sum(input_tokens + cache_read_tokens + cache_write_tokens + output_tokens) DESC, sum(requests) DESC, d0, d1
     LIMIT ${where.bind(query.groupLimit)}`,
    where.values,
  );
  return rows.map(({ d0, d1 }) => [d0, d1]);
}

function selectFrom(
  { table, range }: Source,
  { groupBy }: UsageSumsQuery,
  where: Conditions,
  columns: readonly string[],
): string {
  const groups = [0, 1].map((i) => {
    const dimension = groupBy[i];
    const value = dimension === undefined ? `''::text` : dimension === 'TAG' ? TAGS : COLUMNS[dimension];
    return `${value} AS d${i}`;
  });
  const tagged = groupBy.includes('TAG')
    ? `LEFT JOIN (${TAGS_OF_KEYS}) AS tagged ON key_id = access_key_id`
    : '';
  const [from, to] = [where.bind(new Date(range.from)), where.bind(new Date(range.to))];
  return `SELECT ${[...groups, ...columns].join(', ')} FROM ${table.name} ${tagged}
    WHERE ${where.text} AND ${table.time} >= ${from} AND ${table.time} < ${to}`;
}

/** Compared as what they are: turning every row's status into text takes as long as summing it up. */
function typeOfGroup({ groupBy }: UsageSumsQuery, i: number): string {
  return groupBy[i] === 'STATUS' ? 'usage_status' : 'text';
}

/** The start of a row's bucket, told from the column of its time. */
function bucketOf({ interval, range }: UsageSumsQuery, where: Conditions): (time: string) => string {
  if (interval === 'HOUR') return (time) => time;
  if (interval !== 'TOTAL') return (time) => `date_trunc('${UNITS[interval]}', ${time}, 'UTC')`;
  const from = where.bind(new Date(range.from));
  return () => `${from}::timestamptz`;
}

interface Source {
  readonly table: RollupTable;
  readonly range: TimeRange;
}

/** Whole days from the sums by day, the hours before and after from those by hour. */
function sourcesOf({ range, interval, groupBy, filter }: UsageSumsQuery): Source[] {
  const used = [
    ...groupBy.map((dimension) => COLUMNS[dimension]),
    ...FILTERED.flatMap(([name, column]) => (filter[name] === undefined ? [] : [column])),
  ];
  const hours =
    [CALLER_ROLLUPS, ROUTE_ROLLUPS].find(({ dimensions }) =>
      used.every((column) => dimensions.includes(column)),
    ) ?? HOUR_ROLLUPS;
  if (interval === 'HOUR') return [{ table: hours, range }];
  const parts = splitAtDays(range);
  return [
    ...parts.days.map((days) => ({ table: DAY_ROLLUPS, range: days })),
    ...parts.hours.map((part) => ({ table: hours, range: part })),
  ];
}

function sumOf(column: string, leftOut: boolean): string {
  const histogram = column.endsWith('_counts');
  if (histogram && leftOut) return `0::numeric AS ${column}`;
  return `sum(${column})${histogram ? '' : '::bigint'} AS ${column}`;
}

function sumsOfRow(row: SumsRow, dimensions: number): UsageSumsRow {
  return {
    bucket: row.bucket.getTime(),
    rank: row.rank === null ? null : toCount(row.rank),
    group: [row.d0, row.d1].slice(0, dimensions),
    failures: toCount(row.failures),
    sums: {
      requests: toCount(row.requests),
      attempts: toCount(row.attempts),
      failedAttempts: toCount(row.failed_attempts),
      tokens: tokensOf(row),
      costNanoUsd: row.cost_nano_usd,
      listCostNanoUsd: row.list_cost_nano_usd,
      savedNanoUsd: row.saved_nano_usd,
      unpricedRequests: toCount(row.unpriced_requests),
      unlistedTokens: toCount(row.unlisted_tokens),
      durations: unpackHistogram(row.duration_counts),
      firstTokens: unpackHistogram(row.first_token_counts),
    },
  };
}
