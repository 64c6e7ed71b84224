/** Rows of the keys agents use against the gateway. */
import type { AccessKeyRecord, Page } from '../domain/records.js';
import type { Prisma } from './generated/client.js';
import { countedPageOf, toDate, toMs, type KeysetPage } from './keyset.js';
import type { Sql } from './sql.js';
import type { ScopedTransaction } from './workspace-scope.js';

/** Whether a key works. */
export type AccessKeyRowState = 'ACTIVE' | 'ROTATING' | 'SUSPENDED' | 'EXPIRED' | 'REVOKED';

export interface AccessKeyRowFilter {
  /** Part of the name, in any case. */
  readonly search?: string;
  readonly states: readonly AccessKeyRowState[];
  /** Moment at which the states are judged. */
  readonly now: number;
  /** Ids of keys that are over their budget, which their rows do not tell. */
  readonly overBudget: readonly string[];
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
    OR: filter.states.map((state) => whereState(state, now, filter.overBudget)),
  };
  const found = await rows.accessKey.findMany({
    where: page.after === null ? where : { AND: [where, { id: { gt: page.after.id } }] },
    include: WITH_TIERS,
    orderBy: { id: 'asc' },
    take: page.first + 1,
  });
  return countedPageOf(found.map(toAccessKey), page, () => rows.accessKey.count({ where }));
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

/** Ids of the workspace's keys that have any of `tags`. */
export async function findKeysTagged(
  sql: Sql,
  workspaceId: string,
  tags: readonly string[],
): Promise<string[]> {
  const found = await sql.query<{ id: string }>(
    'SELECT id FROM access_key WHERE workspace_id = $1 AND tags && $2::text[] ORDER BY id',
    [workspaceId, [...tags]],
  );
  return found.map(({ id }) => id);
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
      ...limitColumns(key),
      createdAt: toDate(key.createdAt),
      expiresAt: toDate(key.expiresAt),
    },
  });
  await insertAllowedTiers(rows, key);
}

/** What may change of a key. */
export type AccessKeyPatch = Pick<
  AccessKeyRecord,
  | 'name'
  | 'allowedModels'
  | 'allowedTierIds'
  | 'tags'
  | 'budget'
  | 'requestsPerMinute'
  | 'tokensPerMinute'
  | 'maxConcurrency'
  | 'defaultTierId'
  | 'expiresAt'
>;

/** Changes a key to what is given. */
export async function updateAccessKey(rows: ScopedTransaction, key: AccessKeyRecord): Promise<void> {
  await rows.accessKey.updateMany({
    where: { id: key.id },
    data: {
      name: key.name,
      allowedModels: [...key.allowedModels],
      ...limitColumns(key),
      expiresAt: toDate(key.expiresAt),
    },
  });
  await rows.accessKeyTier.deleteMany({ where: { accessKeyId: key.id } });
  await insertAllowedTiers(rows, key);
}

/** Puts another plaintext in the place of a key's; the one before works until `previousValidUntil`. */
export async function rotateAccessKey(
  rows: ScopedTransaction,
  id: string,
  to: { readonly hash: string; readonly preview: string; readonly previousValidUntil: number },
): Promise<void> {
  await rows.$executeRaw`
    UPDATE access_key SET previous_hash = hash, hash = ${to.hash}, preview = ${to.preview},
      previous_valid_until = ${toDate(to.previousValidUntil)} WHERE id = ${id}`;
}

/** Keeps other transactions from changing a key until this one ends; null when there is none such. */
export async function lockAccessKey(rows: ScopedTransaction, id: string): Promise<AccessKeyRecord | null> {
  // Through the scope first: the lock itself knows no workspaces.
  if ((await rows.accessKey.count({ where: { id } })) === 0) return null;
  await rows.$executeRaw`SELECT 1 FROM access_key WHERE id = ${id} FOR UPDATE`;
  const [key] = await findAccessKeys(rows, [id]);
  return key ?? null;
}

/** Keys of the workspace that have a budget and work. */
export async function findBudgetedKeys(rows: ScopedTransaction): Promise<AccessKeyRecord[]> {
  const found = await rows.accessKey.findMany({
    where: { budgetNanoUsd: { not: null }, revokedAt: null },
    include: WITH_TIERS,
  });
  return found.map(toAccessKey);
}

function limitColumns(key: AccessKeyPatch) {
  return {
    tags: [...key.tags],
    budgetNanoUsd: key.budget?.limitNanoUsd ?? null,
    budgetWindow: key.budget?.window ?? null,
    requestsPerMinute: key.requestsPerMinute,
    tokensPerMinute: key.tokensPerMinute,
    maxConcurrency: key.maxConcurrency,
    defaultTierId: key.defaultTierId,
  };
}

async function insertAllowedTiers(
  rows: ScopedTransaction,
  { id, workspaceId, allowedTierIds }: AccessKeyRecord,
): Promise<void> {
  if (allowedTierIds.length === 0) return;
  await rows.$executeRaw`
    INSERT INTO access_key_tier (access_key_id, tier_id, workspace_id)
    SELECT ${id}, tier_id, ${workspaceId} FROM unnest(${[...allowedTierIds]}::text[]) AS allowed(tier_id)`;
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

function whereState(
  state: AccessKeyRowState,
  now: Date,
  overBudget: readonly string[],
): Prisma.AccessKeyWhereInput {
  const works: Prisma.AccessKeyWhereInput = {
    revokedAt: null,
    OR: [{ expiresAt: null }, { expiresAt: { gt: now } }],
  };
  const within: Prisma.AccessKeyWhereInput = { id: { notIn: [...overBudget] } };
  switch (state) {
    case 'ACTIVE':
      return {
        AND: [works, within, { OR: [{ previousValidUntil: null }, { previousValidUntil: { lte: now } }] }],
      };
    case 'ROTATING':
      return { AND: [works, within, { previousValidUntil: { gt: now } }] };
    case 'SUSPENDED':
      return { AND: [works, { id: { in: [...overBudget] } }] };
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
    tags: row.tags,
    budget:
      row.budgetNanoUsd === null
        ? null
        : { limitNanoUsd: row.budgetNanoUsd, window: row.budgetWindow ?? 'MONTH' },
    requestsPerMinute: row.requestsPerMinute,
    tokensPerMinute: row.tokensPerMinute,
    maxConcurrency: row.maxConcurrency,
    defaultTierId: row.defaultTierId,
    previousValidUntil: toMs(row.previousValidUntil),
    createdAt: toMs(row.createdAt),
    lastUsedAt: toMs(row.lastUsedAt),
    expiresAt: toMs(row.expiresAt),
    revokedAt: toMs(row.revokedAt),
  };
}
