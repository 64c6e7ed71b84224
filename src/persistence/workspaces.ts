/** Rows of workspaces. They are made by the program itself and its command line, never by an operator's request. */
import type { WorkspaceRecord } from '../domain/records.js';
import { Prisma, type PrismaClient } from './generated/client.js';
import { toDate, toMs } from './keyset.js';
import type { ScopedTransaction } from './workspace-scope.js';

/** One workspace by id; null when there is none. */
export async function findWorkspace(
  prisma: Pick<PrismaClient, 'workspace'>,
  id: string,
): Promise<WorkspaceRecord | null> {
  const row = await prisma.workspace.findUnique({ where: { id } });
  return row === null ? null : { ...row, createdAt: toMs(row.createdAt) };
}

/** One workspace by its short name; null when there is none. */
export async function findWorkspaceBySlug(
  prisma: Pick<PrismaClient, 'workspace'>,
  slug: string,
): Promise<WorkspaceRecord | null> {
  const row = await prisma.workspace.findUnique({ where: { slug } });
  return row === null ? null : { ...row, createdAt: toMs(row.createdAt) };
}

/** All workspaces by their short names. */
export async function listWorkspaces(prisma: Pick<PrismaClient, 'workspace'>): Promise<WorkspaceRecord[]> {
  const rows = await prisma.workspace.findMany({ orderBy: { slug: 'asc' } });
  return rows.map((row) => ({ ...row, createdAt: toMs(row.createdAt) }));
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

/** The workspace's own weights of the classifier, by name; null when it has none. */
export async function findClassifierWeights(
  rows: ScopedTransaction,
  id: string,
): Promise<Readonly<Record<string, number>> | null> {
  const row = await rows.workspace.findUnique({ where: { id }, select: { classifierWeights: true } });
  // Written by `writeClassifierWeights` only.
  return (row?.classifierWeights ?? null) as Readonly<Record<string, number>> | null;
}

/** Puts other weights in their place; null for none. */
export async function writeClassifierWeights(
  rows: ScopedTransaction,
  id: string,
  weights: Readonly<Record<string, number>> | null,
): Promise<void> {
  await rows.workspace.updateMany({
    where: { id },
    data: { classifierWeights: weights ?? Prisma.DbNull },
  });
}

/** Adds a workspace; a unique violation when its short name is taken. */
export async function insertWorkspace(rows: ScopedTransaction, workspace: WorkspaceRecord): Promise<void> {
  await rows.workspace.create({ data: { ...workspace, createdAt: toDate(workspace.createdAt) } });
}

/** Gives a workspace another name to show; null when it is gone. */
export async function renameWorkspace(
  rows: ScopedTransaction,
  id: string,
  name: string,
): Promise<WorkspaceRecord | null> {
  const [row] = await rows.workspace.updateManyAndReturn({ where: { id }, data: { name } });
  return row === undefined ? null : { ...row, createdAt: toMs(row.createdAt) };
}

/** What somebody would miss if the workspace were gone, as counts by name. */
export interface WorkspaceContents {
  readonly connections: number;
  readonly customProviders: number;
  /** That still work. */
  readonly accessKeys: number;
  /** That still work. */
  readonly adminTokens: number;
  /** Whether requests were recorded in it. */
  readonly hasUsage: boolean;
}

/** Counts what is in the workspace, whose row nobody changes until the transaction ends; null when it is gone. */
export async function lockAndCountWorkspace(
  rows: ScopedTransaction,
  id: string,
  now: number,
): Promise<WorkspaceContents | null> {
  const locked = await rows.$queryRaw<object[]>`SELECT id FROM workspace WHERE id = ${id} FOR UPDATE`;
  if (locked.length === 0) return null;
  const works = { revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: toDate(now) } }] };
  return {
    connections: await rows.connection.count(),
    customProviders: await rows.customProvider.count(),
    accessKeys: await rows.accessKey.count({ where: works }),
    adminTokens: await rows.adminToken.count({ where: works }),
    hasUsage: (await rows.usageRollup.findFirst({ select: { hour: true } })) !== null,
  };
}

/** Removes a workspace with what only it needed. Its audit entries stay. */
export async function deleteWorkspace(rows: ScopedTransaction, id: string): Promise<void> {
  await rows.webhook.deleteMany();
  await rows.alert.deleteMany();
  await rows.usageLimit.deleteMany();
  await rows.accessKey.deleteMany();
  await rows.adminToken.deleteMany();
  await rows.routingRule.deleteMany();
  await rows.routingTier.deleteMany();
  await rows.model.deleteMany();
  await rows.discoveryRun.deleteMany();
  await rows.idempotencyKey.deleteMany();
  await rows.workspace.deleteMany({ where: { id } });
}
