/** What a request is likely to use, in the units of counters. */
import type { SummedMetric } from '../domain/limits.js';

/** Whole numbers; cost in nano-dollars. */
export type Figures = Readonly<Record<SummedMetric, number>>;

/** Nano-dollars as a counter holds them. */
export function toAmount(nanoUsd: bigint): number {
  return Number(nanoUsd < BigInt(Number.MAX_SAFE_INTEGER) ? nanoUsd : Number.MAX_SAFE_INTEGER);
}
