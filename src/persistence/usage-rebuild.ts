/** Sums up retained usage anew, a day at a time, to replace the stored sums or to compare them. */
import { DAY_MS } from '../domain/time-range.js';
import { listPartitions } from './partitions.js';
import { ADVISORY_LOCKS, type Sql, type SqlDatabase } from './sql.js';
import {
  addToRollups,
  foldOf,
  HOUR_ROLLUPS,
  keyColumns,
  regroup,
  ROLLUP_TABLES,
  VALUE_COLUMNS,
  type RollupTable,
} from './usage-fold.js';

export interface RebuildOptions {
  /** Compares and changes nothing. */
  readonly checkOnly: boolean;
}

/** A sum that is stored otherwise than its events add up to, or only one of both. */
export interface RollupDifference {
  readonly table: string;
  /** Its key, column by column. */
  readonly key: string;
}

export interface RebuiltDay {
  /** Start of the day in milliseconds since the epoch, UTC. */
  readonly day: number;
  /** Requests of that day. */
  readonly requests: number;
  /** Sums that differed. */
  readonly differing: number;
  /** Some of them. */
  readonly examples: readonly RollupDifference[];
}

const FOLD_COLUMNS = [...keyColumns(HOUR_ROLLUPS), ...VALUE_COLUMNS].join(', ');

/** Differences told of each table and day; all of them together may be as many as there are sums. */
const EXAMPLES_MAX = 5;
/** Requests that end meanwhile may have taken longer than any that was recorded before. */
const LONGEST_MARGIN_MS = 3_600_000;

/**
 * Goes through the days whose requests are all retained, oldest first. Each day is a transaction under the recorder's
 * lock, so that recording goes on in between and never meets a half-made sum.
 */
export async function* rebuildRollups(
  database: SqlDatabase,
  { checkOnly }: RebuildOptions,
): AsyncGenerator<RebuiltDay, void, void> {
  const longestMs = (await longestRequestMs(database)) + LONGEST_MARGIN_MS;
  const days = await completeDays(database, longestMs);
  for (let day = days.from; day < days.to; day += DAY_MS) {
    yield await database.transaction((sql) => rebuildDay(sql, day, longestMs, checkOnly), {
      lock: ADVISORY_LOCKS.recorder,
    });
  }
}

async function rebuildDay(sql: Sql, day: number, longestMs: number, checkOnly: boolean): Promise<RebuiltDay> {
  const within = [new Date(day), new Date(day + DAY_MS)];
  await sql.query(`CREATE TEMP TABLE refolded (LIKE usage_rollup) ON COMMIT DROP`);
  // What was answered on this day began on it or shortly before: only those partitions are read.
  await sql.query(
    `WITH answered AS MATERIALIZED (
       SELECT * FROM usage_event
       WHERE occurred_at >= $1 AND occurred_at < $2 AND started_at >= $3 AND started_at < $2
     ), attempted AS MATERIALIZED (
       SELECT attempt.* FROM usage_attempt AS attempt
       JOIN answered ON answered.id = attempt.event_id AND answered.started_at = attempt.started_at
       WHERE attempt.started_at >= $3 AND attempt.started_at < $2
     ), fold AS (${foldOf('answered', 'attempted')})
     INSERT INTO refolded (${FOLD_COLUMNS}) SELECT ${FOLD_COLUMNS} FROM fold`,
    [...within, new Date(day - longestMs)],
  );
  let differing = 0;
  const examples: RollupDifference[] = [];
  for (const table of ROLLUP_TABLES) {
    const found = await compare(sql, table, within);
    differing += found.count;
    examples.push(...found.keys.map((key) => ({ table: table.name, key })));
    if (checkOnly || found.count === 0) continue;
    await sql.query(`DELETE FROM ${table.name} WHERE ${table.time} >= $1 AND ${table.time} < $2`, within);
    await sql.query(addToRollups(table, 'refolded'));
  }
  const [sum] = await sql.query<{ requests: number }>(
    `SELECT coalesce(sum(requests), 0)::float8 AS requests FROM refolded`,
  );
  return { day, requests: sum?.requests ?? 0, differing, examples };
}

/** Stored sums of a range that differ from those that `refolded` amounts to. */
async function compare(
  sql: Sql,
  table: RollupTable,
  within: readonly Date[],
): Promise<{ count: number; keys: string[] }> {
  const keys = keyColumns(table);
  const columns = [...keys, ...VALUE_COLUMNS].join(', ');
  const rows = await sql.query<{ key: string; differing: number }>(
    `WITH stored AS MATERIALIZED (
       SELECT ${columns} FROM ${table.name} WHERE ${table.time} >= $1 AND ${table.time} < $2
     ), expected AS MATERIALIZED (
       SELECT ${columns} FROM (${regroup(table, 'refolded')}) AS regrouped
     ), differing AS (
       SELECT ${keys.join(', ')} FROM (
         (SELECT * FROM stored EXCEPT SELECT * FROM expected) UNION ALL (SELECT * FROM expected EXCEPT SELECT * FROM stored)
       ) AS either GROUP BY ${keys.join(', ')}
     )
     SELECT row_to_json(differing)::text AS key, (SELECT count(*) FROM differing)::int AS differing
     FROM differing ORDER BY ${keys.join(', ')} LIMIT ${EXAMPLES_MAX}`,
    within,
  );
  return { count: rows[0]?.differing ?? 0, keys: rows.map(({ key }) => key) };
}

async function longestRequestMs(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ ms: number }>(
    `SELECT coalesce(extract(epoch FROM max(occurred_at - started_at)) * 1000, 0)::float8 AS ms FROM usage_event`,
  );
  return row?.ms ?? 0;
}

/**
 * Days of which every request is still there. Of the first ones retained some requests may have begun on a day that was
 * dropped, unless nothing ever was.
 */
async function completeDays(sql: Sql, longestMs: number): Promise<{ from: number; to: number }> {
  const days = (await listPartitions(sql)).map(({ from }) => from);
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return { from: 0, to: 0 };
  const [older] = await sql.query<{ exists: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM usage_rollup_day WHERE day < $1) AS exists`,
    [new Date(first)],
  );
  const from = older?.exists === true ? first + Math.ceil(longestMs / DAY_MS) * DAY_MS : first;
  return { from, to: last + DAY_MS + Math.ceil(longestMs / DAY_MS) * DAY_MS };
}
