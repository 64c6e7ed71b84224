/** Sums of usage from the hourly rollups, by time bucket and up to two dimensions. */
import type { TimeRange } from '../domain/time-range.js';
import type { UsageDimension, UsageInterval } from '../domain/vocabulary.js';
import type { Sql } from './sql.js';
import { usageConditions, type UsageFilter } from './usage-filter.js';
import { toCount, tokensOf, type RollupSums } from './usage-rows.js';

export interface UsageSumsQuery {
  /** Of whole hours. */
  readonly range: TimeRange;
  readonly interval: UsageInterval;
  readonly groupBy: readonly UsageDimension[];
  readonly filter: UsageFilter;
  /** Groups by cost, then list price, tokens and requests; those past this many become one. */
  readonly groupLimit: number;
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
  CONNECTION: 'connection_id',
  BILLING: 'billing',
  OFFERING: 'offering',
  STATUS: 'status::text',
};

const UNITS: Record<Exclude<UsageInterval, 'TOTAL'>, string> = {
  HOUR: 'hour',
  DAY: 'day',
  WEEK: 'week',
  MONTH: 'month',
};

interface SumsRow {
  readonly bucket: Date;
  readonly rank: bigint | null;
  readonly d0: string;
  readonly d1: string;
  readonly requests: bigint;
  readonly failures: bigint;
  readonly attempts: bigint;
  readonly input_tokens: bigint;
  readonly cache_read_tokens: bigint;
  readonly cache_write_tokens: bigint;
  readonly output_tokens: bigint;
  readonly reasoning_tokens: bigint | null;
  readonly cost_nano_usd: bigint;
  readonly list_cost_nano_usd: bigint;
  readonly saved_nano_usd: bigint;
  readonly unpriced_requests: bigint;
  readonly durations: readonly bigint[];
  readonly first_tokens: readonly bigint[];
}

/** One row per bucket and group with traffic, in time order and then by rank, the folded ones last. */
export async function sumUsage(
  sql: Sql,
  workspaceId: string,
  query: UsageSumsQuery,
): Promise<UsageSumsRow[]> {
  const where = usageConditions(workspaceId, query.filter);
  const from = where.bind(new Date(query.range.from));
  where.add(`hour >= ${from}`);
  where.add(`hour < ${where.bind(new Date(query.range.to))}`);
  const limit = where.bind(query.groupLimit);
  const bucket =
    query.interval === 'TOTAL'
      ? `${from}::timestamptz`
      : `date_trunc('${UNITS[query.interval]}', hour, 'UTC')`;
  const dimension = (i: number): string => {
    const name = query.groupBy[i];
    return name === undefined ? `''::text` : COLUMNS[name];
  };
  const sum = (column: string): string => `sum(${column})::bigint AS ${column}`;
  const rows = await sql.query<SumsRow>(
    `WITH matched AS (
       SELECT *, ${bucket} AS bucket, ${dimension(0)} AS d0, ${dimension(1)} AS d1 FROM usage_rollup WHERE ${where.text}
     ), ranked AS (
       SELECT d0, d1, row_number() OVER (ORDER BY sum(cost_nano_usd) DESC, sum(list_cost_nano_usd) DESC,
         sum(input_tokens + cache_read_tokens + cache_write_tokens + output_tokens) DESC, sum(requests) DESC, d0, d1) AS place
       FROM matched GROUP BY d0, d1
     ), placed AS (
       SELECT matched.*, CASE WHEN place <= ${limit}::bigint THEN place END AS rank
       FROM matched JOIN ranked USING (d0, d1)
     )
     SELECT bucket, rank, min(d0) AS d0, min(d1) AS d1,
       ${['requests', 'attempts', 'input_tokens', 'cache_read_tokens', 'cache_write_tokens', 'output_tokens'].map(sum).join(', ')},
       ${['reasoning_tokens', 'cost_nano_usd', 'list_cost_nano_usd', 'saved_nano_usd', 'unpriced_requests'].map(sum).join(', ')},
       coalesce(sum(requests) FILTER (WHERE status <> 'OK'), 0)::bigint AS failures,
       histogram_sum(duration_counts) AS durations, histogram_sum(first_token_counts) AS first_tokens
     FROM placed GROUP BY bucket, rank ORDER BY bucket, rank NULLS LAST`,
    where.values,
  );
  return rows.map((row) => sumsOfRow(row, query.groupBy.length));
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
      tokens: tokensOf(row),
      costNanoUsd: row.cost_nano_usd,
      listCostNanoUsd: row.list_cost_nano_usd,
      savedNanoUsd: row.saved_nano_usd,
      unpricedRequests: toCount(row.unpriced_requests),
      durations: row.durations.map(toCount),
      firstTokens: row.first_tokens.map(toCount),
    },
  };
}
