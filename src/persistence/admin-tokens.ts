/** Rows of the tokens operators use against the admin API. Read by hash, before any workspace is known. */
import type { AdminScope } from '../domain/vocabulary.js';
import type { Prisma, PrismaClient } from './generated/client.js';
import { toDate, toMs } from './keyset.js';
import type { ScopedTransaction } from './workspace-scope.js';

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

/** The tokens with these hashes, whatever their state, by hash. */
export async function findAdminTokensByHash(
  prisma: PrismaClient,
  hashes: readonly string[],
): Promise<ReadonlyMap<string, AdminTokenRecord>> {
  const rows = await prisma.adminToken.findMany({ where: { hash: { in: [...hashes] } } });
  return new Map(rows.map((row) => [row.hash, toAdminToken(row)]));
}

/** One token by id, whatever its state; null when there is none. */
export async function findAdminToken(prisma: PrismaClient, id: string): Promise<AdminTokenRecord | null> {
  const row = await prisma.adminToken.findUnique({ where: { id } });
  return row === null ? null : toAdminToken(row);
}

/** Tokens of one workspace, or of all, oldest first. */
export async function listAdminTokens(
  prisma: PrismaClient,
  workspaceId: string | null,
): Promise<AdminTokenRecord[]> {
  const where = workspaceId === null ? {} : { workspaceId };
  const rows = await prisma.adminToken.findMany({ where, orderBy: { id: 'asc' } });
  return rows.map(toAdminToken);
}

/** Adds a token. */
export async function insertAdminToken(
  rows: ScopedTransaction,
  token: AdminTokenRecord,
  hash: string,
): Promise<void> {
  await rows.adminToken.create({
    data: {
      ...token,
      hash,
      scopes: [...token.scopes],
      createdAt: toDate(token.createdAt),
      expiresAt: toDate(token.expiresAt),
      revokedAt: toDate(token.revokedAt),
    },
  });
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

/** Stops a token; null when there is none, or when it was stopped before. */
export async function revokeAdminToken(
  rows: ScopedTransaction,
  id: string,
  now: number,
): Promise<AdminTokenRecord | null> {
  const [row] = await rows.adminToken.updateManyAndReturn({
    where: { id, revokedAt: null },
    data: { revokedAt: toDate(now) },
  });
  return row === undefined ? null : toAdminToken(row);
}

function toAdminToken(row: Prisma.AdminTokenGetPayload<object>): AdminTokenRecord {
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
