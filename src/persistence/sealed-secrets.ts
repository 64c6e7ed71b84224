/** Which keys the stored secrets were sealed with. */
import type { PrismaClient } from './generated/client.js';

/** Ids of every key that some secret is sealed with, over all workspaces. */
export async function sealingKeyIds(prisma: PrismaClient): Promise<string[]> {
  const rows = await prisma.sealedSecret.findMany({ distinct: ['keyId'], select: { keyId: true } });
  return rows.map(({ keyId }) => keyId);
}
