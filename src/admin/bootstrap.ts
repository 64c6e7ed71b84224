/** What must exist before anybody can do anything: the workspace `default`, a token that may do everything in it, and tiers. */
import type { Clock } from '../domain/clock.js';
import { newId } from '../domain/ids.js';
import type { WorkspaceRecord } from '../domain/records.js';
import { ADMIN_SCOPES } from '../domain/vocabulary.js';
import { insertAdminTokenIfAbsent } from '../persistence/admin-tokens.js';
import type { Database } from '../persistence/database.js';
import { ensureWorkspace } from '../persistence/workspaces.js';
import { hashToken } from '../secrets/tokens.js';
import { ensureTiers } from './tiers/ensure-tiers.js';

/** Slug of the workspace that is always there. */
export const DEFAULT_WORKSPACE = 'default';

export interface BootstrapOptions {
  readonly database: Database;
  /** Plaintext; only its hash is stored. */
  readonly adminToken: string;
  readonly clock: Clock;
}

/** Makes what is missing; may be called at every start, and by several processes at once. */
export async function ensureBootstrap({
  database,
  adminToken,
  clock,
}: BootstrapOptions): Promise<WorkspaceRecord> {
  const now = clock.now();
  const workspace = await ensureWorkspace(database.prisma, {
    id: newId('workspace', now),
    slug: DEFAULT_WORKSPACE,
    name: 'Default',
    createdAt: now,
  });
  const token = {
    id: newId('adminToken', now),
    workspaceId: workspace.id,
    name: 'owner',
    scopes: ADMIN_SCOPES,
    createdAt: now,
    expiresAt: null,
    revokedAt: null,
  };
  await insertAdminTokenIfAbsent(database.prisma, token, hashToken(adminToken));
  await ensureTiers(database, clock);
  return workspace;
}
