/** Commits usage: events, their attempts and the sums they add to, once each whatever is sent twice. */
import { bucketStart } from '../domain/time-range.js';
import type { StoredUsageEvent, UsageEvent } from '../domain/usage.js';
import { ensurePartitions } from './partitions.js';
import { ADVISORY_LOCKS, type Sql, type SqlDatabase } from './sql.js';
import { findUsageEventsOfAll } from './usage-events.js';
import { rowOfEvent, rowOfRollup, rowsOfAttempts, toCount, type RollupDelta } from './usage-rows.js';

/** Places are drawn in the order of the batch and under the recorder's lock, so that they become visible in order. */
const INSERT_EVENTS = `
  INSERT INTO usage_event (
    id, started_at, workspace_id, seq, occurred_at, request_id, requested_model, model_ref, provider, offering,
    connection_id, billing, tier_id, tier_slug, access_key_id, protocol, streamed, status, error_class, error_status,
    error_message, error_retry_at, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, reasoning_tokens,
    token_source, cost_nano_usd, list_cost_nano_usd, price_id, duration_ms, first_token_ms, reason)
  SELECT
    id, started_at, workspace_id, nextval('usage_event_seq'), occurred_at, request_id, requested_model, model_ref,
    provider, offering, connection_id, billing, tier_id, tier_slug, access_key_id, protocol, streamed, status,
    error_class, error_status, error_message, error_retry_at, input_tokens, cache_read_tokens, cache_write_tokens,
    output_tokens, reasoning_tokens, token_source, cost_nano_usd, list_cost_nano_usd, price_id, duration_ms,
    first_token_ms, reason
  FROM (
    SELECT given.* FROM jsonb_populate_recordset(NULL::usage_event, $1::jsonb) WITH ORDINALITY AS given
    ORDER BY ordinality
  ) AS fresh
  ON CONFLICT (id, started_at) DO NOTHING
  RETURNING id, seq`;

const INSERT_ATTEMPTS = `
  INSERT INTO usage_attempt SELECT * FROM jsonb_populate_recordset(NULL::usage_attempt, $1::jsonb)
  ON CONFLICT (event_id, position, started_at) DO NOTHING`;

const ADDED_COLUMNS = [
  'requests',
  'attempts',
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'output_tokens',
  'cost_nano_usd',
  'list_cost_nano_usd',
  'saved_nano_usd',
  'unpriced_requests',
];

const ADD_ROLLUPS = `
  INSERT INTO usage_rollup AS total SELECT * FROM jsonb_populate_recordset(NULL::usage_rollup, $1::jsonb)
  ON CONFLICT (workspace_id, hour, provider, offering, connection_id, model_ref, tier_slug, access_key_id, billing, status)
  DO UPDATE SET
    ${ADDED_COLUMNS.map((column) => `${column} = total.${column} + EXCLUDED.${column},`).join('\n    ')}
    reasoning_tokens = coalesce(total.reasoning_tokens + EXCLUDED.reasoning_tokens, total.reasoning_tokens, EXCLUDED.reasoning_tokens),
    duration_counts = histogram_add(total.duration_counts, EXCLUDED.duration_counts),
    first_token_counts = histogram_add(total.first_token_counts, EXCLUDED.first_token_counts)`;

/** Sums up events; see `foldEvents` of usage. */
export type Fold = (events: readonly UsageEvent[]) => readonly RollupDelta[];

/**
 * Writes a batch in one transaction and returns what was new in it, in order. Events that are there already are left
 * alone, and `fold` sums up the new ones only. With `again`, those that were there are returned as well.
 */
export async function commitUsage(
  database: SqlDatabase,
  events: readonly UsageEvent[],
  fold: Fold,
  again = false,
): Promise<StoredUsageEvent[]> {
  for (const day of new Set(events.map(({ startedAt }) => bucketStart(startedAt, 'DAY')))) {
    await ensurePartitions(database, day, day);
  }
  const fresh = await database.transaction((sql) => insertBatch(sql, events, fold), {
    lock: ADVISORY_LOCKS.recorder,
  });
  if (!again || fresh.length === events.length) return fresh;
  return findUsageEventsOfAll(
    database,
    events.map(({ id }) => id),
  );
}

async function insertBatch(sql: Sql, events: readonly UsageEvent[], fold: Fold): Promise<StoredUsageEvent[]> {
  const inserted = await sql.query<{ id: string; seq: bigint }>(INSERT_EVENTS, [
    JSON.stringify(events.map(rowOfEvent)),
  ]);
  if (inserted.length === 0) return [];
  const seqs = new Map(inserted.map(({ id, seq }) => [id, toCount(seq)]));
  const fresh = [
    ...new Map(events.filter(({ id }) => seqs.has(id)).map((event) => [event.id, event])).values(),
  ];
  const attempts = fresh.flatMap(rowsOfAttempts);
  if (attempts.length > 0) await sql.query(INSERT_ATTEMPTS, [JSON.stringify(attempts)]);
  await sql.query(ADD_ROLLUPS, [JSON.stringify(fold(fresh).map(rowOfRollup))]);
  return fresh
    .map(({ attempts: _, ...event }): StoredUsageEvent => ({ ...event, seq: seqs.get(event.id) ?? 0 }))
    .sort((a, b) => a.seq - b.seq);
}
