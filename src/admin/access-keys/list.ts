/** Gateway keys page by page, and what state each is in. */
import type { NanoUsd } from '../../domain/money.js';
import type { AccessKeyRecord, Page } from '../../domain/records.js';
import { listAccessKeys } from '../../persistence/access-keys.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { AccessKeyFilter, AccessKeyState } from './verbs.js';
import type { PageRequest } from '../page.js';
import { isOverBudget, keysOverBudget } from './spending.js';

const ALL_BUT_REVOKED: readonly AccessKeyState[] = ['ACTIVE', 'ROTATING', 'SUSPENDED', 'EXPIRED'];

/** Oldest first. */
export async function listKeys(
  deps: AdminDeps,
  context: AdminContext,
  page: PageRequest,
  filter: AccessKeyFilter,
): Promise<Page<AccessKeyRecord>> {
  requireScope(context, 'KEYS_READ');
  const { workspaceId } = context.actor;
  const { states = ALL_BUT_REVOKED } = filter;
  const works = (['ACTIVE', 'ROTATING', 'SUSPENDED'] as const).map((state) => states.includes(state));
  // Budgets are looked at only where they tell keys apart.
  const overBudget = works.every((asked) => asked === works[0])
    ? []
    : await keysOverBudget(deps, workspaceId);
  return listAccessKeys(deps.database.workspace(workspaceId), page, {
    ...filter,
    states,
    now: deps.clock.now(),
    overBudget,
  });
}

/** Whether a key works now. `spent`: in the present window of its budget. */
export function stateOfKey(key: AccessKeyRecord, spent: NanoUsd, now: number): AccessKeyState {
  if (key.revokedAt !== null) return 'REVOKED';
  if (key.expiresAt !== null && key.expiresAt <= now) return 'EXPIRED';
  if (isOverBudget(key, spent)) return 'SUSPENDED';
  return key.previousValidUntil !== null && key.previousValidUntil > now ? 'ROTATING' : 'ACTIVE';
}
