/** What a request is likely to cost through a route, before it is made. */
import { costOf, type NanoUsd, type TokenPrices } from '../domain/money.js';
import { NO_TOKENS } from '../domain/tokens.js';
import { readPriceRecord } from '../journal/price-record.js';
import type { PriceRecord } from '../journal/record.js';
import type { RequestTraits } from './decision.js';
import type { RouteEntry } from './table.js';

// Records live as long as the snapshot they came with.
const read = new WeakMap<PriceRecord, TokenPrices | null>();

/** Nano-dollars; zero on a plan and on the operator's own server, null when the price is unknown. */
export function estimateCost(
  { connection, model }: RouteEntry,
  { inputTokens, outputTokens }: Pick<RequestTraits, 'inputTokens' | 'outputTokens'>,
  now: number,
): NanoUsd | null {
  if (connection.billing !== 'METERED') return 0n;
  const prices = model.price === null ? null : pricesOf(model.price);
  if (prices === null) return null;
  return costOf({ ...NO_TOKENS, input: inputTokens, output: outputTokens }, prices, now);
}

function pricesOf(record: PriceRecord): TokenPrices | null {
  let prices = read.get(record);
  if (prices === undefined) read.set(record, (prices = readPriceRecord(record)));
  return prices;
}
