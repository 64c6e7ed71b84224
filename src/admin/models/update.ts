/** Allows or forbids routing to a model, and sets or drops the operator's own list price for it. */
import { newId } from '../../domain/ids.js';
import { formatUsd, samePrices, type TokenPrices, type TokenRates } from '../../domain/money.js';
import type { ModelRecord, PriceVersion } from '../../domain/records.js';
import {
  findLastStatedPrice,
  lockProviderModels,
  setModelEnabled,
  writePrices,
  type PriceRow,
} from '../../persistence/model-writes.js';
import { findModels } from '../../persistence/models.js';
import type { ScopedTransaction } from '../../persistence/workspace-scope.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { ModelUpdateInput } from './verbs.js';
import { audit, changesBetween } from '../audit.js';
import { fail, ok, type Result } from '../result.js';
import { checkTokenPrice } from './check-price.js';

/** Prices are versioned: requests that were priced before keep their price. */
export async function changeModel(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
  input: ModelUpdateInput,
): Promise<Result<ModelRecord>> {
  requireScope(context, 'CONFIG_WRITE');
  const listPrice = input.listPrice ? checkTokenPrice(input.listPrice, ['input', 'listPrice']) : null;
  if (listPrice?.ok === false) return listPrice;
  const { workspaceId } = context.actor;
  const rows = deps.database.workspace(workspaceId);
  const changed = await rows.$transaction(async (tx) => {
    const [found] = await findModels(tx, [id]);
    if (found === undefined) return null;
    await lockProviderModels(tx, workspaceId, found.provider);
    // Read again: a discovery may have priced it while this waited.
    const [before] = await findModels(tx, [id]);
    if (before === undefined) return null;
    if (input.enabled !== undefined) await setModelEnabled(tx, id, input.enabled);
    if (listPrice) await overridePrice(deps, tx, before, listPrice.value);
    if (input.listPrice === null) await dropOverride(deps, tx, before);
    const [after] = await findModels(tx, [id]);
    if (after === undefined) return null;
    await audit(tx, context, deps.clock, {
      action: 'model.update',
      subjectId: id,
      subjectName: after.ref,
      changes: changesBetween(settingsOf(before), settingsOf(after)),
    });
    return after;
  });
  if (changed === null) return fail('NOT_FOUND', 'There is no such model.', ['id']);
  deps.bus.publish('config.changed', { workspaceId });
  await deps.configInForce();
  return ok(changed);
}

async function overridePrice(
  deps: AdminDeps,
  tx: ScopedTransaction,
  model: ModelRecord,
  prices: TokenRates,
): Promise<void> {
  if (model.price?.source === 'OVERRIDE' && samePrices(model.price, prices)) return;
  await replacePrice(deps, tx, model, { ...prices, source: 'OVERRIDE', asOf: deps.clock.now() });
}

/** What was last stated by others counts again; the next discovery renews it. */
async function dropOverride(deps: AdminDeps, tx: ScopedTransaction, model: ModelRecord): Promise<void> {
  if (model.price?.source !== 'OVERRIDE') return;
  await replacePrice(deps, tx, model, await findLastStatedPrice(tx, model.id));
}

async function replacePrice(
  deps: AdminDeps,
  tx: ScopedTransaction,
  model: ModelRecord,
  price: (TokenPrices & Pick<PriceVersion, 'source' | 'asOf'>) | null,
): Promise<void> {
  const now = deps.clock.now();
  const begun: PriceRow[] = price ? [{ ...price, id: newId('price', now), modelId: model.id }] : [];
  const ended = model.price ? [model.price.id] : [];
  await writePrices(tx, model.workspaceId, { ended, confirmed: [], begun }, now);
}

function settingsOf({ enabled, price }: ModelRecord): Record<string, unknown> {
  const amount = (nano: bigint | null | undefined) =>
    nano === null || nano === undefined ? null : formatUsd(nano);
  return {
    enabled,
    inputUsdPerMillion: amount(price?.input),
    outputUsdPerMillion: amount(price?.output),
    cacheReadUsdPerMillion: amount(price?.cacheRead),
    cacheWriteUsdPerMillion: amount(price?.cacheWrite),
    priceSource: price?.source,
  };
}
