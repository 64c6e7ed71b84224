/** Lets one process at a time use a directory. The lock dies with its process, however that ends. */
import { createHash } from 'node:crypto';
import { mkdir, realpath, rmdir, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { StartupError } from '../domain/errors.js';

export interface DirectoryLock {
  release(): Promise<void>;
}

/** How long the holder may take to say its process id. */
const HOLDER_ANSWER_TIMEOUT_MS = 1_000;
/** Taking the lock takes milliseconds; whoever has been at it for this long has died over it. */
const TURN_ATTEMPTS = 100;
const TURN_WAIT_MS = 20;

/**
 * Locks an existing directory, or throws a {@link StartupError} that names the process which holds it. The lock is a
 * listening socket: the kernel closes it with its process, so that one left behind answers nobody and is taken over.
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  const path = socketPath(await realpath(directory));
  const endTurn = await takeTurn(`${path}.turn`);
  try {
    const server = (await listen(path)) ?? (await takeOver(path, directory));
    return { release: () => new Promise((resolve) => void server.close(() => resolve())) };
  } finally {
    await endTurn();
  }
}

/** In the directory for temporary files, because the path of a socket is limited to about a hundred bytes. */
function socketPath(directory: string): string {
  const name = createHash('sha256').update(directory).digest('hex').slice(0, 24);
  return join(tmpdir(), `switchyard-${name}.sock`);
}

/** One process at a time looks for a dead lock and replaces it; two would remove each other's new one. */
async function takeTurn(path: string): Promise<() => Promise<void>> {
  for (let attempt = 0; ; attempt++) {
    try {
      await mkdir(path);
      return () => rmdir(path).catch(() => undefined);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      if (attempt === TURN_ATTEMPTS) await rmdir(path).catch(() => undefined);
      else await wait(TURN_WAIT_MS);
    }
  }
}

async function takeOver(path: string, directory: string): Promise<Server> {
  const holder = await askHolder(path);
  if (holder !== null) {
    throw new StartupError(
      `${directory} is in use by ${holder}: stop that process first, or set DATA_DIR to another directory.`,
      { mayPass: true },
    );
  }
  await unlink(path).catch(() => undefined);
  const server = await listen(path);
  if (server === null) throw new StartupError(`${directory} is being opened by another process.`);
  return server;
}

/** Null when something is at the path already. */
function listen(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end(String(process.pid));
    });
    server.once('error', (error) => {
      if (codeOf(error) === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    server.listen(path, () => {
      server.unref();
      resolve(server);
    });
  });
}

/** Who answers at the path; null when nobody does. */
function askHolder(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    let connected = false;
    let answer = '';
    const socket = createConnection(path);
    const finish = () => {
      socket.destroy();
      if (!connected) resolve(null);
      else resolve(/^\d+$/.test(answer) ? `process ${answer}` : 'another process');
    };
    socket.setTimeout(HOLDER_ANSWER_TIMEOUT_MS, finish);
    socket.setEncoding('utf8');
    socket.on('connect', () => (connected = true));
    socket.on('data', (text: string) => (answer += text));
    socket.on('error', finish);
    socket.on('end', finish);
  });
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
