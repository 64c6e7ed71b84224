/** Rows of workspaces. They are made by the program itself and its command line, never by an operator's request. */
import type { WorkspaceRecord } from '../domain/records.js';
import type { PrismaClient } from './generated/client.js';
import { toDate, toMs } from './keyset.js';

/** One workspace by id; null when there is none. */
export async function findWorkspace(
  prisma: Pick<PrismaClient, 'workspace'>,
  id: string,
): Promise<WorkspaceRecord | null> {
  const row = await prisma.workspace.findUnique({ where: { id } });
  return row === null ? null : { ...row, createdAt: toMs(row.createdAt) };
}

/** Ids of all workspaces. */
export async function listWorkspaceIds(prisma: Pick<PrismaClient, 'workspace'>): Promise<string[]> {
  const rows = await prisma.workspace.findMany({ select: { id: true }, orderBy: { id: 'asc' } });
  return rows.map(({ id }) => id);
}

/** The workspace with this slug, made from `workspace` unless it exists; safe against others who do the same now. */
export async function ensureWorkspace(
  prisma: Pick<PrismaClient, '$executeRaw' | 'workspace'>,
  workspace: WorkspaceRecord,
): Promise<WorkspaceRecord> {
  await prisma.$executeRaw`
    INSERT INTO workspace (id, slug, name, created_at)
    VALUES (${workspace.id}, ${workspace.slug}, ${workspace.name}, ${toDate(workspace.createdAt)})
    ON CONFLICT (slug) DO NOTHING`;
  const row = await prisma.workspace.findUniqueOrThrow({ where: { slug: workspace.slug } });
  return { ...row, createdAt: toMs(row.createdAt) };
}
