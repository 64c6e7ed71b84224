/** What subscribers may be following, for a node that has to assume that all of it changed. */
import type { PrismaClient } from './generated/client.js';

export interface LiveSubjects {
  readonly workspaceIds: readonly string[];
  readonly connections: readonly { readonly workspaceId: string; readonly connectionId: string }[];
  readonly runs: readonly { readonly workspaceId: string; readonly runId: string }[];
}

/** Of all workspaces; of discovery runs the newest, as older ones are over. */
export async function findLiveSubjects(prisma: PrismaClient, runsMax: number): Promise<LiveSubjects> {
  const [workspaces, connections, runs] = await prisma.$transaction([
    prisma.workspace.findMany({ select: { id: true } }),
    prisma.connection.findMany({ select: { id: true, workspaceId: true } }),
    prisma.discoveryRun.findMany({
      select: { id: true, workspaceId: true },
      orderBy: { createdAt: 'desc' },
      take: runsMax,
    }),
  ]);
  return {
    workspaceIds: workspaces.map(({ id }) => id),
    connections: connections.map(({ id, workspaceId }) => ({ workspaceId, connectionId: id })),
    runs: runs.map(({ id, workspaceId }) => ({ workspaceId, runId: id })),
  };
}
