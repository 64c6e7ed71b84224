/** Tells a database that is away from a statement that is wrong. */

const SOCKET_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
]);

/** Connection exceptions, shutdowns, and a server with no room; the same statement may succeed later. */
const SQL_STATES = /^(?:08...|57P0[1-5]|53300)$/;

/** Cannot reach, timed out, closed the connection, no free connection, transaction expired, too many connections. */
const PRISMA_CODES = new Set(['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028', 'P2037']);

const ADAPTER_KINDS = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
]);

/** What `pg` says without a code. */
const MESSAGES =
  /Connection terminated|timeout exceeded when trying to connect|Query read timeout|not queryable|Cannot use a pool after|timeout expired/;

/**
 * Whether an error means that the database could not be asked or did not answer, so that trying again later is right.
 * A commit that failed this way may or may not have happened: what is retried must be idempotent.
 */
export function isDatabaseAway(error: unknown): boolean {
  // Prisma wraps what the driver said, several levels deep.
  for (
    let at: unknown = error, depth = 0;
    isObject(at) && depth < 8;
    at = at['cause'] ?? metaOf(at), depth++
  ) {
    if (isAway(at)) return true;
    if (at instanceof AggregateError && at.errors.some(isDatabaseAway)) return true;
  }
  return false;
}

function isAway(error: Record<string, unknown>): boolean {
  const { name, message } = error;
  if (name === 'EmbeddedPostgresStopped') return true;
  for (const code of [error['code'], error['originalCode']]) {
    if (
      typeof code === 'string' &&
      (SOCKET_CODES.has(code) || SQL_STATES.test(code) || PRISMA_CODES.has(code))
    )
      return true;
  }
  if (typeof error['kind'] === 'string' && ADAPTER_KINDS.has(error['kind'])) return true;
  return typeof message === 'string' && MESSAGES.test(message);
}

/** Prisma keeps the driver's error under `meta.driverAdapterError`. */
function metaOf(error: Record<string, unknown>): unknown {
  return isObject(error['meta']) ? (error['meta']['driverAdapterError'] ?? error['meta']) : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
