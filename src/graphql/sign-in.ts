/** Turns an `authorization` value into an actor, the same on both transports, and answers those who guess with a pause. */
import type { Actor } from '../admin/actor.js';
import type { Admin } from '../admin/admin.js';
import { BEARER_TOKEN_MAX_CHARS, SIGN_IN_FAILURES_PER_MINUTE } from '../config/graphql-limits.js';
import type { Clock } from '../domain/clock.js';
import { AppError } from '../domain/errors.js';

const BEARER = /^Bearer +([\w.~+/=-]+)$/i;
const MINUTE_MS = 60_000;
/** Addresses remembered before old ones are looked through. */
const SWEEP_ABOVE = 10_000;

export interface SignedIn {
  readonly actor: Actor;
  /** Kept to ask again whether it still is good. */
  readonly token: string;
}

export interface SignIn {
  /** Throws `UNAUTHENTICATED`, the same for every kind of bad token, or `RATE_LIMITED`. */
  (authorization: unknown, ip: string): Promise<SignedIn>;
}

export function createSignIn(admin: Pick<Admin, 'authenticate'>, clock: Clock): SignIn {
  const failures = new Map<string, { count: number; since: number }>();

  const recent = (ip: string): { count: number; since: number } => {
    const known = failures.get(ip);
    return known && clock.monotonic() - known.since < MINUTE_MS
      ? known
      : { count: 0, since: clock.monotonic() };
  };
  const recordFailure = (ip: string): void => {
    if (failures.size > SWEEP_ABOVE) {
      for (const known of failures.keys()) if (recent(known).count === 0) failures.delete(known);
    }
    const { count, since } = recent(ip);
    failures.set(ip, { count: count + 1, since });
  };

  return async (authorization, ip) => {
    const token = bearerToken(authorization);
    const actor = token === undefined ? null : await admin.authenticate(token);
    // A good token always passes: on a shared address, someone else's mistakes must not lock the operator out.
    if (token !== undefined && actor) return { actor, token };
    const { count, since } = recent(ip);
    if (count >= SIGN_IN_FAILURES_PER_MINUTE) {
      const retryAfterSeconds = Math.ceil((since + MINUTE_MS - clock.monotonic()) / 1000);
      throw new AppError(
        'RATE_LIMITED',
        'Too many failed sign-ins from this address; try again in a minute.',
        {
          retryAfterSeconds,
        },
      );
    }
    recordFailure(ip);
    throw new AppError('UNAUTHENTICATED', 'Send a valid admin token as `authorization: Bearer <token>`.');
  };
}

function bearerToken(authorization: unknown): string | undefined {
  const token = typeof authorization === 'string' ? BEARER.exec(authorization)?.[1] : undefined;
  return token === undefined || token.length > BEARER_TOKEN_MAX_CHARS ? undefined : token;
}
