/**
 * Runs the embedded Postgres in a thread of its own and makes it look like a server: each connection is a stream that
 * `pg` speaks to as to a socket. The engine has a single session, so connections take turns.
 */
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { EMBEDDED_ANSWER_TIMEOUT_MS, EMBEDDED_CLOSE_TIMEOUT_MS } from '../config/limits.js';
import type { Logger } from '../observability/logger.js';
import { takeRequestCycles } from './wire-cycles.js';

export interface EmbeddedPostgres {
  /** A new connection; pass this function as `pg`'s `stream` option. */
  connect(): Duplex;
  /** Waits for what is running, writes everything out and ends the thread. */
  close(): Promise<void>;
}

type Request = { kind: 'run'; bytes: Uint8Array } | { kind: 'reset' } | { kind: 'close' };
type Reply = { kind: 'ready' } | { kind: 'answer'; bytes: Uint8Array } | { kind: 'closed' };

interface Waiter {
  resolve(bytes: Uint8Array): void;
  reject(error: Error): void;
}

/** The thread ended or was ended; the same work on a new connection may succeed. */
export class EmbeddedPostgresStopped extends Error {
  override readonly name = 'EmbeddedPostgresStopped';
}

export interface EmbeddedPostgresOptions {
  /** Holds the files of the database; made when it is missing. */
  directory: string;
  logger: Logger;
  /** A request unanswered for so long has hung. */
  answerTimeoutMs?: number;
}

/**
 * Starts the thread at once. When it dies or leaves a request unanswered for too long, whatever waits for it is rejected,
 * and the next connection starts a new thread, which recovers as after a crash: nothing that was committed is lost.
 */
export function startEmbeddedPostgres(options: EmbeddedPostgresOptions): EmbeddedPostgres {
  let engine: Engine | null = startEngine(options);
  let closed = false;
  let turn: Promise<unknown> = Promise.resolve();

  function current(): Engine {
    if (closed) throw new EmbeddedPostgresStopped('The embedded database is closed.');
    if (engine === null || engine.stopped()) engine = startEngine(options);
    return engine;
  }

  return {
    connect() {
      const before = turn;
      const socket = createSocket(async () => {
        await before;
        const own = current();
        await own.ask({ kind: 'reset' });
        return own;
      });
      turn = new Promise((resolve) => socket.once('close', resolve));
      return socket;
    },
    async close() {
      closed = true;
      await engine?.close();
      engine = null;
    },
  };
}

interface Engine {
  /** Resolves with the answer to the request; rejects when the thread has stopped. */
  ask(request: Request): Promise<Uint8Array>;
  stopped(): boolean;
  close(): Promise<void>;
}

function startEngine(options: EmbeddedPostgresOptions): Engine {
  const { directory, logger, answerTimeoutMs = EMBEDDED_ANSWER_TIMEOUT_MS } = options;
  const worker = new Worker(new URL('./embedded-worker.js', import.meta.url), { workerData: { directory } });
  const waiting: Waiter[] = [];
  let failure: Error | null = null;
  let ready = false;
  let watchdog: NodeJS.Timeout | undefined;

  function stop(reason: string, cause?: unknown): void {
    if (failure !== null) return;
    failure = new EmbeddedPostgresStopped(reason, { cause });
    clearTimeout(watchdog);
    void worker.terminate();
    for (const waiter of waiting.splice(0)) waiter.reject(failure);
  }

  function watch(): void {
    clearTimeout(watchdog);
    const head = waiting[0];
    // Opening takes as long as it takes: making a new database on a slow machine, recovering after a crash.
    if (!ready || head === undefined) return;
    watchdog = setTimeout(() => {
      // This thread may have been the one that slept: an answer that has arrived by now is read before the check.
      setImmediate(() => {
        if (waiting[0] !== head) return;
        logger.error({ answerTimeoutMs }, 'embedded database does not answer; restarting it');
        stop('The embedded database did not answer and was restarted.');
      });
    }, answerTimeoutMs);
    watchdog.unref();
  }

  worker.on('message', (reply: Reply) => {
    if (reply.kind === 'ready') ready = true;
    else waiting.shift()?.resolve(reply.kind === 'answer' ? reply.bytes : new Uint8Array(0));
    watch();
  });
  worker.on('error', (error) => {
    logger.error({ err: error }, 'embedded database failed');
    stop(`The embedded database failed: ${error.message}`, error);
  });
  worker.on('exit', () => stop('The embedded database has stopped.'));

  function ask(request: Request): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      if (failure !== null) return reject(failure);
      waiting.push({ resolve, reject });
      worker.postMessage(request);
      if (waiting.length === 1) watch();
    });
  }

  return {
    ask,
    stopped: () => failure !== null,
    async close() {
      if (failure !== null) return;
      const overdue = setTimeout(
        () => stop('The embedded database took too long to close.'),
        EMBEDDED_CLOSE_TIMEOUT_MS,
      );
      const exited = once(worker, 'exit');
      await ask({ kind: 'close' }).catch(() => undefined);
      await exited;
      clearTimeout(overdue);
    },
  };
}

/** The parts of a network socket that `pg` uses. */
function createSocket(open: () => Promise<Engine>): Duplex {
  let engine: Engine | null = null;
  let pending: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  let started = false;

  async function send(chunk: Buffer): Promise<void> {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    const { cycles, rest } = takeRequestCycles(pending, started);
    pending = rest;
    for (const cycle of cycles) {
      started = true;
      const answer = await engine?.ask({ kind: 'run', bytes: cycle });
      if (answer === undefined || socket.destroyed) return;
      if (answer.length > 0) socket.push(Buffer.from(answer.buffer, answer.byteOffset, answer.byteLength));
    }
  }

  const socket = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      send(chunk).then(() => done(), done);
    },
    writev(chunks, done) {
      send(Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer))).then(() => done(), done);
    },
    final(done) {
      socket.push(null);
      done();
    },
  });

  return Object.assign(socket, {
    connect() {
      open().then(
        (opened) => {
          engine = opened;
          if (!socket.destroyed) socket.emit('connect');
        },
        (error: Error) => socket.destroy(error),
      );
      return socket;
    },
    setNoDelay: () => socket,
    setKeepAlive: () => socket,
    ref: () => socket,
    unref: () => socket,
  });
}
