/** Reads usage for exports: page by page along a key, so that a page costs the same wherever it lies. */
import { toMs } from './keyset.js';
import type { NanoUsd } from '../domain/money.js';
import type { TokenCounts } from '../domain/tokens.js';
import type { StoredUsageEvent } from '../domain/usage.js';
import { alignRange } from '../domain/time-range.js';
import type { UsageStatus } from '../domain/vocabulary.js';
import type { Sql } from './sql.js';
import { usageConditions, type UsageFilter } from './usage-filter.js';
import type { SummedRow } from './usage-fold.js';
import { eventOfRow, toCount, tokensOf, type UsageEventRow } from './usage-rows.js';

/** Sums of one hour and one combination of dimensions; unknown dimensions are the empty string. */
export interface ExportedRollup {
  /** Start of the hour in milliseconds since the epoch. */
  readonly hour: number;
  readonly provider: string;
  readonly offering: string;
  readonly connectionId: string;
  readonly modelRef: string;
  readonly tierSlug: string;
  readonly accessKeyId: string;
  readonly billing: string;
  readonly status: UsageStatus;
  readonly requests: number;
  readonly attempts: number;
  readonly failedAttempts: number;
  readonly tokens: TokenCounts;
  readonly costNanoUsd: NanoUsd;
  readonly listCostNanoUsd: NanoUsd;
  readonly savedNanoUsd: NanoUsd;
  readonly unpricedRequests: number;
}

interface RollupRow extends SummedRow {
  readonly hour: Date;
  readonly provider: string;
  readonly offering: string;
  readonly connection_id: string;
  readonly model_ref: string;
  readonly tier_slug: string;
  readonly access_key_id: string;
  readonly billing: string;
  readonly status: UsageStatus;
}

/** The rest of the primary key behind the workspace. */
const ROLLUP_KEY =
  'hour, provider, offering, connection_id, model_ref, tier_slug, access_key_id, billing, status';

/** Up to `limit` events after one place and up to another, oldest first. */
export async function exportedEventsAfter(
  sql: Sql,
  workspaceId: string,
  places: { readonly after: number; readonly upTo: number },
  limit: number,
  filter: UsageFilter,
): Promise<StoredUsageEvent[]> {
  const where = usageConditions(workspaceId, filter);
  where.add(`seq > ${where.bind(places.after)} AND seq <= ${where.bind(places.upTo)}`);
  if (filter.range) {
    where.add(`occurred_at >= ${where.bind(new Date(filter.range.from))}`);
    where.add(`occurred_at < ${where.bind(new Date(filter.range.to))}`);
    // Nothing is answered before it began, which leaves out the partitions of later days.
    where.add(`started_at < ${where.bind(new Date(filter.range.to))}`);
  }
  const most = where.bind(limit);
  const rows = await sql.query<UsageEventRow>(
    `SELECT * FROM usage_event WHERE ${where.text} ORDER BY seq LIMIT ${most}`,
    where.values,
  );
  return rows.map(eventOfRow);
}

/** Up to `limit` hourly sums after one of them, oldest first. */
export async function exportedRollupsAfter(
  sql: Sql,
  workspaceId: string,
  after: ExportedRollup | null,
  limit: number,
  filter: UsageFilter,
): Promise<ExportedRollup[]> {
  const where = usageConditions(workspaceId, filter);
  if (filter.range) {
    const { from, to } = alignRange(filter.range, 'HOUR');
    where.add(`hour >= ${where.bind(new Date(from))} AND hour < ${where.bind(new Date(to))}`);
  }
  if (after !== null) {
    const key = [
      where.bind(new Date(after.hour)),
      ...[
        after.provider,
        after.offering,
        after.connectionId,
        after.modelRef,
        after.tierSlug,
        after.accessKeyId,
        after.billing,
      ].map((value) => where.bind(value)),
      `${where.bind(after.status)}::usage_status`,
    ];
    where.add(`(${ROLLUP_KEY}) > (${key.join(', ')})`);
  }
  const most = where.bind(limit);
  const rows = await sql.query<RollupRow>(
    `SELECT ${ROLLUP_KEY}, requests, attempts, failed_attempts, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens,
       reasoning_tokens, cost_nano_usd, list_cost_nano_usd, saved_nano_usd, unpriced_requests
     FROM usage_rollup WHERE ${where.text} ORDER BY ${ROLLUP_KEY} LIMIT ${most}`,
    where.values,
  );
  return rows.map(rollupOfRow);
}

function rollupOfRow(row: RollupRow): ExportedRollup {
  return {
    hour: toMs(row.hour),
    provider: row.provider,
    offering: row.offering,
    connectionId: row.connection_id,
    modelRef: row.model_ref,
    tierSlug: row.tier_slug,
    accessKeyId: row.access_key_id,
    billing: row.billing,
    status: row.status,
    requests: toCount(row.requests),
    attempts: toCount(row.attempts),
    failedAttempts: toCount(row.failed_attempts),
    tokens: tokensOf(row),
    costNanoUsd: row.cost_nano_usd,
    listCostNanoUsd: row.list_cost_nano_usd,
    savedNanoUsd: row.saved_nano_usd,
    unpricedRequests: toCount(row.unpriced_requests),
  };
}
