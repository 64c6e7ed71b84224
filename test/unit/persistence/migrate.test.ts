import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { StartupError } from '../../../src/domain/errors.js';
import { EMBEDDED_DIRECTORY } from '../../../src/persistence/database.js';
import { startEmbeddedPostgres } from '../../../src/persistence/embedded-postgres.js';
import { migrate } from '../../../src/persistence/migrate.js';
import { readMigrations, type Migration } from '../../../src/persistence/migrations.js';
import { createTestDatabaseLocation, quietLogger } from '../../support/database.js';

let client: pg.Client;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  const location = await createTestDatabaseLocation();
  closing.push(() => location.remove());
  if (location.databaseUrl === null) {
    const directory = join(location.dataDir, EMBEDDED_DIRECTORY);
    const postgres = startEmbeddedPostgres({ directory, logger: quietLogger });
    closing.push(() => postgres.close());
    client = new pg.Client({ stream: postgres.connect, user: 'postgres', database: 'postgres' });
  } else {
    client = new pg.Client({ connectionString: location.databaseUrl });
  }
  await client.connect();
  closing.push(() => client.end());
});

/** Tables go to a schema of their own, so that a migrated database serves as an empty one. */
beforeEach(async () => {
  await client.query(
    'DROP SCHEMA IF EXISTS scratch CASCADE; CREATE SCHEMA scratch; SET search_path TO scratch',
  );
});

afterAll(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const FIRST: Migration = {
  name: '1_first',
  sql: 'CREATE TABLE t (a int); INSERT INTO t VALUES (1)',
  checksum: 'c1',
};
const SECOND: Migration = { name: '2_second', sql: `ALTER TABLE t ADD b text DEFAULT ';'`, checksum: 'c2' };
const BROKEN: Migration = {
  name: '3_broken',
  sql: 'CREATE TABLE u (a int); SELECT * FROM nowhere',
  checksum: 'c3',
};

const run = (...migrations: Migration[]) => migrate(client, { logger: quietLogger, migrations });

test('pending migrations are applied once, in order, and later ones follow', async () => {
  expect(await run(FIRST)).toEqual(['1_first']);
  expect(await run(FIRST, SECOND)).toEqual(['2_second']);
  expect(await run(FIRST, SECOND)).toEqual([]);
  expect((await client.query('SELECT * FROM t')).rows).toEqual([{ a: 1, b: ';' }]);
  const { rows } = await client.query(
    `SELECT migration_name, checksum, applied_steps_count, logs, rolled_back_at, finished_at >= started_at AS finished,
       length(id) AS id
     FROM _prisma_migrations ORDER BY migration_name`,
  );
  const bookkeeping = { applied_steps_count: 1, logs: null, rolled_back_at: null, finished: true, id: 36 };
  expect(rows).toEqual([
    { migration_name: '1_first', checksum: 'c1', ...bookkeeping },
    { migration_name: '2_second', checksum: 'c2', ...bookkeeping },
  ]);
});

test('a migration that fails is undone as a whole, says why in one line, and can be corrected', async () => {
  const failing = run(FIRST, BROKEN);
  await expect(failing).rejects.toThrow(StartupError);
  await expect(failing).rejects.toThrow(/^[^\n]*3_broken[^\n]*relation "nowhere" does not exist$/);
  expect((await client.query(`SELECT to_regclass('u') AS u, to_regclass('t') AS t`)).rows).toEqual([
    { u: null, t: 't' },
  ]);
  expect(await run(FIRST, { ...BROKEN, sql: 'CREATE TABLE u (a int)' })).toEqual(['3_broken']);
});

test('an edited migration is refused', async () => {
  await run(FIRST);
  await expect(run({ ...FIRST, checksum: 'other' }, SECOND)).rejects.toThrow(
    /^The migration 1_first was edited/,
  );
  expect((await client.query('SELECT * FROM t')).rows).toEqual([{ a: 1 }]);
});

test('a migration that the Prisma command line left failed is refused until it is resolved', async () => {
  await run(FIRST);
  await client.query(`UPDATE _prisma_migrations SET finished_at = NULL`);
  await expect(run(FIRST, SECOND)).rejects.toThrow(/^The migration 1_first has failed half-way/);
  // What `prisma migrate resolve --rolled-back` does.
  await client.query(`UPDATE _prisma_migrations SET rolled_back_at = now(); DROP TABLE t`);
  expect(await run(FIRST, SECOND)).toEqual(['1_first', '2_second']);
});

test('a database that a newer version has migrated still opens', async () => {
  await run(FIRST, SECOND);
  expect(await run(FIRST)).toEqual([]);
});

test('the migrations of the package have the names and checksums that Prisma gives them', async () => {
  const [first] = await readMigrations();
  expect(first?.name).toMatch(/^\d{14}_\w+$/);
  expect(first?.checksum).toMatch(/^[0-9a-f]{64}$/);
  const { rows } = await client.query(
    'SELECT migration_name AS name, checksum FROM public._prisma_migrations',
  );
  expect(rows).toEqual((await readMigrations()).map(({ name, checksum }) => ({ name, checksum })));
});
