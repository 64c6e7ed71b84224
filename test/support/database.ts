/**
 * A fresh, migrated database per call: on the server of `TEST_DATABASE_URL`, else an embedded one in a directory of its
 * own. Copied from a template, which is made once for as long as the migrations stay the same.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { systemClock, type Clock } from '../../src/domain/clock.js';
import { createLogger, type Logger } from '../../src/observability/logger.js';
import { EMBEDDED_DIRECTORY, openDatabase, type Database } from '../../src/persistence/database.js';
import { readMigrations } from '../../src/persistence/migrations.js';

export interface TestDatabase extends Database {
  /** Where it is. After `release`, {@link openDatabase} opens it again. */
  readonly location: TestDatabaseLocation;
  /** Closes without removing; `location.remove` does the rest. */
  release(): Promise<void>;
  /** Closes and removes. */
  close(): Promise<void>;
}

export interface TestDatabaseLocation {
  /** Null: embedded. */
  readonly databaseUrl: string | null;
  readonly dataDir: string;
  /** Removes the database, which nothing may have open any more. */
  remove(): Promise<void>;
}

export const quietLogger: Logger = createLogger({ level: 'silent', role: 'test' });

const SERVER_URL = process.env['TEST_DATABASE_URL'];
/** Keeps runs that start together from making the template twice; any number will do. */
const TEMPLATE_LOCK = 4_711;
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** A database that is ready for use. */
export async function createTestDatabase(
  options: { clock?: Clock; logger?: Logger } = {},
): Promise<TestDatabase> {
  const location = await createTestDatabaseLocation();
  const database = await openDatabase({
    ...location,
    logger: options.logger ?? quietLogger,
    clock: options.clock ?? systemClock,
  });
  return {
    ...database,
    location,
    release: () => database.close(),
    async close() {
      await database.close();
      await location.remove();
    },
  };
}

/** A database that is not open, for programs and tests that open it themselves: migrated, unless asked for empty. */
export async function createTestDatabaseLocation(
  options: { empty?: boolean } = {},
): Promise<TestDatabaseLocation> {
  return SERVER_URL === undefined
    ? createEmbeddedLocation(options)
    : createServerLocation(SERVER_URL, options);
}

/** An embedded database, also where `TEST_DATABASE_URL` is set. */
export async function createEmbeddedLocation(
  options: { empty?: boolean } = {},
): Promise<TestDatabaseLocation> {
  const dataDir = await mkdtemp(join(tmpdir(), 'switchyard-test-'));
  if (options.empty !== true) await placeEmbeddedDatabase(dataDir);
  return { databaseUrl: null, dataDir, remove: () => rm(dataDir, { recursive: true, force: true }) };
}

/** Puts a migrated database into a data directory that has none: a tenth of what it takes to make one. */
export async function placeEmbeddedDatabase(dataDir: string): Promise<void> {
  const place = join(dataDir, EMBEDDED_DIRECTORY);
  if (!existsSync(place)) await cp(await embeddedTemplate(), place, { recursive: true });
}

async function createServerLocation(
  url: string,
  options: { empty?: boolean },
): Promise<TestDatabaseLocation> {
  const dataDir = await mkdtemp(join(tmpdir(), 'switchyard-test-'));
  const name = `switchyard_test_${randomUUID().replaceAll('-', '')}`;
  await onServer(url, async (client) => {
    const template = options.empty === true ? 'template0' : await serverTemplate(url, client);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  return {
    databaseUrl: withDatabase(url, name),
    dataDir,
    async remove() {
      await onServer(url, (client) => client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`));
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function embeddedTemplate(): Promise<string> {
  const cache = join(ROOT, 'node_modules', '.cache', 'switchyard');
  const template = join(cache, `database-${await templateVersion()}`);
  if (existsSync(template)) return template;
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, 'draft-'));
  const database = await openDatabase({
    databaseUrl: null,
    dataDir: draft,
    logger: quietLogger,
    clock: systemClock,
  });
  await database.close();
  // Another worker may have been faster; then its template is as good.
  await rename(join(draft, EMBEDDED_DIRECTORY), template).catch((error: unknown) => {
    if (!existsSync(template)) throw error;
  });
  await rm(draft, { recursive: true, force: true });
  return template;
}

async function serverTemplate(url: string, client: pg.Client): Promise<string> {
  const name = `switchyard_template_${await templateVersion()}`;
  await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) {
      const draft = `${name}_draft`;
      await client.query(`DROP DATABASE IF EXISTS ${draft} WITH (FORCE)`);
      await client.query(`CREATE DATABASE ${draft}`);
      const databaseUrl = withDatabase(url, draft);
      const database = await openDatabase({
        databaseUrl,
        dataDir: tmpdir(),
        logger: quietLogger,
        clock: systemClock,
      });
      await database.close();
      await client.query(`ALTER DATABASE ${draft} RENAME TO ${name}`);
    }
    return name;
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [TEMPLATE_LOCK]);
  }
}

/** Changes with the migrations and with the embedded engine. */
async function templateVersion(): Promise<string> {
  const hash = createHash('sha256');
  for (const { name, checksum } of await readMigrations()) hash.update(`${name} ${checksum}\n`);
  hash.update(await readFile(join(ROOT, 'node_modules/@electric-sql/pglite/package.json')));
  return hash.digest('hex').slice(0, 16);
}

async function onServer(url: string, run: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await run(client);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, name: string): string {
  const other = new URL(url);
  other.pathname = `/${name}`;
  return other.href;
}
