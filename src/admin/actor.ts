/** Who acts and within which workspace, and the check that it may. */
import { AppError } from '../domain/errors.js';
import type { AdminScope } from '../domain/vocabulary.js';

export interface Actor {
  readonly kind: 'ADMIN_TOKEN' | 'CLI' | 'SYSTEM';
  /** Id of the token; null for the system. */
  readonly id: string | null;
  readonly name: string;
  readonly scopes: readonly AdminScope[];
  /** Everything the actor sees and changes belongs to it. */
  readonly workspaceId: string;
  /** Milliseconds since the epoch; null when it does not expire. */
  readonly expiresAt: number | null;
}

/** What every verb of this folder receives: the actor, and where the call came from. */
export interface AdminContext {
  readonly actor: Actor;
  readonly ip: string | null;
  readonly requestId: string | null;
  readonly signal: AbortSignal;
}

/** First line of every verb. */
export function requireScope(context: AdminContext, scope: AdminScope): void {
  if (!context.actor.scopes.includes(scope)) {
    throw new AppError('FORBIDDEN', `This token lacks the scope ${scope}.`);
  }
}
