/** Prices as the journal, the routing snapshot and the database's JSON write them, and back. */
import type { NanoUsd, TimeOfDayRates, TokenPrices, TokenRates } from '../domain/money.js';
import type { PriceRecord, RatesRecord, TimeOfDayRecord } from './record.js';

/** Up to 999 million dollars in nano-dollars; what is longer is damage. */
const NANO = /^\d{1,18}$/;

export function toPriceRecord(price: TokenPrices & { readonly id: string }): PriceRecord {
  const { id, perRequest, timesOfDay } = price;
  return {
    id,
    ...toRates(price),
    ...(perRequest === undefined ? {} : { perRequest: perRequest.toString() }),
    ...(timesOfDay === undefined ? {} : { timesOfDay: timesOfDay.map(toTimeOfDayRecord) }),
  };
}

export function toTimeOfDayRecord(rates: TimeOfDayRates): TimeOfDayRecord {
  return { windows: rates.windows, ...toRates(rates) };
}

/** Null when what must be there cannot be read. */
export function readPriceRecord(record: Omit<PriceRecord, 'id'>): TokenPrices | null {
  const rates = readRates(record);
  if (rates === null) return null;
  const perRequest = readNano(record.perRequest ?? null);
  const timesOfDay = readTimesOfDay(record.timesOfDay);
  return {
    ...rates,
    ...(perRequest === null ? {} : { perRequest }),
    ...(timesOfDay === undefined ? {} : { timesOfDay }),
  };
}

/** Leaves out what cannot be read; undefined when nothing is left. */
export function readTimesOfDay(
  records: readonly TimeOfDayRecord[] | null | undefined,
): readonly TimeOfDayRates[] | undefined {
  const read = (records ?? []).flatMap((record): TimeOfDayRates[] => {
    const rates = readRates(record);
    return rates === null ? [] : [{ windows: record.windows, ...rates }];
  });
  return read.length === 0 ? undefined : read;
}

function toRates(rates: TokenRates): RatesRecord {
  return {
    input: rates.input.toString(),
    output: rates.output.toString(),
    cacheRead: rates.cacheRead?.toString() ?? null,
    cacheWrite: rates.cacheWrite?.toString() ?? null,
  };
}

function readRates(record: RatesRecord): TokenRates | null {
  const [input, output] = [readNano(record.input), readNano(record.output)];
  if (input === null || output === null) return null;
  return { input, output, cacheRead: readNano(record.cacheRead), cacheWrite: readNano(record.cacheWrite) };
}

function readNano(text: string | null): NanoUsd | null {
  return text !== null && NANO.test(text) ? BigInt(text) : null;
}
