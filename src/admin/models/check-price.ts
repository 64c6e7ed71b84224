/** Checks a price per million tokens that an operator states. */
import { parseUsd, type NanoUsd, type TokenRates } from '../../domain/money.js';
import type { CustomPriceInput } from './verbs.js';
import { fail, ok, type Result } from '../result.js';

/** Far above any price, far below what the database's columns hold. */
const PRICE_MAX: NanoUsd = 1_000_000n * 1_000_000_000n;

/** The price in nano-dollars. */
export function checkTokenPrice(input: CustomPriceInput, field: readonly string[]): Result<TokenRates> {
  const amounts = Object.entries(input).map(([name, text]) => {
    const amount = text === null || text === undefined ? null : parseUsd(text);
    const stated = text !== null && text !== undefined;
    return { name, amount, wrong: stated && (amount === null || amount < 0n || amount > PRICE_MAX) };
  });
  const wrong = amounts.find((amount) => amount.wrong);
  if (wrong)
    return fail('OUT_OF_RANGE', 'A price is between 0 and 1000000 dollars per million tokens.', [
      ...field,
      wrong.name,
    ]);
  const amountOf = (name: keyof CustomPriceInput): NanoUsd | null =>
    amounts.find((amount) => amount.name === name)?.amount ?? null;
  return ok({
    input: amountOf('inputUsdPerMillion') ?? 0n,
    output: amountOf('outputUsdPerMillion') ?? 0n,
    cacheRead: amountOf('cacheReadUsdPerMillion'),
    cacheWrite: amountOf('cacheWriteUsdPerMillion'),
  });
}
