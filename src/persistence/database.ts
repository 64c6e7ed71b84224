/** Opens the database: the one `DATABASE_URL` names, or the embedded one. Brings its schema up to date first. */
import { join } from 'node:path';
import pg from 'pg';
import {
  DATABASE_ANSWER_TIMEOUT_MS,
  DATABASE_CONNECTIONS_MAX,
  DATABASE_CONNECT_TIMEOUT_MS,
  DATABASE_STATEMENT_TIMEOUT_MS,
  EMBEDDED_ANSWER_TIMEOUT_MS,
  TRANSACTION_TIMEOUT_MS,
  TRANSACTION_WAIT_MS,
} from '../config/limits.js';
import type { Clock } from '../domain/clock.js';
import { StartupError } from '../domain/errors.js';
import { DAY_MS } from '../domain/time-range.js';
import type { Logger } from '../observability/logger.js';
import { prepareDataDirectory } from '../secrets/data-directory.js';
import { checkServer, connectionFailure } from './database-server.js';
import { lockDirectory } from './directory-lock.js';
import { startEmbeddedPostgres } from './embedded-postgres.js';
import { PrismaClient } from './generated/client.js';
import { migrate } from './migrate.js';
import { ensurePartitions } from './partitions.js';
import { createPrismaAdapter } from './prisma-adapter.js';
import { readTypesWith, runTransaction, sqlOf, type SqlDatabase } from './sql.js';
import { makeStoppable } from './stop-statements.js';
import { scopeToWorkspace, type ScopedClient } from './workspace-scope.js';

export interface Database extends SqlDatabase {
  readonly kind: 'embedded' | 'external';
  /** Everything, of every workspace: for the recorder, the snapshot and the command line only. */
  readonly prisma: PrismaClient;
  /** Sees and writes rows of one workspace only. */
  workspace(workspaceId: string): ScopedClient;
  /** Resolves when a trivial statement succeeds. */
  ping(): Promise<void>;
  /** Waits for what is running. */
  close(): Promise<void>;
}

export interface OpenDatabaseOptions {
  /** Null: the embedded database under `dataDir`. */
  databaseUrl: string | null;
  dataDir: string;
  logger: Logger;
  clock: Clock;
}

/** Directory of the embedded database under the data directory. */
export const EMBEDDED_DIRECTORY = 'postgres';

/** Usage is written for now; around midnight, and with clocks that differ, for the days beside it. */
const PARTITIONS_AROUND_NOW_MS = DAY_MS;

/** Opens, migrates and makes partitions for now. What the operator has to put right is a {@link StartupError}. */
export async function openDatabase(options: OpenDatabaseOptions): Promise<Database> {
  const source = await (options.databaseUrl === null
    ? openEmbedded(options.dataDir, options.logger)
    : openExternal(options.databaseUrl));
  let database: Database | undefined;
  try {
    await migrateSource(source, options.logger);
    database = createDatabase(source, options.logger);
    const now = options.clock.now();
    await ensurePartitions(database, now - PARTITIONS_AROUND_NOW_MS, now + PARTITIONS_AROUND_NOW_MS);
    return database;
  } catch (error) {
    await (database ?? source).close().catch(() => undefined);
    throw source.explain(error);
  }
}

/** Where connections come from. */
interface Source {
  readonly kind: Database['kind'];
  /** For the one connection that migrates; nothing cancels what it does. */
  readonly clientConfig: pg.ClientConfig;
  readonly poolConfig: pg.PoolConfig;
  readonly prepareStatements: boolean;
  /** Looks at a new connection; a server that cannot be used is a {@link StartupError}. */
  check(client: pg.Client): Promise<void>;
  /** Turns what went wrong while opening into what the operator should do. */
  explain(error: unknown): unknown;
  close(): Promise<void>;
}

/** Compiling a report, or starting processes to share it, takes longer than running it; its groups fit in memory of this size. */
const SESSION_OPTIONS = '-c jit=off -c max_parallel_workers_per_gather=0 -c work_mem=16MB';

async function openExternal(url: string): Promise<Source> {
  const connection = {
    connectionString: url,
    application_name: 'switchyard',
    keepAlive: true,
    connectionTimeoutMillis: DATABASE_CONNECT_TIMEOUT_MS,
  };
  // A pooler between us and the server, marked the way Prisma marks it, shares its sessions between clients.
  const pooler = new URL(url).searchParams.get('pgbouncer') === 'true';
  return {
    kind: 'external',
    clientConfig: connection,
    poolConfig: {
      ...connection,
      max: DATABASE_CONNECTIONS_MAX,
      query_timeout: DATABASE_ANSWER_TIMEOUT_MS,
      ...(pooler ? {} : { statement_timeout: DATABASE_STATEMENT_TIMEOUT_MS, options: SESSION_OPTIONS }),
    },
    prepareStatements: !pooler,
    check: (client) => checkServer(client, url),
    explain: (error) => connectionFailure(error, url),
    close: async () => undefined,
  };
}

async function openEmbedded(dataDir: string, logger: Logger): Promise<Source> {
  await prepareDataDirectory(dataDir);
  const lock = await lockDirectory(dataDir);
  const directory = join(dataDir, EMBEDDED_DIRECTORY);
  const postgres = startEmbeddedPostgres({ directory, logger });
  const connection = {
    stream: postgres.connect,
    user: 'postgres',
    database: 'postgres',
    password: '',
    ssl: false,
  };
  return {
    kind: 'embedded',
    clientConfig: connection,
    // One session. Whoever waits for it waits at most as long as the watchdog.
    poolConfig: {
      ...connection,
      max: 1,
      idleTimeoutMillis: 0,
      connectionTimeoutMillis: EMBEDDED_ANSWER_TIMEOUT_MS,
    },
    prepareStatements: true,
    check: async () => undefined,
    explain: (error) => {
      if (error instanceof StartupError) return error;
      const reason = error instanceof Error ? error.message : String(error);
      return new StartupError(`The embedded database in ${directory} cannot be opened. ${reason}`, {
        cause: error,
      });
    },
    async close() {
      await postgres.close();
      await lock.release();
    },
  };
}

async function migrateSource(source: Source, logger: Logger): Promise<void> {
  const client = new pg.Client(source.clientConfig);
  // A connection that breaks rejects what runs on it; the event as well would end the process.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await source.check(client);
    await migrate(client, { logger });
  } finally {
    await client.end().catch(() => undefined);
  }
}

function createDatabase(source: Source, logger: Logger): Database {
  const pool = new pg.Pool({ ...source.poolConfig, types: readTypesWith(pg.types) });
  const onConnectionLost = (error: Error) => logger.warn({ err: error }, 'database connection lost');
  pool.on('error', onConnectionLost);
  // Between handing a connection out and its taker listening, an error would have no listener and end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  makeStoppable(pool, { serverStops: source.kind === 'external' });
  const prisma = new PrismaClient({
    adapter: createPrismaAdapter({ pool, prepareStatements: source.prepareStatements, onConnectionLost }),
    transactionOptions: { maxWait: TRANSACTION_WAIT_MS, timeout: TRANSACTION_TIMEOUT_MS },
  });
  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    await prisma.$disconnect();
    await pool.end();
    await source.close();
  }
  return {
    kind: source.kind,
    prisma,
    workspace: (workspaceId) => scopeToWorkspace(prisma, workspaceId),
    ...sqlOf(pool),
    transaction: (run, options) => runTransaction(pool, run, options),
    ping: async () => void (await pool.query('SELECT 1')),
    close: () => (closing ??= close()),
  };
}
