/** Rows of the tokens operators use against the admin API. Read by hash, before any workspace is known. */
import type { AdminScope } from '../domain/vocabulary.js';
import type { PrismaClient } from './generated/client.js';
import { toDate, toMs } from './keyset.js';

/** A token without its hash. */
export interface AdminTokenRecord {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly scopes: readonly AdminScope[];
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

/** The token with this hash, whatever its state; null when there is none. */
export async function findAdminTokenByHash(
  prisma: PrismaClient,
  hash: string,
): Promise<AdminTokenRecord | null> {
  const row = await prisma.adminToken.findUnique({ where: { hash } });
  if (row === null) return null;
  return {
    id: row.id,
    workspaceId: row.workspaceId,
    name: row.name,
    scopes: row.scopes,
    createdAt: toMs(row.createdAt),
    expiresAt: toMs(row.expiresAt),
    revokedAt: toMs(row.revokedAt),
  };
}

/** Adds a token unless one with its hash exists; true when it was added. */
export async function insertAdminTokenIfAbsent(
  prisma: Pick<PrismaClient, '$executeRaw'>,
  token: AdminTokenRecord,
  hash: string,
): Promise<boolean> {
  const added = await prisma.$executeRaw`
    INSERT INTO admin_token (id, workspace_id, name, hash, scopes, created_at, expires_at)
    VALUES (${token.id}, ${token.workspaceId}, ${token.name}, ${hash}, ${[...token.scopes]}::text[]::admin_scope[],
            ${toDate(token.createdAt)}, ${toDate(token.expiresAt)})
    ON CONFLICT (hash) DO NOTHING`;
  return added > 0;
}
