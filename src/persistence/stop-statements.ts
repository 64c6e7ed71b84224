/**
 * Statements that end with whoever asked for them: once a reader gives up or goes away, Postgres is told to stop what it
 * still works out for it, so that a report nobody waits for costs nobody anything.
 */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { connect } from 'node:net';
import type pg from 'pg';
import { STATEMENT_CANCEL_TIMEOUT_MS } from '../config/limits.js';

/** What ends the statements of the read that runs now. */
const reader = new AsyncLocalStorage<AbortSignal>();

/** Runs `work`, whose statements are stopped when `signal` fires; those that have not begun by then never do. */
export function stopStatementsWith<T>(signal: AbortSignal, work: () => T): T {
  return reader.run(signal, work);
}

/**
 * Makes a pool heed {@link stopStatementsWith}. Where the server cannot be asked to stop what runs, as the embedded one,
 * only what has not begun is spared.
 */
export function makeStoppable(pool: pg.Pool, { serverStops }: { readonly serverStops: boolean }): void {
  pool.on('connect', (client) => makeClientStoppable(client, serverStops ? requestStop : stopsByItself));
  const lend = pool.connect.bind(pool);
  // Whoever waited for a connection is called by whoever gives it back, and must not be taken for that one.
  const connectFor = (callback?: Parameters<typeof lend>[0]): unknown =>
    callback === undefined ? lend() : lend(AsyncResource.bind(callback));
  Object.assign(pool, { connect: connectFor });
}

/** A connection of `pg`, with what its types leave out. */
interface Session {
  readonly host: string;
  readonly port: number;
  /** Null where the server names none. */
  readonly processID: number | null;
  readonly secretKey: number | null;
}

type Callback = (error: Error | null, result?: unknown) => void;

/** Asks the server to stop what the session runs; resolves when that has been dealt with. */
type RequestStop = (session: Session) => Promise<void>;

const stopsByItself: RequestStop = () => Promise.resolve();

function makeClientStoppable(client: pg.PoolClient, ask: RequestStop): void {
  // Looked up at each call: whoever counts or traces statements on the prototype is to see these as well.
  const send = (...args: unknown[]): unknown =>
    Reflect.apply((Object.getPrototypeOf(client) as pg.PoolClient).query, client, args);
  const stoppable = (...args: unknown[]): unknown => {
    const signal = reader.getStore();
    if (signal === undefined || endsTransaction(args[0])) return send(...args);
    const done = args.at(-1);
    const run = (): Promise<unknown> =>
      untilStopped(
        signal,
        () => ask(client as unknown as Session),
        () => {
          const given = typeof done === 'function' ? args.slice(0, -1) : args;
          return send(...given) as Promise<unknown>;
        },
      );
    if (typeof done !== 'function') return run();
    const callback = done as Callback;
    run().then(
      (result) => callback(null, result),
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
    );
    return undefined;
  };
  Object.assign(client, { query: stoppable });
}

/** Settles like the statement, but not before a request to stop it has been dealt with: it must not hit the next one. */
async function untilStopped(
  signal: AbortSignal,
  ask: () => Promise<void>,
  send: () => Promise<unknown>,
): Promise<unknown> {
  signal.throwIfAborted();
  let stopping: Promise<void> | undefined;
  const stop = (): void => {
    stopping = ask();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await send();
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    signal.removeEventListener('abort', stop);
    await stopping;
  }
}

/** What was begun is ended in any case. */
function endsTransaction(statement: unknown): boolean {
  const text =
    typeof statement === 'object' && statement !== null && 'text' in statement ? statement.text : statement;
  return typeof text === 'string' && /^\s*(?:ROLLBACK|COMMIT)\b/i.test(text);
}

const CANCEL_REQUEST_BYTES = 16;
const CANCEL_REQUEST_CODE = 80_877_102;

/**
 * Asks on a connection of its own, as the protocol has it. Resolves when the server has passed it on, or when that takes
 * too long or fails: the statement time-out is still there then.
 */
function requestStop({ host, port, processID, secretKey }: Session): Promise<void> {
  if (processID === null || secretKey === null) return Promise.resolve();
  const request = Buffer.alloc(CANCEL_REQUEST_BYTES);
  request.writeInt32BE(CANCEL_REQUEST_BYTES, 0);
  request.writeInt32BE(CANCEL_REQUEST_CODE, 4);
  request.writeInt32BE(processID, 8);
  request.writeInt32BE(secretKey, 12);
  return new Promise((resolve) => {
    const line = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect(port, host);
    line.setTimeout(STATEMENT_CANCEL_TIMEOUT_MS, () => line.destroy());
    line.on('error', () => undefined);
    line.once('close', () => resolve());
    line.once('connect', () => line.end(request));
    line.resume();
  });
}
