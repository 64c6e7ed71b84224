/** Reads recorded requests whose price was unknown and is known by now, and corrects them with their sums. */
import type { PriceVersion } from '../domain/records.js';
import type { UsageAttempt, UsageEvent } from '../domain/usage.js';
import { readTimesOfDay } from '../journal/price-record.js';
import type { TimeOfDayRecord } from '../journal/record.js';
import type { PriceSource } from '../domain/vocabulary.js';
import type { Sql } from './sql.js';
import { addToRollups, ROLLUP_TABLES } from './usage-fold.js';
import {
  attemptOfRow,
  eventOfRow,
  rowOfRollup,
  type RollupDelta,
  type UsageAttemptRow,
  type UsageEventRow,
} from './usage-rows.js';

/** A request with an attempt that has no list cost although its model has a price now. */
export interface UnpricedEvent {
  readonly event: UsageEvent;
  /** Prices in force now, by model reference. */
  readonly prices: ReadonlyMap<string, PriceVersion>;
}

const IN_FORCE = `
  model JOIN model_price price ON price.model_id = model.id AND price.valid_to IS NULL`;

const UNPRICED = `
  SELECT event.* FROM usage_event event
  WHERE event.list_cost_nano_usd IS NULL AND event.id > $1 AND EXISTS (
    SELECT 1 FROM usage_attempt attempt JOIN (${IN_FORCE})
      ON model.workspace_id = attempt.workspace_id AND model.ref = attempt.model_ref
    WHERE attempt.event_id = event.id AND attempt.started_at = event.started_at
      AND attempt.list_cost_nano_usd IS NULL)
  ORDER BY event.id LIMIT $2
  FOR UPDATE OF event`;

const ATTEMPTS = `
  SELECT attempt.* FROM usage_attempt attempt
  JOIN unnest($1::text[], $2::timestamptz[]) AS wanted(id, started_at)
    ON attempt.event_id = wanted.id AND attempt.started_at = wanted.started_at
  ORDER BY attempt.event_id, attempt.position`;

const PRICES = `
  SELECT model.workspace_id, model.ref, price.* FROM ${IN_FORCE}
  WHERE (model.workspace_id, model.ref) IN (SELECT * FROM unnest($1::text[], $2::text[]))`;

const SET_COSTS = `
  cost_nano_usd = given.cost_nano_usd, list_cost_nano_usd = given.list_cost_nano_usd, price_id = given.price_id`;

const UPDATE_EVENTS = `
  UPDATE usage_event stored SET ${SET_COSTS}
  FROM unnest($1::text[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::text[])
    AS given (id, started_at, cost_nano_usd, list_cost_nano_usd, price_id)
  WHERE stored.id = given.id AND stored.started_at = given.started_at`;

const UPDATE_ATTEMPTS = `
  UPDATE usage_attempt stored SET ${SET_COSTS}
  FROM unnest($1::text[], $2::timestamptz[], $3::bigint[], $4::bigint[], $5::text[], $6::int[])
    AS given (event_id, started_at, cost_nano_usd, list_cost_nano_usd, price_id, position)
  WHERE stored.event_id = given.event_id AND stored.position = given.position
    AND stored.started_at = given.started_at`;

/** Up to `limit` of them after the event `after`, in the order of ids, held until the transaction ends. */
export async function holdUnpricedEvents(sql: Sql, after: string, limit: number): Promise<UnpricedEvent[]> {
  const rows = await sql.query<UsageEventRow>(UNPRICED, [after, limit]);
  if (rows.length === 0) return [];
  const attempts = await sql.query<UsageAttemptRow & { readonly workspace_id: string }>(ATTEMPTS, [
    rows.map(({ id }) => id),
    rows.map(({ started_at: startedAt }) => startedAt),
  ]);
  const prices = await sql.query<PriceRowInForce>(PRICES, [
    attempts.map(({ workspace_id: workspaceId }) => workspaceId),
    attempts.map(({ model_ref: ref }) => ref),
  ]);
  return rows.map((row) => {
    const own: UsageAttempt[] = attempts.filter(({ event_id: id }) => id === row.id).map(attemptOfRow);
    const { seq: _, ...event } = eventOfRow(row);
    const known = prices.filter(({ workspace_id: id }) => id === row.workspace_id);
    return {
      event: { ...event, attempts: own },
      prices: new Map(known.map((price) => [price.ref, priceOf(price)])),
    };
  });
}

/** Writes the costs of these events and of their attempts, and what they change in the sums. */
export async function writeCosts(
  sql: Sql,
  events: readonly UsageEvent[],
  corrections: readonly RollupDelta[],
): Promise<void> {
  await sql.query(UPDATE_EVENTS, costColumns(events.map((event) => ({ event, costs: event }))));
  const attempts = events.flatMap((event) => event.attempts.map((costs, at) => ({ event, costs, at })));
  await sql.query(UPDATE_ATTEMPTS, [...costColumns(attempts), attempts.map(({ at }) => at)]);
  const fold = 'jsonb_populate_recordset(NULL::usage_rollup, $1::jsonb)';
  for (const table of ROLLUP_TABLES) {
    await sql.query(addToRollups(table, fold), [JSON.stringify(corrections.map(rowOfRollup))]);
  }
}

interface CostsOfEvent {
  readonly event: UsageEvent;
  readonly costs: Pick<UsageAttempt, 'costNanoUsd' | 'listCostNanoUsd' | 'priceId'>;
}

function costColumns(rows: readonly CostsOfEvent[]): unknown[][] {
  return [
    rows.map(({ event }) => event.id),
    rows.map(({ event }) => new Date(event.startedAt).toISOString()),
    rows.map(({ costs }) => costs.costNanoUsd),
    rows.map(({ costs }) => costs.listCostNanoUsd),
    rows.map(({ costs }) => costs.priceId),
  ];
}

interface PriceRowInForce {
  readonly workspace_id: string;
  readonly ref: string;
  readonly id: string;
  readonly input: bigint;
  readonly output: bigint;
  readonly cache_read: bigint | null;
  readonly cache_write: bigint | null;
  readonly per_request: bigint | null;
  readonly times_of_day: readonly TimeOfDayRecord[] | null;
  readonly source: PriceSource;
  readonly as_of: Date;
}

function priceOf(row: PriceRowInForce): PriceVersion {
  const timesOfDay = readTimesOfDay(row.times_of_day);
  return {
    id: row.id,
    input: row.input,
    output: row.output,
    cacheRead: row.cache_read,
    cacheWrite: row.cache_write,
    ...(row.per_request === null ? {} : { perRequest: row.per_request }),
    ...(timesOfDay === undefined ? {} : { timesOfDay }),
    source: row.source,
    asOf: row.as_of.getTime(),
  };
}
