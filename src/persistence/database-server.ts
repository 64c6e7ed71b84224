/** Says in one line what is wrong with the server that `DATABASE_URL` names, without the password in it. */
import type { ClientBase } from 'pg';
import { StartupError } from '../domain/errors.js';
import { isDatabaseAway } from './database-errors.js';

const OLDEST_VERSION = 15;
const VERSION_DIVISOR = 10_000;
const TLS_TROUBLE = /SSL|certificate/i;

/** Throws a {@link StartupError} when the server is too old. */
export async function checkServer(client: ClientBase, url: string): Promise<void> {
  const { rows } = await client.query<{ server_version_num: string }>('SHOW server_version_num');
  const version = Math.floor(Number(rows[0]?.server_version_num) / VERSION_DIVISOR);
  if (version < OLDEST_VERSION) {
    throw new StartupError(
      `DATABASE_URL names a Postgres ${version} at ${hostOf(url)}: Switchyard needs ${OLDEST_VERSION} or later.`,
    );
  }
  // A time-out that the server sets for everyone must not cut a migration short.
  await client.query('SET statement_timeout = 0');
}

/** What the operator can do about an error that came up while opening the database; an error of ours stays as it is. */
export function connectionFailure(error: unknown, url: string): unknown {
  if (error instanceof StartupError) return error;
  const { code, message = '' } = error as { code?: string; message?: string };
  const { username, pathname } = new URL(url);
  const host = hostOf(url);
  const advice: Record<string, string> = {
    ENOTFOUND: `DATABASE_URL names the host ${host}, which is unknown: correct it, or unset it for the embedded database.`,
    '28P01': `Postgres at ${host} refuses the password of "${decodeURIComponent(username)}": correct it in DATABASE_URL.`,
    '28000': `Postgres at ${host} refuses the user "${decodeURIComponent(username)}": ${message}.`,
    '3D000': `Postgres at ${host} has no database ${pathname.slice(1)}: create it, or correct DATABASE_URL.`,
    '42501': `Postgres at ${host} denies "${decodeURIComponent(username)}" what the migrations need (${message}): make it owner of the database.`,
  };
  const known = code === undefined ? undefined : advice[code];
  if (known !== undefined) return new StartupError(known, { cause: error });
  if (!isDatabaseAway(error) && !TLS_TROUBLE.test(message)) return error;
  return new StartupError(
    `DATABASE_URL names a Postgres at ${host} that cannot be reached (${code ?? message}): start it, or correct the URL.`,
    { cause: error, mayPass: true },
  );
}

function hostOf(url: string): string {
  const { hostname, port, searchParams } = new URL(url);
  return searchParams.get('host') ?? `${hostname}:${port || '5432'}`;
}
