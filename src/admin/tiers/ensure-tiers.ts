/** Gives workspaces that have no tier the shipped ones. */
import type { Clock } from '../../domain/clock.js';
import { newId } from '../../domain/ids.js';
import type { RoutingTierRecord } from '../../domain/records.js';
import type { Database } from '../../persistence/database.js';
import { countTiers, insertTier, lockTiers } from '../../persistence/tiers.js';
import type { ScopedTransaction } from '../../persistence/workspace-scope.js';
import { listWorkspaceIds } from '../../persistence/workspaces.js';
import { DEFAULT_RETRY_ON, DEFAULT_TIER_ATTEMPTS } from '../../routing/defaults.js';
import { DEFAULT_TIER, SHIPPED_TIERS } from '../../routing/shipped-tiers.js';

/** May be called at every start, and by several processes at once. A workspace always keeps at least its default tier. */
export async function ensureTiers(database: Database, clock: Clock): Promise<void> {
  for (const workspaceId of await listWorkspaceIds(database.prisma)) {
    await database.workspace(workspaceId).$transaction(async (tx) => {
      await lockTiers(tx, workspaceId);
      if ((await countTiers(tx)) === 0) await insertShippedTiers(tx, workspaceId, clock.now());
    });
  }
}

/** For a workspace that has none. */
export async function insertShippedTiers(
  tx: ScopedTransaction,
  workspaceId: string,
  now: number,
): Promise<void> {
  // What others fall back to has to be there before them.
  const tiers = shippedTiers(workspaceId, now);
  for (const tier of tiers.toSorted((a, b) => Number(b.isDefault) - Number(a.isDefault))) {
    await insertTier(tx, tier);
  }
}

function shippedTiers(workspaceId: string, now: number): readonly RoutingTierRecord[] {
  const defaultId = newId('tier', now);
  return SHIPPED_TIERS.map(({ slug, name, description, strategy }, position) => {
    const isDefault = slug === DEFAULT_TIER;
    return {
      id: isDefault ? defaultId : newId('tier', now),
      workspaceId,
      slug,
      name,
      description,
      position,
      enabled: true,
      isDefault,
      strategy,
      targets: [],
      retryOn: DEFAULT_RETRY_ON,
      maxAttempts: DEFAULT_TIER_ATTEMPTS,
      fallbackTierId: isDefault ? null : defaultId,
      version: 1,
      suggested: true,
      createdAt: now,
      updatedAt: now,
    };
  });
}
