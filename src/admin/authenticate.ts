/** Who a bearer token belongs to. Recognised tokens are trusted for a moment, so that a burst of calls asks once. */
import { ADMIN_TOKEN_TRUST_MS, ADMIN_TOKENS_CACHED_MAX } from '../config/limits.js';
import type { Clock } from '../domain/clock.js';
import { findAdminTokenByHash } from '../persistence/admin-tokens.js';
import type { Database } from '../persistence/database.js';
import { hashToken } from '../secrets/tokens.js';
import type { Actor } from './actor.js';

/** Makes the check; null for unknown, revoked and expired tokens alike. */
export function createAuthenticate(
  database: Database,
  clock: Clock,
): (token: string) => Promise<Actor | null> {
  const recognised = new Map<string, { actor: Actor; until: number }>();

  return async (token) => {
    const hash = hashToken(token);
    const cached = recognised.get(hash);
    if (cached && cached.until > clock.monotonic()) return unexpired(cached.actor, clock);

    recognised.delete(hash);
    const found = await findAdminTokenByHash(database.prisma, hash);
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
    recognised.set(hash, { actor, until: clock.monotonic() + ADMIN_TOKEN_TRUST_MS });
    return unexpired(actor, clock);
  };
}

function unexpired(actor: Actor, clock: Clock): Actor | null {
  return actor.expiresAt === null || actor.expiresAt > clock.now() ? actor : null;
}
