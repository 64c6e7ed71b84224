/** Which access key a request carries, and whether it works at this moment. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../domain/clock.js';
import { AppError } from '../domain/errors.js';
import type { KeyEntry, RoutingTable } from '../routing/table.js';
import { hashToken } from '../secrets/tokens.js';
import type { RoutingState } from './routing-state.js';

const BEARER = /^Bearer\s+(\S+)$/i;

/** The key behind `Authorization: Bearer …` or `x-api-key: …`; throws UNAUTHENTICATED otherwise. */
export async function authenticate(
  headers: IncomingHttpHeaders,
  state: RoutingState,
  clock: Clock,
): Promise<KeyEntry> {
  const presented = keyIn(headers);
  if (presented === null) {
    throw new AppError(
      'UNAUTHENTICATED',
      'No access key was sent. Send one as "Authorization: Bearer sy_…" or "x-api-key: sy_…".',
    );
  }
  const hash = hashToken(presented);
  // A key may be younger than the table: whoever was just given one uses it at once.
  const entry =
    requireTable(state).keys.get(hash) ?? (await state.refresh(), requireTable(state).keys.get(hash));
  if (!entry) {
    throw new AppError('UNAUTHENTICATED', 'This access key is not known here, or was revoked.');
  }
  if (entry.key.validUntil !== null && clock.now() >= entry.key.validUntil) {
    throw new AppError('UNAUTHENTICATED', 'This access key has expired.');
  }
  return entry;
}

function requireTable(state: RoutingState): RoutingTable {
  const table = state.table();
  if (table) return table;
  throw new AppError('SERVICE_UNAVAILABLE', 'The gateway is starting and has no routing snapshot yet.', {
    retryAfterSeconds: 1,
  });
}

function keyIn(headers: IncomingHttpHeaders): string | null {
  const bearer = headers.authorization === undefined ? null : BEARER.exec(headers.authorization.trim());
  if (bearer?.[1] !== undefined) return bearer[1];
  const own = headers['x-api-key'];
  return typeof own === 'string' && own.trim() !== '' ? own.trim() : null;
}
