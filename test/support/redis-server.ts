/** A real Redis of a test's own, which can be killed and started again on the same port. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { Redis } from 'ioredis';
import { freePort } from './switchyard.js';
import { until } from './wait.js';

export interface RedisServer extends AsyncDisposable {
  readonly url: string;
  /** Ends it without warning. */
  kill9(): Promise<void>;
  /** Starts it again, empty. */
  start(): Promise<void>;
}

/** Whether this machine has Redis to start. */
export const redisIsInstalled = isInstalled();

export async function startRedis(): Promise<RedisServer> {
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  let server: ChildProcess | null = null;
  const answers = async (): Promise<boolean> => {
    const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.ping()) === 'PONG';
    } catch {
      return false;
    } finally {
      client.disconnect();
    }
  };
  const start = async (): Promise<void> => {
    server = spawn(
      'redis-server',
      ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
      {
        cwd: tmpdir(),
        stdio: 'ignore',
      },
    );
    await until('Redis answers', answers);
  };
  const kill9 = async (): Promise<void> => {
    const running = server;
    server = null;
    if (!running) return;
    const exited = new Promise((resolve) => running.once('exit', resolve));
    running.kill('SIGKILL');
    await exited;
  };
  await start();
  return { url, kill9, start, [Symbol.asyncDispose]: kill9 };
}

function isInstalled(): boolean {
  try {
    execFileSync('redis-server', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
