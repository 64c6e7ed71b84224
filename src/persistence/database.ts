/** Opens the database: the one `DATABASE_URL` names, or the embedded one. */
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.js';
import { scopeToWorkspace, type ScopedClient } from './workspace-scope.js';

export interface Database {
  readonly kind: 'embedded' | 'external';
  /** Everything, of every workspace: for the recorder, the snapshot and the command line only. */
  readonly prisma: PrismaClient;
  /** Sees and writes rows of one workspace only. */
  workspace(workspaceId: string): ScopedClient;
  /** Resolves when a trivial statement succeeds. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export async function openExternalDatabase(url: string): Promise<Database> {
  const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) });
  return {
    kind: 'external',
    prisma,
    workspace: (workspaceId) => scopeToWorkspace(prisma, workspaceId),
    ping: async () => void (await prisma.$queryRaw`SELECT 1`),
    close: () => prisma.$disconnect(),
  };
}
