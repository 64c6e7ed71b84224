/** One database for the tests of a file that follow each other, each of which finds it with nothing in it. */
import { afterAll } from 'vitest';
import type { Database } from '../../src/persistence/database.js';
import { createTestDatabase } from './database.js';

/** The one that nobody has now. */
let idle: Database | null = null;
afterAll(async () => {
  await idle?.close();
  idle = null;
});

/** To be given back by `close`. Its schema stays as it is: tests that change that make a database of their own. */
export async function borrowDatabase(): Promise<Database> {
  const database = idle ?? (await createTestDatabase());
  if (idle) {
    idle = null;
    await database.query(EMPTY);
  }
  return {
    ...database,
    async close() {
      if (idle) await database.close();
      else idle = database;
    },
  };
}

/** Row by row, which for the few rows of a test is quicker than new files for every table. */
const EMPTY = `
DO $$
DECLARE
  item regclass;
BEGIN
  -- Whole tables lose nothing that refers to them.
  SET LOCAL session_replication_role = replica;
  FOR item IN
    SELECT pg_class.oid FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind = 'r' AND nspname IN ('public', 'usage_partitions') AND relname <> '_prisma_migrations'
  LOOP
    EXECUTE format('DELETE FROM %s', item);
  END LOOP;
  FOR item IN
    SELECT pg_class.oid FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
    WHERE relkind = 'S' AND nspname = 'public'
  LOOP
    EXECUTE format('ALTER SEQUENCE %s RESTART', item);
  END LOOP;
END $$`;
