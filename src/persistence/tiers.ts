/** Rows of routing tiers and of their targets. */
import type { RouteTargetRecord, RoutingTierRecord } from '../domain/records.js';
import type { FailureClass } from '../domain/vocabulary.js';
import type { Prisma } from './generated/client.js';
import { toDate, toMs } from './keyset.js';
import type { ScopedTransaction } from './workspace-scope.js';

const WITH_TARGETS = { targets: { orderBy: { position: 'asc' } } } satisfies Prisma.RoutingTierInclude;

/**
 * Keeps other transactions from changing the workspace's tiers and rules until this one ends: that there is one default,
 * no gap in the order and no circle of fallbacks can be seen in all of them together only.
 */
export async function lockTiers(rows: ScopedTransaction, workspaceId: string): Promise<void> {
  await rows.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`tiers:${workspaceId}`}, 0))`;
}

/** All tiers of the workspace, in order. */
export async function listTiers(rows: ScopedTransaction): Promise<RoutingTierRecord[]> {
  const found = await rows.routingTier.findMany({
    include: WITH_TARGETS,
    orderBy: [{ position: 'asc' }, { id: 'asc' }],
  });
  return found.map(toTier);
}

/** Those of `ids` that exist, in no particular order. */
export async function findTiers(
  rows: ScopedTransaction,
  ids: readonly string[],
): Promise<RoutingTierRecord[]> {
  const found = await rows.routingTier.findMany({ where: { id: { in: [...ids] } }, include: WITH_TARGETS });
  return found.map(toTier);
}

/** Those of `slugs` that exist, in no particular order. */
export async function findTiersBySlug(
  rows: ScopedTransaction,
  slugs: readonly string[],
): Promise<RoutingTierRecord[]> {
  const found = await rows.routingTier.findMany({
    where: { slug: { in: [...slugs] } },
    include: WITH_TARGETS,
  });
  return found.map(toTier);
}

/** How many tiers the workspace has. */
export function countTiers(rows: ScopedTransaction): Promise<number> {
  return rows.routingTier.count();
}

/** Adds a tier with its targets. */
export async function insertTier(rows: ScopedTransaction, tier: RoutingTierRecord): Promise<void> {
  const { targets, createdAt, updatedAt, retryOn, ...columns } = tier;
  await rows.routingTier.create({
    data: {
      ...columns,
      retryOn: [...retryOn],
      createdAt: toDate(createdAt),
      updatedAt: toDate(updatedAt),
    },
  });
  await insertTargets(rows, tier, targets);
}

/** What may change of a tier. */
export type TierPatch = Partial<
  Pick<
    RoutingTierRecord,
    | 'name'
    | 'description'
    | 'position'
    | 'enabled'
    | 'isDefault'
    | 'strategy'
    | 'maxAttempts'
    | 'fallbackTierId'
    | 'suggested'
  >
> & { readonly retryOn?: readonly FailureClass[] };

/** Changes a tier, whose version grows. */
export async function updateTier(
  rows: ScopedTransaction,
  id: string,
  { retryOn, ...patch }: TierPatch,
  now: number,
): Promise<void> {
  await rows.routingTier.updateMany({
    where: { id },
    data: {
      ...patch,
      ...(retryOn && { retryOn: [...retryOn] }),
      version: { increment: 1 },
      updatedAt: toDate(now),
    },
  });
}

/** Puts other targets in the place of a tier's. */
export async function replaceTargets(
  rows: ScopedTransaction,
  tier: Pick<RoutingTierRecord, 'id' | 'workspaceId'>,
  targets: readonly RouteTargetRecord[],
): Promise<void> {
  await rows.routeTarget.deleteMany({ where: { tierId: tier.id } });
  await insertTargets(rows, tier, targets);
}

/** Removes a tier with its targets and the rules that lead to it; those behind it move up. */
export async function deleteTier(
  rows: ScopedTransaction,
  { id, position }: Pick<RoutingTierRecord, 'id' | 'position'>,
): Promise<void> {
  await rows.routingTier.deleteMany({ where: { id } });
  await rows.routingTier.updateMany({
    where: { position: { gt: position } },
    data: { position: { decrement: 1 } },
  });
}

/** Names of the keys, not revoked, that may use this tier and no other. */
export async function findKeysOfOnlyTier(rows: ScopedTransaction, id: string): Promise<string[]> {
  const found = await rows.accessKey.findMany({
    where: { revokedAt: null, allowedTiers: { some: { tierId: id }, every: { tierId: id } } },
    select: { name: true },
    orderBy: { id: 'asc' },
  });
  return found.map(({ name }) => name);
}

async function insertTargets(
  rows: ScopedTransaction,
  tier: Pick<RoutingTierRecord, 'id' | 'workspaceId'>,
  targets: readonly RouteTargetRecord[],
): Promise<void> {
  if (targets.length === 0) return;
  const listed = JSON.stringify(
    targets.map(({ modelRef, billing, connectionId }, position) => ({
      tier_id: tier.id,
      position,
      workspace_id: tier.workspaceId,
      model_ref: modelRef,
      billing,
      connection_id: connectionId,
    })),
  );
  await rows.$executeRaw`
    INSERT INTO route_target SELECT * FROM jsonb_populate_recordset(null::route_target, ${listed}::jsonb)`;
}

function toTier(row: Prisma.RoutingTierGetPayload<{ include: typeof WITH_TARGETS }>): RoutingTierRecord {
  return {
    ...row,
    targets: row.targets.map(({ modelRef, billing, connectionId }) => ({ modelRef, billing, connectionId })),
    createdAt: toMs(row.createdAt),
    updatedAt: toMs(row.updatedAt),
  };
}
