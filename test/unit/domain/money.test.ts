import { describe, expect, it } from 'vitest';
import { costOf, samePrices, type TokenPrices } from '../../../src/domain/money.js';
import { readPriceRecord, toPriceRecord } from '../../../src/journal/price-record.js';

const rates = (dollars: bigint) => ({
  input: dollars * 1_000_000_000n,
  output: 0n,
  cacheRead: null,
  cacheWrite: null,
});
const MILLION = { input: 1_000_000, cacheRead: 0, cacheWrite: 0, output: 0 };
const at = (time: string): number => Date.parse(`2026-09-01T${time}:00Z`);
const dollars = (prices: TokenPrices, time: string): number =>
  Number(costOf(MILLION, prices, at(time))) / 1_000_000_000;

describe('a price by time of day', () => {
  const prices: TokenPrices = {
    ...rates(1n),
    timesOfDay: [
      { windows: ['01:00-04:00', '06:00-10:00'], ...rates(2n) },
      { windows: ['22:30-00:30'], ...rates(3n) },
      { windows: ['12:00-12:00', 'noon'], ...rates(9n) },
    ],
  };

  it.each([
    ['00:59', 1],
    ['01:00', 2],
    ['03:59', 2],
    ['04:00', 1],
    ['06:00', 2],
    ['09:59', 2],
    ['22:29', 1],
    ['22:30', 3],
    ['23:59', 3],
    ['00:00', 3],
    ['00:29', 3],
    ['00:30', 1],
    ['12:00', 1],
  ])('is that of its window, end exclusive, over midnight too: at %s', (time, expected) => {
    expect(dollars(prices, time)).toBe(expected);
  });

  it('survives being written down', () => {
    const whole = { ...prices, perRequest: 5n, cacheRead: 7n };
    const { id: _, ...record } = JSON.parse(JSON.stringify(toPriceRecord({ ...whole, id: 'price_1' })));
    expect(readPriceRecord(record)).toEqual(whole);
  });
});

it('a price for each request comes on top of its tokens, once', () => {
  const prices = { ...rates(1n), perRequest: 250_000_000n };
  expect(dollars(prices, '12:00')).toBe(1.25);
  expect(costOf({ input: 0, cacheRead: 0, cacheWrite: 0, output: 0 }, prices, 0)).toBe(250_000_000n);
});

it('two prices are the same only if they charge the same at every moment', () => {
  const plain = rates(1n);
  const timed = { ...plain, timesOfDay: [{ windows: ['01:00-02:00'], ...rates(2n) }] };
  expect(samePrices(plain, { ...plain, perRequest: 0n })).toBe(true);
  expect(samePrices(timed, { ...timed })).toBe(true);
  expect(samePrices(plain, { ...plain, perRequest: 1n })).toBe(false);
  expect(samePrices(plain, timed)).toBe(false);
  expect(samePrices(timed, { ...plain, timesOfDay: [{ windows: ['01:00-03:00'], ...rates(2n) }] })).toBe(
    false,
  );
});
