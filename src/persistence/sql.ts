/** Plain SQL beside Prisma: bulk writes, reports, locks. */
import type pg from 'pg';

/** Values as Postgres returns them: `bigint` for int8, `Date` for timestamps, `string` for numeric. */
export interface Sql {
  /** Runs one statement with `$1`-style parameters and returns its rows. */
  query<Row extends object = Record<string, unknown>>(
    text: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
}

/** Sql that can also run several statements as one. */
export interface SqlDatabase extends Sql {
  /**
   * Runs `run` in one transaction on one connection: commits when it resolves, rolls back when it rejects. With `lock`,
   * holds that advisory lock until the end, so that only one such transaction runs at a time, across all nodes.
   * Within `run` use only the `sql` it is given: the embedded database has a single connection.
   */
  transaction<T>(run: (sql: Sql) => Promise<T>, options?: { lock?: number }): Promise<T>;
}

/** Every advisory lock, in one place so that no two purposes share a number. */
export const ADVISORY_LOCKS = {
  /** The number Prisma's own migrations take. */
  migrations: 72_707_369,
  partitions: 72_707_370,
  recorder: 72_707_371,
} as const;

const INT8_OID = 20;
const INT8_ARRAY_OID = 1016;

/** How values are read where Prisma does not read them. */
export function readTypesWith(types: typeof pg.types): pg.CustomTypesConfig {
  return {
    getTypeParser: (oid: number, format?: 'text' | 'binary') => {
      if (oid === INT8_OID) return BigInt;
      if (oid === INT8_ARRAY_OID) return readBigIntArray;
      return types.getTypeParser(oid, format ?? 'text');
    },
  };
}

/** `{1,2,NULL}` as numbers. */
function readBigIntArray(text: string): (bigint | null)[] {
  if (text === '{}') return [];
  return text
    .slice(1, -1)
    .split(',')
    .map((item) => (item === 'NULL' ? null : BigInt(item)));
}

export function sqlOf(client: { query: pg.ClientBase['query'] }): Sql {
  return {
    query: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      (await client.query<Row>(text, [...values])).rows,
  };
}

/** One transaction on a connection of the pool; see {@link SqlDatabase.transaction}. */
export async function runTransaction<T>(
  pool: pg.Pool,
  run: (sql: Sql) => Promise<T>,
  options: { lock?: number } = {},
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error) => (broken = error);
  client.on('error', onError);
  try {
    await client.query('BEGIN');
    if (options.lock !== undefined) await client.query('SELECT pg_advisory_xact_lock($1)', [options.lock]);
    const result = await run(sqlOf(client));
    const { command } = await client.query('COMMIT');
    if (command !== 'COMMIT')
      throw new Error('A statement of the transaction failed, so it was rolled back.');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((cause: Error) => (broken ??= cause));
    throw error;
  } finally {
    client.removeListener('error', onError);
    client.release(broken);
  }
}
