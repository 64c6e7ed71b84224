/** Stored secrets as a whole, over all workspaces: which keys they need, and how they change from one key to another. */
import type { SealedText } from '../secrets/vault.js';
import type { PrismaClient } from './generated/client.js';

/** Stands for the key of a text that opens with none, because it was damaged or moved: no key is kept for its sake. */
export const NO_KEY = 'none';

/** What a secret belongs to. */
export type SecretOwner = 'CONNECTION' | 'WEBHOOK';

/** A sealed secret and what it belongs to. */
export interface StoredSecret {
  readonly owner: SecretOwner;
  readonly ownerId: string;
  /** For whoever reads of it. */
  readonly ownerName: string;
  readonly workspaceId: string;
  readonly keyId: string;
  readonly envelope: SealedText;
}

/** A text to take the place of another one, if that is still there. */
export interface SecretReplacement extends Pick<StoredSecret, 'owner' | 'ownerId' | 'keyId' | 'envelope'> {
  readonly before: SealedText;
}

const ALL_SECRETS = `(
  SELECT 'CONNECTION' AS owner, connection_id AS "ownerId", connection.provider || ' "' || connection.label || '"' AS "ownerName",
    sealed_secret.workspace_id AS "workspaceId", key_id AS "keyId", envelope
  FROM sealed_secret JOIN connection ON connection.id = connection_id
  UNION ALL
  SELECT 'WEBHOOK', id, 'webhook "' || name || '"', workspace_id, coalesce(nullif(split_part(envelope, '.', 2), ''), '${NO_KEY}'), envelope
  FROM webhook) AS secret`;

/** Ids of every key that some secret is sealed with, over all workspaces. */
export async function sealingKeyIds(prisma: PrismaClient): Promise<string[]> {
  const rows = await prisma.$queryRawUnsafe<{ keyId: string }[]>(
    `SELECT DISTINCT "keyId" FROM ${ALL_SECRETS} WHERE "keyId" <> $1`,
    NO_KEY,
  );
  return rows.map(({ keyId }) => keyId);
}

/** How many secrets are sealed with another key than this one. */
export async function countSecretsOfOtherKeys(prisma: PrismaClient, keyId: string): Promise<number> {
  const [row] = await prisma.$queryRawUnsafe<{ count: number }[]>(
    `SELECT count(*)::int AS count FROM ${ALL_SECRETS} WHERE "keyId" <> $1`,
    keyId,
  );
  return row?.count ?? 0;
}

/** The next of them in the order of their owners, after `afterId`. */
export function findSecretsOfOtherKeys(
  prisma: PrismaClient,
  keyId: string,
  afterId: string,
  limit: number,
): Promise<StoredSecret[]> {
  return prisma.$queryRawUnsafe<StoredSecret[]>(
    `SELECT * FROM ${ALL_SECRETS} WHERE "keyId" <> $1 AND "ownerId" > $2 ORDER BY "ownerId" LIMIT $3`,
    keyId,
    afterId,
    limit,
  );
}

/** Replaces them in one statement each for connections and webhooks; what an operator has replaced meanwhile stays. Answers how many there were. */
export async function replaceSealedSecrets(
  prisma: PrismaClient,
  replacements: readonly SecretReplacement[],
): Promise<number> {
  const given = (owner: SecretOwner): [string[], string[], string[], string[]] => {
    const of = replacements.filter((one) => one.owner === owner);
    return [
      of.map(({ ownerId }) => ownerId),
      of.map(({ before }) => before),
      of.map(({ keyId }) => keyId),
      of.map(({ envelope }) => envelope),
    ];
  };
  const [connectionIds, connectionTexts, keyIds, connectionEnvelopes] = given('CONNECTION');
  const ofConnections = await prisma.$executeRaw`
    UPDATE sealed_secret AS stored SET key_id = fresh.key_id, envelope = fresh.envelope
      FROM unnest(${connectionIds}::text[], ${connectionTexts}::text[], ${keyIds}::text[], ${connectionEnvelopes}::text[])
        AS fresh (connection_id, before, key_id, envelope)
     WHERE stored.connection_id = fresh.connection_id AND stored.envelope = fresh.before`;
  const [webhookIds, webhookTexts, , webhookEnvelopes] = given('WEBHOOK');
  const ofWebhooks = await prisma.$executeRaw`
    UPDATE webhook AS stored SET envelope = fresh.envelope
      FROM unnest(${webhookIds}::text[], ${webhookTexts}::text[], ${webhookEnvelopes}::text[])
        AS fresh (webhook_id, before, envelope)
     WHERE stored.id = fresh.webhook_id AND stored.envelope = fresh.before`;
  return ofConnections + ofWebhooks;
}
