/** What an attempt used and what it costs: the same to whoever records it and to whoever counts it towards a limit. */
import { costOf, type NanoUsd, type TokenPrices } from '../domain/money.js';
import { totalTokens, type TokenCounts } from '../domain/tokens.js';
import type { Billing } from '../domain/vocabulary.js';
import { readPriceRecord } from './price-record.js';
import type { AttemptRecord } from './record.js';

export interface Charge {
  readonly tokens: TokenCounts;
  /** Zero on a plan; null when the price is unknown. */
  readonly costNanoUsd: NanoUsd | null;
  readonly listCostNanoUsd: NanoUsd | null;
  /** Version of the price the costs were computed with. */
  readonly priceId: string | null;
}

/** Counts are 32-bit in the database. */
const INT32_MAX = 2_147_483_647;

/** The charge of an attempt; `at` is the moment of its request. */
export function chargeAttempt(record: AttemptRecord, at: number): Charge {
  const tokens = storableTokens(record.tokens);
  const prices = record.price === null ? null : readPriceRecord(record.price);
  const listCostNanoUsd = listCost(tokens, prices, record.failure !== null, at);
  return {
    tokens,
    costNanoUsd: chargeOf(record.billing, listCostNanoUsd),
    listCostNanoUsd,
    priceId: prices === null ? null : (record.price?.id ?? null),
  };
}

/** What is charged for a list cost: all of it where tokens are metered, nothing elsewhere. */
export function chargeOf(billing: Billing, listCostNanoUsd: NanoUsd | null): NanoUsd | null {
  return billing === 'METERED' ? listCostNanoUsd : 0n;
}

/** Tokens too: no request has two thousand million, and sums of such counts stay exact. */
export function storableInt(value: number): number {
  return Number.isFinite(value) ? Math.min(Math.max(Math.round(value), 0), INT32_MAX) : 0;
}

/** A failure without tokens costs nothing whatever the price; anything else without a price is unknown, not free. */
function listCost(
  tokens: TokenCounts,
  prices: TokenPrices | null,
  failed: boolean,
  at: number,
): NanoUsd | null {
  if (failed && totalTokens(tokens) === 0) return 0n;
  return prices === null ? null : costOf(tokens, prices, at);
}

function storableTokens(tokens: TokenCounts): TokenCounts {
  return {
    input: storableInt(tokens.input),
    cacheRead: storableInt(tokens.cacheRead),
    cacheWrite: storableInt(tokens.cacheWrite),
    output: storableInt(tokens.output),
    reasoning: tokens.reasoning === null ? null : storableInt(tokens.reasoning),
  };
}
