/** Which list prices change: a new version only for a price that is really different. */
import { newId } from '../domain/ids.js';
import { samePrices, type TokenPrices } from '../domain/money.js';
import type { PriceVersion } from '../domain/records.js';
import type { PriceSource } from '../domain/vocabulary.js';
import type { PriceChanges, PriceRow } from '../persistence/model-writes.js';

/** A price and who states it. */
export interface StatedPrice {
  readonly prices: TokenPrices;
  readonly source: Exclude<PriceSource, 'OVERRIDE'>;
  /** When the source last confirmed it. */
  readonly asOf: number;
}

/** A model's price in force beside the one stated now. */
export interface PriceComparison {
  readonly modelId: string;
  readonly inForce: PriceVersion | null;
  readonly stated: StatedPrice | null;
}

/** Higher outranks lower; what an operator set outranks all. */
const RANK: Record<PriceSource, number> = { CATALOG: 0, PROVIDER: 1, OVERRIDE: 2 };

/** Compares them all. A price that is no longer stated stays in force: unstated is not free. */
export function planPrices(comparisons: readonly PriceComparison[], now: number): PriceChanges {
  const ended: string[] = [];
  const confirmed: { id: string; asOf: number }[] = [];
  const begun: PriceRow[] = [];
  for (const { modelId, inForce, stated } of comparisons) {
    if (stated === null) continue;
    if (inForce !== null && RANK[inForce.source] > RANK[stated.source]) continue;
    if (inForce !== null && inForce.source === stated.source && samePrices(inForce, stated.prices)) {
      if (inForce.asOf !== stated.asOf) confirmed.push({ id: inForce.id, asOf: stated.asOf });
      continue;
    }
    if (inForce !== null) ended.push(inForce.id);
    const { prices, source, asOf } = stated;
    begun.push({ ...prices, id: newId('price', now), modelId, source, asOf });
  }
  return { ended, confirmed, begun };
}
