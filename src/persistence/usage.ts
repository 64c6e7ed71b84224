/** Commits usage: events, their attempts and the sums they add to, once each whatever is sent twice. */
import { bucketStart } from '../domain/time-range.js';
import type { StoredUsageEvent, UsageEvent } from '../domain/usage.js';
import { ensurePartitions } from './partitions.js';
import { ADVISORY_LOCKS, type Sql, type SqlDatabase } from './sql.js';
import { findUsageEventsOfAll } from './usage-events.js';
import { addToRollups, foldOf, ROLLUP_TABLES, sumKey } from './usage-fold.js';
import { ATTEMPT_COLUMNS, columnsOf, EVENT_COLUMNS, toCount, type Column } from './usage-rows.js';

const eventNames = EVENT_COLUMNS.map(({ name }) => name).join(', ');
const attemptNames = ATTEMPT_COLUMNS.map(({ name }) => name).join(', ');

/**
 * Everything in one statement, so that the sums are made of the rows that were really inserted and of nothing else.
 * Places are drawn in the order of the batch and under the recorder's lock, so that they become visible in order.
 */
const INSERT_USAGE = `
  WITH fresh AS (
    INSERT INTO usage_event (${eventNames}, sum_key, seq)
    SELECT ${eventNames}, ${sumKey('in_order')}, nextval('usage_event_seq')
    FROM (SELECT * FROM ${given(EVENT_COLUMNS, 0, 'WITH ORDINALITY')} ORDER BY place) AS in_order
    ON CONFLICT (id, started_at) DO NOTHING
    RETURNING *
  ), fresh_attempt AS (
    INSERT INTO usage_attempt (${attemptNames})
    SELECT ${ATTEMPT_COLUMNS.map(({ name }) => `given.${name}`).join(', ')}
    FROM ${given(ATTEMPT_COLUMNS, EVENT_COLUMNS.length)} JOIN fresh ON fresh.id = given.event_id
    RETURNING *
  ), fold AS MATERIALIZED (${foldOf('fresh', 'fresh_attempt')}
  ), ${ROLLUP_TABLES.map((table) => `${table.name}_added AS (${addToRollups(table, 'fold')})`).join(', ')}
  SELECT id, seq FROM fresh ORDER BY seq`;

/**
 * Writes a batch in one transaction and returns what was new in it, in order. Events that are there already are left
 * alone and add to no sum. With `again`, those that were there are returned as well.
 */
export async function commitUsage(
  database: SqlDatabase,
  batch: readonly UsageEvent[],
  again = false,
): Promise<StoredUsageEvent[]> {
  const events = new Map<string, UsageEvent>();
  for (const event of batch) if (!events.has(event.id)) events.set(event.id, event);
  for (const day of new Set(batch.map(({ startedAt }) => bucketStart(startedAt, 'DAY')))) {
    await ensurePartitions(database, day, day);
  }
  const fresh = await database.transaction((sql) => insertUsage(sql, events), {
    lock: ADVISORY_LOCKS.recorder,
  });
  return again && fresh.length < events.size ? findUsageEventsOfAll(database, [...events.keys()]) : fresh;
}

async function insertUsage(sql: Sql, events: ReadonlyMap<string, UsageEvent>): Promise<StoredUsageEvent[]> {
  const inserted = await sql.query<{ id: string; seq: bigint }>(
    INSERT_USAGE,
    columnsOf([...events.values()]),
  );
  return inserted.flatMap(({ id, seq }) => {
    const event = events.get(id);
    if (!event) return [];
    const { attempts: _, ...stored } = event;
    return [{ ...stored, seq: toCount(seq) }];
  });
}

/** The relation `given` of arrays that stand in the parameters after the first `offset`. */
function given(columns: readonly Column[], offset: number, suffix = ''): string {
  const arrays = columns.map(({ type }, i) => `$${offset + i + 1}::${type}[]`);
  const names = columns.map(({ name }) => name);
  return `unnest(${arrays.join(', ')}) ${suffix} AS given (${[...names, ...(suffix === '' ? [] : ['place'])].join(', ')})`;
}
