/** A real PostgreSQL of a test's own, which can be killed and started again. Run as `postgres` when the tests run as root. */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './switchyard.js';
import { until } from './wait.js';

const run = promisify(execFile);
const INSTALLATIONS = '/usr/lib/postgresql';
const PASSWORD = 'a-password-that-must-not-show';
const START_DEADLINE_MS = 30_000;

export interface PostgresServer extends AsyncDisposable {
  /** A new, empty database; answers its URL. */
  createDatabase(): Promise<string>;
  /** Ends the server without warning, as the kernel's memory killer would. */
  kill9(): Promise<void>;
  /** Ends the server at once, as `pg_ctl stop -m immediate` does. */
  stop(): Promise<void>;
  /** Starts it again on the same data and port. */
  start(): Promise<void>;
}

const BINARIES = findBinaries();
const OWNER = process.getuid?.() === 0 ? findOwner() : null;

/** Whether this machine has PostgreSQL to start. */
export const postgresIsInstalled = BINARIES !== null && (process.getuid?.() !== 0 || OWNER !== null);

export async function startPostgres(): Promise<PostgresServer> {
  if (BINARIES === null) throw new Error(`There is no PostgreSQL under ${INSTALLATIONS}.`);
  const identity = OWNER === null ? {} : { uid: OWNER.uid, gid: OWNER.gid };
  const directory = await mkdtemp(join(tmpdir(), 'switchyard-postgres-'));
  if (OWNER) await chown(directory, OWNER.uid, OWNER.gid);
  const data = join(directory, 'data');
  await run(
    join(BINARIES, 'initdb'),
    ['-D', data, '-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--no-sync'],
    { ...identity, cwd: directory },
  );
  const port = await freePort();
  const urlOf = (database: string): string =>
    `postgresql://postgres:${PASSWORD}@127.0.0.1:${port}/${database}`;
  let postmaster: ChildProcess | null = null;

  const accepts = async (): Promise<boolean> => {
    const client = new pg.Client({ connectionString: urlOf('postgres') });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return true;
    } catch {
      return false;
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  const launch = (): ChildProcess => {
    const started = spawn(
      join(BINARIES, 'postgres'),
      ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=on'],
      { ...identity, cwd: directory, stdio: 'ignore' },
    );
    started.once('exit', () => {
      if (postmaster === started) postmaster = null;
    });
    return started;
  };
  const start = async (): Promise<void> => {
    await until(
      'PostgreSQL accepts connections',
      async () => {
        // After a kill the first start may still meet processes of the server before, and give up.
        postmaster ??= launch();
        return accepts();
      },
      START_DEADLINE_MS,
    );
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    const running = postmaster;
    if (!running) return;
    const exited = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await exited;
  };

  await start();
  return {
    start,
    kill9: () => end('SIGKILL'),
    stop: () => end('SIGQUIT'),
    async createDatabase() {
      const name = `test_${randomUUID().replaceAll('-', '')}`;
      const client = new pg.Client({ connectionString: urlOf('postgres') });
      await client.connect();
      await client.query(`CREATE DATABASE ${name}`);
      await client.end();
      return urlOf(name);
    },
    async [Symbol.asyncDispose]() {
      await end('SIGQUIT');
      await rm(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** The newest version's programs; null where there are none. */
function findBinaries(): string | null {
  try {
    const versions = readdirSync(INSTALLATIONS).sort((a, b) => Number(b) - Number(a));
    for (const version of versions) {
      const folder = join(INSTALLATIONS, version, 'bin');
      if (readdirSync(folder).includes('initdb')) return folder;
    }
  } catch {
    // No folder, no PostgreSQL.
  }
  return null;
}

function findOwner(): { uid: number; gid: number } | null {
  try {
    const id = (kind: string): number => Number(execFileSync('id', [kind, 'postgres'], { encoding: 'utf8' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return null;
  }
}
