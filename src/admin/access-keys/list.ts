/** Gateway keys page by page, and what state each is in. */
import type { Clock } from '../../domain/clock.js';
import type { AccessKeyRecord, Page } from '../../domain/records.js';
import { listAccessKeys } from '../../persistence/access-keys.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { AccessKeyFilter, AccessKeyState, PageRequest } from '../admin.js';

const ALL_BUT_REVOKED: readonly AccessKeyState[] = ['ACTIVE', 'ROTATING', 'SUSPENDED', 'EXPIRED'];

/** Oldest first. */
export async function listKeys(
  deps: AdminDeps,
  context: AdminContext,
  page: PageRequest,
  filter: AccessKeyFilter,
): Promise<Page<AccessKeyRecord>> {
  requireScope(context, 'KEYS_READ');
  // No key is suspended as long as keys have no budgets.
  const states = (filter.states ?? ALL_BUT_REVOKED).filter((state) => state !== 'SUSPENDED');
  return listAccessKeys(deps.database.workspace(context.actor.workspaceId), page, {
    ...filter,
    states,
    now: deps.clock.now(),
  });
}

/** Whether a key works now. */
export function stateOfKey(key: AccessKeyRecord, clock: Clock): AccessKeyState {
  const now = clock.now();
  if (key.revokedAt !== null) return 'REVOKED';
  if (key.expiresAt !== null && key.expiresAt <= now) return 'EXPIRED';
  return key.previousValidUntil !== null && key.previousValidUntil > now ? 'ROTATING' : 'ACTIVE';
}
