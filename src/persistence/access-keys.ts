/** Rows of the keys agents use against the gateway. */
import type { AccessKeyRecord, Page } from '../domain/records.js';
import type { Prisma } from './generated/client.js';
import { pageOf, toDate, toMs, type KeysetPage } from './keyset.js';
import type { ScopedTransaction } from './workspace-scope.js';

/** What can be told from a key's own row about whether it works. */
export type AccessKeyRowState = 'ACTIVE' | 'ROTATING' | 'EXPIRED' | 'REVOKED';

export interface AccessKeyRowFilter {
  /** Part of the name, in any case. */
  readonly search?: string;
  readonly states: readonly AccessKeyRowState[];
  /** Moment at which the states are judged. */
  readonly now: number;
}

const WITH_TIERS = {
  allowedTiers: { select: { tierId: true }, orderBy: { tierId: 'asc' } },
} satisfies Prisma.AccessKeyInclude;

/** One page, oldest first. */
export async function listAccessKeys(
  rows: ScopedTransaction,
  page: KeysetPage,
  filter: AccessKeyRowFilter,
): Promise<Page<AccessKeyRecord>> {
  const now = toDate(filter.now);
  const where: Prisma.AccessKeyWhereInput = {
    ...(filter.search === undefined ? {} : { name: { contains: filter.search, mode: 'insensitive' } }),
    OR: filter.states.map((state) => whereState(state, now)),
  };
  const found = await rows.accessKey.findMany({
    where: page.after === null ? where : { AND: [where, { id: { gt: page.after.id } }] },
    include: WITH_TIERS,
    orderBy: { id: 'asc' },
    take: page.first + 1,
  });
  return pageOf(found.map(toAccessKey), page.first, await rows.accessKey.count({ where }));
}

/** Those of `ids` that exist, in no particular order. */
export async function findAccessKeys(
  rows: ScopedTransaction,
  ids: readonly string[],
): Promise<AccessKeyRecord[]> {
  const found = await rows.accessKey.findMany({
    where: { id: { in: [...ids] } },
    include: WITH_TIERS,
  });
  return found.map(toAccessKey);
}

/** Adds a key; only the hash of its plaintext is stored. */
export async function insertAccessKey(
  rows: ScopedTransaction,
  key: AccessKeyRecord,
  hash: string,
): Promise<void> {
  await rows.accessKey.create({
    data: {
      id: key.id,
      workspaceId: key.workspaceId,
      name: key.name,
      hash,
      preview: key.preview,
      allowedModels: [...key.allowedModels],
      tags: [],
      requestsPerMinute: key.requestsPerMinute,
      tokensPerMinute: key.tokensPerMinute,
      createdAt: toDate(key.createdAt),
      expiresAt: toDate(key.expiresAt),
    },
  });
  if (key.allowedTierIds.length === 0) return;
  await rows.$executeRaw`
    INSERT INTO access_key_tier (access_key_id, tier_id, workspace_id)
    SELECT ${key.id}, tier_id, ${key.workspaceId} FROM unnest(${[...key.allowedTierIds]}::text[]) AS allowed(tier_id)`;
}

/** Stops a key that was not stopped before; null when there is none such. */
export async function revokeAccessKey(
  rows: ScopedTransaction,
  id: string,
  now: number,
): Promise<AccessKeyRecord | null> {
  const { count } = await rows.accessKey.updateMany({
    where: { id, revokedAt: null },
    data: { revokedAt: toDate(now) },
  });
  const [key] = count === 0 ? [] : await findAccessKeys(rows, [id]);
  return key ?? null;
}

function whereState(state: AccessKeyRowState, now: Date): Prisma.AccessKeyWhereInput {
  const works: Prisma.AccessKeyWhereInput = {
    revokedAt: null,
    OR: [{ expiresAt: null }, { expiresAt: { gt: now } }],
  };
  switch (state) {
    case 'ACTIVE':
      return { AND: [works, { OR: [{ previousValidUntil: null }, { previousValidUntil: { lte: now } }] }] };
    case 'ROTATING':
      return { AND: [works, { previousValidUntil: { gt: now } }] };
    case 'EXPIRED':
      return { revokedAt: null, expiresAt: { lte: now } };
    case 'REVOKED':
      return { revokedAt: { not: null } };
  }
}

function toAccessKey(row: Prisma.AccessKeyGetPayload<{ include: typeof WITH_TIERS }>): AccessKeyRecord {
  return {
    id: row.id,
    workspaceId: row.workspaceId,
    name: row.name,
    preview: row.preview,
    allowedModels: row.allowedModels,
    allowedTierIds: row.allowedTiers.map(({ tierId }) => tierId),
    requestsPerMinute: row.requestsPerMinute,
    tokensPerMinute: row.tokensPerMinute,
    previousValidUntil: toMs(row.previousValidUntil),
    createdAt: toMs(row.createdAt),
    lastUsedAt: toMs(row.lastUsedAt),
    expiresAt: toMs(row.expiresAt),
    revokedAt: toMs(row.revokedAt),
  };
}
