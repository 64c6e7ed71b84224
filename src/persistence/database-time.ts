/** The database's own clock, which all nodes share. */
import { invariant } from '../domain/errors.js';
import type { Sql } from './sql.js';

/** In milliseconds since the epoch. */
export async function databaseTime(sql: Sql): Promise<number> {
  const [row] = await sql.query<{ now: Date }>('SELECT now() AS now');
  invariant(row, 'a database has a clock');
  return row.now.getTime();
}
