/** What a request is likely to use, and what it used, in the units of counters. */
import type { SummedMetric } from '../domain/limits.js';
import { costOf } from '../domain/money.js';
import { totalTokens } from '../domain/tokens.js';
import { readPriceRecord } from '../journal/price-record.js';
import type { AttemptRecord } from '../journal/record.js';

/** Whole numbers; cost in nano-dollars. */
export type Figures = Readonly<Record<SummedMetric, number>>;

/**
 * What the attempts of a request used, priced as the recorder prices them. What has no known price counts as nothing:
 * nobody can say what it cost.
 */
export function figuresOf(attempts: readonly AttemptRecord[], startedAt: number): Figures {
  let tokens = 0;
  let cost = 0n;
  for (const attempt of attempts) {
    tokens += totalTokens(attempt.tokens);
    const prices = attempt.price === null ? null : readPriceRecord(attempt.price);
    const isFree = attempt.failure !== null && totalTokens(attempt.tokens) === 0;
    if (attempt.billing === 'METERED' && prices !== null && !isFree)
      cost += costOf(attempt.tokens, prices, startedAt);
  }
  return { REQUESTS: 1, TOKENS: tokens, COST_USD: toAmount(cost) };
}

/** Nano-dollars as a counter holds them. */
export function toAmount(nanoUsd: bigint): number {
  return Number(nanoUsd < BigInt(Number.MAX_SAFE_INTEGER) ? nanoUsd : Number.MAX_SAFE_INTEGER);
}

/** The attempt that a request is named after: the one that answered, else the last. */
export function namedAttempt(attempts: readonly AttemptRecord[]): AttemptRecord | null {
  return attempts.findLast(({ failure }) => failure === null) ?? attempts.at(-1) ?? null;
}
