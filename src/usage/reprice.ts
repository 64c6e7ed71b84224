/**
 * Prices requests whose price was unknown when they were recorded, with the price in force now. Only what has no list cost
 * is touched, so that a repeat changes nothing and a price once given stays; the sums are corrected with it.
 */
import { REPRICE_BATCH_MAX_EVENTS } from '../config/usage-limits.js';
import { costOf } from '../domain/money.js';
import type { PriceVersion } from '../domain/records.js';
import type { UsageAttempt, UsageEvent } from '../domain/usage.js';
import { chargeOf } from '../journal/charge.js';
import { ADVISORY_LOCKS, type SqlDatabase } from '../persistence/sql.js';
import { holdUnpricedEvents, writeCosts } from '../persistence/usage-reprice.js';
import type { RollupDelta, RollupSums } from '../persistence/usage-rows.js';
import { costsOf } from './price.js';
import { foldEvents, mergeDeltas, NO_SUMS } from './rollup.js';

export interface RepriceOptions {
  readonly batchSize?: number;
}

/** Goes through all workspaces, a bounded batch to a transaction; answers how many requests it priced. */
export async function repriceUsage(sql: SqlDatabase, options: RepriceOptions = {}): Promise<number> {
  const batchSize = options.batchSize ?? REPRICE_BATCH_MAX_EVENTS;
  let after = '';
  let priced = 0;
  for (;;) {
    const held = await sql.transaction(
      async (tx) => {
        const unpriced = await holdUnpricedEvents(tx, after, batchSize);
        if (unpriced.length === 0) return [];
        const changes = unpriced.map(({ event, prices }) => ({ event, now: repriceEvent(event, prices) }));
        const corrections = mergeDeltas(changes.flatMap(({ event, now }) => correctionsOf(event, now)));
        await writeCosts(
          tx,
          changes.map(({ now }) => now),
          corrections,
        );
        return changes.map(({ event }) => event.id);
      },
      // The recorder adds to the same sums.
      { lock: ADVISORY_LOCKS.recorder },
    );
    priced += held.length;
    after = held.at(-1) ?? after;
    if (held.length < batchSize) return priced;
  }
}

/** The event with costs for the attempts that had none and whose model has a price. */
export function repriceEvent(event: UsageEvent, prices: ReadonlyMap<string, PriceVersion>): UsageEvent {
  const attempts = event.attempts.map((attempt): UsageAttempt => {
    const price = attempt.listCostNanoUsd === null ? prices.get(attempt.modelRef) : undefined;
    if (price === undefined) return attempt;
    const listCostNanoUsd = costOf(attempt.tokens, price, event.startedAt);
    return {
      ...attempt,
      listCostNanoUsd,
      costNanoUsd: chargeOf(attempt.billing, listCostNanoUsd),
      priceId: price.id,
    };
  });
  return { ...event, attempts, ...costsOf(attempts) };
}

/** What the new costs of an event add to its sums: money alone, its counts stand. */
function correctionsOf(before: UsageEvent, after: UsageEvent): RollupDelta[] {
  return [
    ...foldEvents([after]).map(({ key, sums }) => ({ key, sums: moneyOf(sums, 1) })),
    ...foldEvents([before]).map(({ key, sums }) => ({ key, sums: moneyOf(sums, -1) })),
  ];
}

function moneyOf(sums: RollupSums, sign: 1 | -1): RollupSums {
  const factor = BigInt(sign);
  return {
    ...NO_SUMS,
    costNanoUsd: factor * sums.costNanoUsd,
    listCostNanoUsd: factor * sums.listCostNanoUsd,
    savedNanoUsd: factor * sums.savedNanoUsd,
    unpricedRequests: sign * sums.unpricedRequests,
  };
}
