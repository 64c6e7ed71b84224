/**
 * Applies pending migrations at start. Keeps the bookkeeping of Prisma's own command line, so that either can continue
 * what the other has begun.
 */
import { randomUUID } from 'node:crypto';
import type { ClientBase } from 'pg';
import { StartupError } from '../domain/errors.js';
import type { Logger } from '../observability/logger.js';
import { readMigrations, type Migration } from './migrations.js';
import { ADVISORY_LOCKS } from './sql.js';

const BOOKKEEPING = `
CREATE TABLE IF NOT EXISTS _prisma_migrations (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             TIMESTAMPTZ,
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          TIMESTAMPTZ,
    started_at              TIMESTAMPTZ NOT NULL DEFAULT now(),
    applied_steps_count     INTEGER NOT NULL DEFAULT 0
)`;

interface AppliedMigration {
  migration_name: string;
  checksum: string;
  finished: boolean;
}

export interface MigrateOptions {
  logger: Logger;
  /** Those of the package unless given. */
  migrations?: readonly Migration[];
}

/**
 * Applies what is pending, in order, each in a transaction of its own, and returns the names. Nodes that start together
 * take turns. A failed or an edited migration is a {@link StartupError}: neither can be put right by going on.
 */
export async function migrate(client: ClientBase, options: MigrateOptions): Promise<string[]> {
  const migrations = options.migrations ?? (await readMigrations());
  await client.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCKS.migrations]);
  try {
    const applied = await readApplied(client);
    const pending = pendingMigrations(migrations, applied, options.logger);
    for (const migration of pending) await apply(client, migration);
    if (pending.length > 0)
      options.logger.info({ migrations: pending.map(({ name }) => name) }, 'database migrated');
    return pending.map(({ name }) => name);
  } finally {
    // Fails only together with the connection, and the lock ends with that.
    await client.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCKS.migrations]).catch(() => undefined);
  }
}

async function readApplied(client: ClientBase): Promise<AppliedMigration[]> {
  const known = await client.query<{ known: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NOT NULL AS known`,
  );
  if (known.rows[0]?.known !== true) await client.query(BOOKKEEPING);
  const { rows } = await client.query<AppliedMigration>(
    `SELECT migration_name, checksum, finished_at IS NOT NULL AS finished
     FROM _prisma_migrations WHERE rolled_back_at IS NULL ORDER BY started_at`,
  );
  return rows;
}

function pendingMigrations(
  migrations: readonly Migration[],
  applied: AppliedMigration[],
  logger: Logger,
): Migration[] {
  const ours = new Map(migrations.map((migration) => [migration.name, migration]));
  for (const { migration_name: name, checksum, finished } of applied) {
    if (!finished) {
      throw new StartupError(
        `The migration ${name} has failed half-way: repair the database, then run npx prisma migrate resolve.`,
      );
    }
    const own = ours.get(name);
    // Another node may already run a newer version; migrations are made so that the version before keeps working.
    if (own === undefined) logger.warn({ migration: name }, 'database was migrated by a newer version');
    else if (own.checksum !== checksum) {
      throw new StartupError(
        `The migration ${name} was edited after it had been applied: restore its file, and make a new migration instead.`,
      );
    }
  }
  const done = new Set(applied.map((row) => row.migration_name));
  return migrations.filter(({ name }) => !done.has(name));
}

async function apply(client: ClientBase, { name, sql, checksum }: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, migration_name, logs, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, NULL, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => undefined);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StartupError(`The migration ${name} could not be applied and was undone: ${reason}`, { cause });
  }
}
