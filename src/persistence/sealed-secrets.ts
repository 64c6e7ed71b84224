/** Stored secrets as a whole, over all workspaces: which keys they need, and how they change from one key to another. */
import type { SealedText } from '../secrets/vault.js';
import type { PrismaClient } from './generated/client.js';

/** Stands for the key of a text that opens with none, because it was damaged or moved: no key is kept for its sake. */
export const NO_KEY = 'none';

/** A sealed secret and the connection it belongs to. */
export interface StoredSecret {
  readonly connectionId: string;
  readonly workspaceId: string;
  readonly keyId: string;
  readonly envelope: SealedText;
}

/** A text to take the place of another one, if that is still there. */
export interface SecretReplacement {
  readonly connectionId: string;
  readonly before: SealedText;
  readonly keyId: string;
  readonly envelope: SealedText;
}

/** Ids of every key that some secret is sealed with, over all workspaces. */
export async function sealingKeyIds(prisma: PrismaClient): Promise<string[]> {
  const rows = await prisma.sealedSecret.findMany({
    where: { keyId: { not: NO_KEY } },
    distinct: ['keyId'],
    select: { keyId: true },
  });
  return rows.map(({ keyId }) => keyId);
}

/** How many secrets are sealed with another key than this one. */
export function countSecretsOfOtherKeys(prisma: PrismaClient, keyId: string): Promise<number> {
  return prisma.sealedSecret.count({ where: { keyId: { not: keyId } } });
}

/** The next of them in the order of connections, after `afterId`. */
export async function findSecretsOfOtherKeys(
  prisma: PrismaClient,
  keyId: string,
  afterId: string,
  limit: number,
): Promise<StoredSecret[]> {
  return prisma.sealedSecret.findMany({
    where: { keyId: { not: keyId }, connectionId: { gt: afterId } },
    orderBy: { connectionId: 'asc' },
    take: limit,
    select: { connectionId: true, workspaceId: true, keyId: true, envelope: true },
  });
}

/** Replaces them in one statement; what an operator has replaced meanwhile stays. Answers how many there were. */
export async function replaceSealedSecrets(
  prisma: PrismaClient,
  replacements: readonly SecretReplacement[],
): Promise<number> {
  return prisma.$executeRaw`
    UPDATE sealed_secret AS stored SET key_id = fresh.key_id, envelope = fresh.envelope
      FROM unnest(${replacements.map(({ connectionId }) => connectionId)}::text[],
                  ${replacements.map(({ before }) => before)}::text[],
                  ${replacements.map(({ keyId }) => keyId)}::text[],
                  ${replacements.map(({ envelope }) => envelope)}::text[])
        AS fresh (connection_id, before, key_id, envelope)
     WHERE stored.connection_id = fresh.connection_id AND stored.envelope = fresh.before`;
}
