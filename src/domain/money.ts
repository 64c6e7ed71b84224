/** Exact money: US dollars as whole nano-dollars in a bigint, decimal strings at the edges, never a float in between. */

/** Nano-dollars (10⁻⁹ USD). */
export type NanoUsd = bigint;

/** Prices of the classes of tokens in nano-dollars per million; null classes are priced as `input`. */
export interface TokenRates {
  readonly input: NanoUsd;
  readonly output: NanoUsd;
  readonly cacheRead: NanoUsd | null;
  readonly cacheWrite: NanoUsd | null;
}

/** Rates that hold at some times of the day instead of the usual ones. */
export interface TimeOfDayRates extends TokenRates {
  /** `HH:MM-HH:MM` in UTC, end exclusive; may wrap midnight. */
  readonly windows: readonly string[];
}

/** Prices of one model. */
export interface TokenPrices extends TokenRates {
  /** For every request, on top of its tokens; absent for none. */
  readonly perRequest?: NanoUsd;
  /** The first with a window that holds the moment of the request applies; absent for none. */
  readonly timesOfDay?: readonly TimeOfDayRates[];
}

const NANO_DIGITS = 9;
const NANO = 10n ** BigInt(NANO_DIGITS);
const TOKENS_PER_PRICE = 1_000_000n;
const MINUTE_MS = 60_000;
const MINUTES_PER_DAY = 24 * 60;
const WINDOW = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/;
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

/**
 * What a request made at `at` (milliseconds since the epoch) costs. Rounded half up once, to the nano-dollar, so that
 * sums of costs stay exact.
 */
export function costOf(
  tokens: { input: number; cacheRead: number; cacheWrite: number; output: number },
  prices: TokenPrices,
  at: number,
): NanoUsd {
  const rates = ratesAt(prices, at);
  const exact =
    BigInt(tokens.input) * rates.input +
    BigInt(tokens.cacheRead) * (rates.cacheRead ?? rates.input) +
    BigInt(tokens.cacheWrite) * (rates.cacheWrite ?? rates.input) +
    BigInt(tokens.output) * rates.output;
  return (exact + TOKENS_PER_PRICE / 2n) / TOKENS_PER_PRICE + (prices.perRequest ?? 0n);
}

/** Whether two prices charge the same at every moment. */
export function samePrices(a: TokenPrices, b: TokenPrices): boolean {
  return (
    sameRates(a, b) &&
    (a.perRequest ?? 0n) === (b.perRequest ?? 0n) &&
    (a.timesOfDay?.length ?? 0) === (b.timesOfDay?.length ?? 0) &&
    (a.timesOfDay ?? []).every((rates, index) => {
      const other = b.timesOfDay?.[index];
      return other !== undefined && sameRates(rates, other) && rates.windows.join() === other.windows.join();
    })
  );
}

function sameRates(a: TokenRates, b: TokenRates): boolean {
  return (
    a.input === b.input &&
    a.output === b.output &&
    a.cacheRead === b.cacheRead &&
    a.cacheWrite === b.cacheWrite
  );
}

function ratesAt(prices: TokenPrices, at: number): TokenRates {
  if (prices.timesOfDay === undefined) return prices;
  const minute = Math.floor(at / MINUTE_MS) % MINUTES_PER_DAY;
  return (
    prices.timesOfDay.find(({ windows }) => windows.some((window) => holdsMinute(window, minute))) ?? prices
  );
}

function holdsMinute(window: string, minute: number): boolean {
  const times = WINDOW.exec(window);
  if (!times) return false;
  const [from, to] = [minuteOf(times[1], times[2]), minuteOf(times[3], times[4])];
  return from <= to ? from <= minute && minute < to : from <= minute || minute < to;
}

function minuteOf(hours: string | undefined, minutes: string | undefined): number {
  return Number(hours) * 60 + Number(minutes);
}
