/** Who a bearer token belongs to. Recognised tokens are trusted for a moment, so that a burst of calls asks once. */
import DataLoader from 'dataloader';
import { ADMIN_TOKENS_CACHED_MAX, ADMIN_TOKEN_TRUST_MS } from '../config/graphql-limits.js';
import type { Clock } from '../domain/clock.js';
import type { Bus } from '../live/bus.js';
import { findAdminTokensByHash, type AdminTokenRecord } from '../persistence/admin-tokens.js';
import type { Database } from '../persistence/database.js';
import { hashToken } from '../secrets/tokens.js';
import type { Actor } from './actor.js';
import type { IssuerSignIn } from './issuer/sign-in.js';

export interface AuthenticateDeps {
  readonly database: Database;
  readonly clock: Clock;
  readonly bus: Bus;
  /** Recognises tokens signed by the configured issuer; absent where none is configured. */
  readonly issuer?: IssuerSignIn | null;
}

/** Makes the check; null for unknown, revoked and expired tokens alike. */
export function createAuthenticate({
  database,
  clock,
  bus,
  issuer = null,
}: AuthenticateDeps): (token: string) => Promise<Actor | null> {
  const recognised = new Map<string, { actor: Actor; until: number }>();
  // The tokens of all open websockets are looked at together: one question for all of them.
  const lookUp = new DataLoader<string, AdminTokenRecord | null>(
    async (hashes) => {
      const found = await findAdminTokensByHash(database.prisma, hashes);
      return hashes.map((hash) => found.get(hash) ?? null);
    },
    { cache: false, maxBatchSize: ADMIN_TOKENS_CACHED_MAX },
  );
  let revocations = 0;
  bus.subscribe('admin_token.revoked', () => {
    revocations++;
    recognised.clear();
  });

  return async (token) => {
    const signedIn = issuer === null ? null : await issuer(token);
    if (signedIn) return signedIn;
    const hash = hashToken(token);
    const cached = recognised.get(hash);
    if (cached && cached.until > clock.monotonic()) return unexpired(cached.actor, clock);

    recognised.delete(hash);
    const [until, asOf] = [clock.monotonic() + ADMIN_TOKEN_TRUST_MS, revocations];
    const found = await lookUp.load(hash);
    if (found === null || found.revokedAt !== null) return null;
    const actor: Actor = {
      kind: 'ADMIN_TOKEN',
      id: found.id,
      name: found.name,
      scopes: found.scopes,
      workspaceId: found.workspaceId,
      expiresAt: found.expiresAt,
    };
    // Maps keep insertion order: the first key is the one looked up longest ago.
    const [oldest] = recognised.keys();
    if (recognised.size >= ADMIN_TOKENS_CACHED_MAX && oldest !== undefined) recognised.delete(oldest);
    // What was read before a revocation may be the token as it was.
    if (asOf === revocations) recognised.set(hash, { actor, until });
    return unexpired(actor, clock);
  };
}

function unexpired(actor: Actor, clock: Clock): Actor | null {
  return actor.expiresAt === null || actor.expiresAt > clock.now() ? actor : null;
}
