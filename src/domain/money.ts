/** Exact money: US dollars as whole nano-dollars in a bigint, decimal strings at the edges, never a float in between. */

/** Nano-dollars (10⁻⁹ USD). */
export type NanoUsd = bigint;

/** Prices of one model in nano-dollars per million tokens; null classes are priced as `input`. */
export interface TokenPrices {
  readonly input: NanoUsd;
  readonly output: NanoUsd;
  readonly cacheRead: NanoUsd | null;
  readonly cacheWrite: NanoUsd | null;
}

const NANO_DIGITS = 9;
const NANO = 10n ** BigInt(NANO_DIGITS);
const TOKENS_PER_PRICE = 1_000_000n;
const DECIMAL = /^(-?)(\d{1,15})(?:\.(\d{1,18}))?$/;

/** Reads a decimal string such as `"0.0000012"`; null when it is none or is finer than a nano-dollar. */
export function parseUsd(text: string): NanoUsd | null {
  const match = DECIMAL.exec(text.trim());
  if (!match) return null;
  const [, sign, whole = '', fraction = ''] = match;
  if (/[1-9]/.test(fraction.slice(NANO_DIGITS))) return null;
  const nano = BigInt(whole) * NANO + BigInt(fraction.slice(0, NANO_DIGITS).padEnd(NANO_DIGITS, '0'));
  return sign === '-' ? -nano : nano;
}

/** Nano-dollars as a plain decimal string without trailing zeros. */
export function formatUsd(nano: NanoUsd): string {
  const absolute = nano < 0n ? -nano : nano;
  const fraction = (absolute % NANO).toString().padStart(NANO_DIGITS, '0').replace(/0+$/, '');
  return `${nano < 0n ? '-' : ''}${absolute / NANO}${fraction === '' ? '' : `.${fraction}`}`;
}

/** A JSON number from a catalogue (dollars per million tokens) as nano-dollars; rounded to the nearest one. */
export function usdFromNumber(value: number): NanoUsd {
  return parseUsd(value.toFixed(NANO_DIGITS)) ?? 0n;
}

/** What the tokens cost. Rounded half up once, to the nano-dollar, so that sums of costs stay exact. */
export function costOf(
  tokens: { input: number; cacheRead: number; cacheWrite: number; output: number },
  prices: TokenPrices,
): NanoUsd {
  const exact =
    BigInt(tokens.input) * prices.input +
    BigInt(tokens.cacheRead) * (prices.cacheRead ?? prices.input) +
    BigInt(tokens.cacheWrite) * (prices.cacheWrite ?? prices.input) +
    BigInt(tokens.output) * prices.output;
  return (exact + TOKENS_PER_PRICE / 2n) / TOKENS_PER_PRICE;
}
