/** The budget of query cost of each admin token: a bucket that refills steadily. */
import {
  GRAPHQL_COST_BUCKET as CAPACITY,
  GRAPHQL_COST_RESTORE_PER_SECOND as RESTORE_PER_SECOND,
} from '../../config/graphql-limits.js';
import type { Actor } from '../../admin/actor.js';
import type { Clock } from '../../domain/clock.js';

export interface BucketState {
  readonly limit: number;
  readonly remaining: number;
  readonly restoreRate: number;
  /** Milliseconds since the epoch at which it is full again. */
  readonly resetAt: number;
}

export interface CostBuckets {
  /** Takes `cost` points, or none and answers after how many seconds there would be enough. */
  charge(tokenId: string, cost: number): { readonly retryAfterSeconds: number } | null;
  state(tokenId: string): BucketState;
}

interface Bucket {
  spent: number;
  asOf: number;
}

/** Buckets looked through for full ones, which need not be remembered. */
const SWEEP_ABOVE = 1_000;

export function createCostBuckets(clock: Clock): CostBuckets {
  const buckets = new Map<string, Bucket>();

  const spentNow = (tokenId: string): number => {
    const bucket = buckets.get(tokenId);
    if (!bucket) return 0;
    return Math.max(0, bucket.spent - ((clock.monotonic() - bucket.asOf) / 1000) * RESTORE_PER_SECOND);
  };
  const sweep = (): void => {
    if (buckets.size <= SWEEP_ABOVE) return;
    for (const tokenId of buckets.keys()) if (spentNow(tokenId) === 0) buckets.delete(tokenId);
  };

  return {
    charge(tokenId, cost) {
      const spent = spentNow(tokenId) + cost;
      if (spent > CAPACITY) return { retryAfterSeconds: Math.ceil((spent - CAPACITY) / RESTORE_PER_SECOND) };
      buckets.set(tokenId, { spent, asOf: clock.monotonic() });
      sweep();
      return null;
    },
    state(tokenId) {
      const spent = spentNow(tokenId);
      return {
        limit: CAPACITY,
        remaining: Math.floor(CAPACITY - spent),
        restoreRate: RESTORE_PER_SECOND,
        resetAt: Math.ceil(clock.now() + (spent / RESTORE_PER_SECOND) * 1000),
      };
    },
  };
}

/** Whose budget an actor spends: its token's. */
export function tokenIdOf(actor: Actor): string {
  return actor.id ?? actor.kind;
}
