/** Daily partitions of the usage tables: made ahead of writes, dropped whole when their days are past retention. */
import { PARTITION_LOCK_TIMEOUT_MS, PARTITION_RANGE_MAX_DAYS } from '../config/usage-limits.js';
import { invariant } from '../domain/errors.js';
import { bucketStart, DAY_MS } from '../domain/time-range.js';
import { ADVISORY_LOCKS, type Sql, type SqlDatabase } from './sql.js';

/** Apart from the tables that the schema describes, so that Prisma compares only those. */
const PARTITION_SCHEMA = 'usage_partitions';
const PARTITIONED_TABLES = ['usage_event', 'usage_attempt'] as const;

export interface UsagePartition {
  readonly table: (typeof PARTITIONED_TABLES)[number];
  readonly name: string;
  /** Start of its day in milliseconds since the epoch, UTC. */
  readonly from: number;
}

/** Days known to have their partitions, by database. */
const knownDays = new WeakMap<SqlDatabase, Set<number>>();

/**
 * Makes sure that usage of `fromMs` to `toMs`, both included, has partitions to go to. Safe to call from many nodes at
 * once, and free for days that this process has asked for before. Not within a transaction.
 */
export async function ensurePartitions(database: SqlDatabase, fromMs: number, toMs: number): Promise<void> {
  const wanted = daysBetween(fromMs, toMs);
  const known = knownDays.get(database) ?? new Set();
  knownDays.set(database, known);
  if (wanted.every((day) => known.has(day))) return;
  await database.transaction(
    async (sql) => {
      const existing = new Set((await listPartitions(sql)).map(({ name }) => name));
      for (const table of PARTITIONED_TABLES) {
        for (const day of wanted) {
          const name = partitionName(table, day);
          if (!existing.has(name)) await createPartition(sql, table, name, day);
        }
      }
    },
    { lock: ADVISORY_LOCKS.partitions },
  );
  for (const day of wanted) known.add(day);
}

/** All partitions, oldest first. */
export async function listPartitions(sql: Sql): Promise<UsagePartition[]> {
  const rows = await sql.query<{ parent: string; name: string }>(
    `SELECT parent.relname AS parent, child.relname AS name
     FROM pg_inherits
     JOIN pg_class parent ON parent.oid = inhparent
     JOIN pg_class child ON child.oid = inhrelid
     JOIN pg_namespace ON pg_namespace.oid = child.relnamespace
     WHERE nspname = $1 AND parent.relname = ANY ($2)
     ORDER BY right(child.relname, 8), child.relname`,
    [PARTITION_SCHEMA, [...PARTITIONED_TABLES]],
  );
  return rows.flatMap(({ parent, name }) => {
    const table = PARTITIONED_TABLES.find((candidate) => candidate === parent);
    const from = dayOfPartition(name);
    return table === undefined || from === null ? [] : [{ table, name, from }];
  });
}

/**
 * Drops the partitions whose whole day lies before `beforeMs` and returns their names. Waits for running readers only
 * briefly and then rejects: the next call tries again.
 */
export async function dropPartitionsBefore(database: SqlDatabase, beforeMs: number): Promise<string[]> {
  const dropped = await database.transaction(
    async (sql) => {
      await sql.query(`SET LOCAL lock_timeout = ${PARTITION_LOCK_TIMEOUT_MS}`);
      const past = (await listPartitions(sql)).filter(({ from }) => from + DAY_MS <= beforeMs);
      for (const { name } of past) await sql.query(`DROP TABLE ${PARTITION_SCHEMA}.${name}`);
      return past.map(({ name }) => name);
    },
    { lock: ADVISORY_LOCKS.partitions },
  );
  knownDays.delete(database);
  return dropped;
}

async function createPartition(sql: Sql, table: string, name: string, day: number): Promise<void> {
  const [from, to] = [day, day + DAY_MS].map((time) => new Date(time).toISOString());
  await sql.query(
    `CREATE TABLE ${PARTITION_SCHEMA}.${name} PARTITION OF ${table} FOR VALUES FROM ('${from}') TO ('${to}')`,
  );
}

function daysBetween(fromMs: number, toMs: number): number[] {
  const first = bucketStart(fromMs, 'DAY');
  const count = Math.floor((bucketStart(toMs, 'DAY') - first) / DAY_MS) + 1;
  invariant(count <= PARTITION_RANGE_MAX_DAYS, `usage partitions for ${count} days at once`);
  return Array.from({ length: Math.max(count, 0) }, (_, i) => first + i * DAY_MS);
}

/** `usage_event` + 2026-11-22 → `usage_event_20261122`. */
function partitionName(table: string, day: number): string {
  return `${table}_${new Date(day).toISOString().slice(0, 10).replaceAll('-', '')}`;
}

function dayOfPartition(name: string): number | null {
  const match = /_(\d{4})(\d{2})(\d{2})$/.exec(name);
  return match === null ? null : Date.UTC(Number(match[1]), Number(match[2]) - 1, Number(match[3]));
}
