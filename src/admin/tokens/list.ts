/** The admin tokens there are, with what an operator asks of each: where, what, until when, still working. */
import { listAdminTokens, type AdminTokenRecord } from '../../persistence/admin-tokens.js';
import { listWorkspaces } from '../../persistence/workspaces.js';
import type { OperatorDeps } from '../operator.js';
import { ok, type Result } from '../result.js';
import { namedWorkspace } from '../workspaces/find.js';

export type AdminTokenState = 'ACTIVE' | 'EXPIRED' | 'REVOKED';

export interface ListedToken {
  readonly token: AdminTokenRecord;
  /** Slug. */
  readonly workspace: string;
  readonly state: AdminTokenState;
}

/** Of one workspace, or of all. */
export async function listTokens(
  deps: OperatorDeps,
  slug: string | null,
): Promise<Result<readonly ListedToken[]>> {
  const only = slug === null ? null : await namedWorkspace(deps, slug);
  if (only !== null && !only.ok) return only;
  const { prisma } = deps.database;
  const workspaces = new Map(
    (await listWorkspaces(prisma)).map((workspace) => [workspace.id, workspace.slug]),
  );
  const tokens = await listAdminTokens(prisma, only?.value.id ?? null);
  const now = deps.clock.now();
  return ok(
    tokens.map((token) => ({
      token,
      workspace: workspaces.get(token.workspaceId) ?? '',
      state: stateOf(token, now),
    })),
  );
}

function stateOf({ revokedAt, expiresAt }: AdminTokenRecord, now: number): AdminTokenState {
  if (revokedAt !== null) return 'REVOKED';
  return expiresAt !== null && expiresAt <= now ? 'EXPIRED' : 'ACTIVE';
}
