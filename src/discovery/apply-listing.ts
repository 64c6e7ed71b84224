/** Turns what a connection offers now into changes of the known models: new ones, renewed ones, gone ones, prices. */
import { newId } from '../domain/ids.js';
import { formatModelRef } from '../domain/model-ref.js';
import type { ConnectionRecord } from '../domain/records.js';
import {
  lockProviderModels,
  readKnownModels,
  refreshModels,
  removeRoutes,
  staleRoutes,
  writeOfferedModels,
  writePrices,
} from '../persistence/model-writes.js';
import type { ScopedTransaction } from '../persistence/workspace-scope.js';
import type { DescribedModel } from './describe-model.js';
import { planPrices } from './plan-prices.js';

/** References that came and went, as seen from the connection. */
export interface ListingChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Writes what a connection offers now, all in the caller's transaction. */
export async function applyListing(
  rows: ScopedTransaction,
  connection: ConnectionRecord,
  described: readonly DescribedModel[],
  now: number,
): Promise<ListingChanges> {
  await lockProviderModels(rows, connection.workspaceId, connection.provider);
  const known = await readKnownModels(rows, connection.provider, connection.id);
  const knownById = new Map(known.map((model) => [model.upstreamId, model]));
  const offered = described.map((model) => ({
    ...model,
    id: knownById.get(model.upstreamId)?.id ?? newId('model', now),
    ref: formatModelRef(connection.provider, model.upstreamId),
  }));
  const offeredIds = new Set(offered.map(({ upstreamId }) => upstreamId));
  const gone = known.filter(
    (model) =>
      model.routeState !== null && model.routeState !== 'REMOVED' && !offeredIds.has(model.upstreamId),
  );

  await writeOfferedModels(rows, connection, offered, now);
  await removeRoutes(
    rows,
    connection.id,
    gone.map(({ id }) => id),
  );
  await refreshModels(rows, connection.workspaceId, connection.provider);
  const prices = planPrices(
    offered.map(({ id, upstreamId, price }) => ({
      modelId: id,
      inForce: knownById.get(upstreamId)?.price ?? null,
      stated: price,
    })),
    now,
  );
  await writePrices(rows, connection.workspaceId, prices, now);

  const offeredBefore = ({ upstreamId }: { upstreamId: string }): boolean => {
    const state = knownById.get(upstreamId)?.routeState ?? null;
    return state !== null && state !== 'REMOVED';
  };
  return {
    added: offered.filter((model) => !offeredBefore(model)).map(({ ref }) => ref),
    removed: gone.map(({ ref }) => ref),
  };
}

/** Notes that a connection could not be asked: what it offered last counts as last known. */
export async function applyFailure(rows: ScopedTransaction, connection: ConnectionRecord): Promise<void> {
  await lockProviderModels(rows, connection.workspaceId, connection.provider);
  await staleRoutes(rows, connection.id);
  await refreshModels(rows, connection.workspaceId, connection.provider);
}
