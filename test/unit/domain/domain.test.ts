/** The vocabulary's small functions: money, time ranges, ids. */
import { describe, expect, it } from 'vitest';
import { ID_PREFIXES, kindOfId, newId, siblingId, timeOfId } from '../../../src/domain/ids.js';
import { costOf, formatUsd, parseUsd, usdFromNumber } from '../../../src/domain/money.js';
import { formatModelRef, splitModelRef } from '../../../src/domain/model-ref.js';
import { alignRange, bucketEnd, bucketStart } from '../../../src/domain/time-range.js';
import { USAGE_INTERVALS } from '../../../src/domain/vocabulary.js';

describe('money', () => {
  it.each(['0', '1', '-1', '0.000000001', '-0.5', '123456789012345.123456789'])(
    'reads and writes %s unchanged',
    (text) => {
      const nano = parseUsd(text);
      expect(nano === null ? null : formatUsd(nano)).toBe(text);
    },
  );
  it.each(['', '.5', '1.', '1e3', '+1', '0x1', '1,5', '0.0000000001', 'NaN'])('refuses %j', (text) => {
    expect(parseUsd(text)).toBeNull();
  });
  it('accepts zeros beyond a nano-dollar, and writes no trailing ones', () => {
    expect(parseUsd('1.5000000000000')).toBe(1_500_000_000n);
    expect(formatUsd(1_500_000_000n)).toBe('1.5');
    expect(formatUsd(0n)).toBe('0');
  });
  it('takes catalogue numbers to the nearest nano-dollar', () => {
    expect(usdFromNumber(0.1 + 0.2)).toBe(300_000_000n);
    expect(usdFromNumber(3)).toBe(3_000_000_000n);
  });
  it('rounds a cost once, half up, and prices missing cache classes as input', () => {
    const prices = { input: 1n, output: 3n, cacheRead: null, cacheWrite: 0n };
    const tokens = (input: number, cacheRead = 0, cacheWrite = 0, output = 0) => ({
      input,
      cacheRead,
      cacheWrite,
      output,
    });
    expect(costOf(tokens(499_999), prices, 0)).toBe(0n);
    expect(costOf(tokens(500_000), prices, 0)).toBe(1n);
    expect(costOf(tokens(250_000, 250_000), prices, 0)).toBe(1n);
    expect(costOf(tokens(0, 0, 10_000_000), prices, 0)).toBe(0n);
    // Class by class this would be 1 + 1 + 2.
    expect(costOf(tokens(500_000, 500_000, 0, 500_000), prices, 0)).toBe(3n);
    expect(costOf(tokens(Number.MAX_SAFE_INTEGER), { ...prices, input: 10n ** 12n }, 0)).toBe(
      9007199254740991n * 10n ** 6n,
    );
  });
});

describe('time ranges', () => {
  const at = (text: string): number => Date.parse(text);
  it.each([
    ['HOUR', '2026-03-29T02:30:00Z', '2026-03-29T02:00:00Z', '2026-03-29T03:00:00Z'],
    ['DAY', '2026-10-25T01:30:00Z', '2026-10-25T00:00:00Z', '2026-10-26T00:00:00Z'],
    ['WEEK', '2026-11-22T23:59:59.999Z', '2026-11-16T00:00:00Z', '2026-11-23T00:00:00Z'],
    ['WEEK', '2026-11-23T00:00:00Z', '2026-11-23T00:00:00Z', '2026-11-30T00:00:00Z'],
    ['WEEK', '1969-12-31T00:00:00Z', '1969-12-29T00:00:00Z', '1970-01-05T00:00:00Z'],
    ['MONTH', '2028-02-29T12:00:00Z', '2028-02-01T00:00:00Z', '2028-03-01T00:00:00Z'],
    ['MONTH', '2026-12-31T23:59:59Z', '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
  ] as const)('%s of %s', (interval, time, from, to) => {
    expect(bucketStart(at(time), interval)).toBe(at(from));
    expect(bucketEnd(at(from), interval)).toBe(at(to));
  });
  it('tile time: every bucket ends where the next starts', () => {
    for (const interval of USAGE_INTERVALS) {
      if (interval === 'TOTAL') continue;
      let start = bucketStart(at('2023-11-07T11:11:11Z'), interval);
      for (let i = 0; i < 100; i++) {
        const end = bucketEnd(start, interval);
        expect(bucketStart(end - 1, interval)).toBe(start);
        expect(bucketStart(end, interval)).toBe(end);
        start = end;
      }
    }
  });
  it('widen to whole buckets, an exact end not to the next one', () => {
    const range = { from: at('2026-11-22T10:20:00Z'), to: at('2026-11-23T00:00:00Z') };
    expect(alignRange(range, 'DAY')).toEqual({ from: at('2026-11-22'), to: at('2026-11-23') });
    expect(alignRange(range, 'TOTAL')).toEqual({ from: at('2026-11-22T10:00:00Z'), to: range.to });
    expect(alignRange({ from: range.from, to: range.from }, 'HOUR').to).toBe(at('2026-11-22T11:00:00Z'));
  });
});

describe('ids', () => {
  it('are unique, and ordered by their time', () => {
    const ids = Array.from({ length: 20_000 }, () => newId('event', 1_700_000_000_000));
    expect(new Set(ids).size).toBe(ids.length);
    const times = [0, 1, 31, 32, 1_700_000_000_000, 1_700_000_000_001, 2 ** 48 - 1];
    const inOrder = times.map((time) => newId('event', time));
    expect(inOrder.toSorted()).toEqual(inOrder);
    expect(inOrder.map(timeOfId)).toEqual(times);
    for (const id of inOrder) expect(id).toMatch(/^evt_[0-9A-HJKMNP-TV-Z]{26}$/);
  });
  it('say their kind, and what is no id has none', () => {
    for (const kind of Object.keys(ID_PREFIXES) as (keyof typeof ID_PREFIXES)[]) {
      expect(kindOfId(newId(kind, 5))).toBe(kind);
    }
    for (const other of ['', '_', 'x', 'wsx', 'keys', 'conn', 'nope_1', 'toString_1'])
      expect(kindOfId(other)).toBeNull();
    expect(timeOfId('evt_!')).toBeNaN();
  });
  it('have siblings of the same moment', () => {
    const event = newId('event', 5);
    expect(siblingId('request', event)).toBe(event.replace('evt_', 'req_'));
  });
});

it('splits a model reference at its first slash only', () => {
  expect(splitModelRef('nano-gpt/moonshotai/Kimi-K2:thinking')).toEqual({
    provider: 'nano-gpt',
    upstreamId: 'moonshotai/Kimi-K2:thinking',
  });
  expect(formatModelRef('a', 'b/c')).toBe('a/b/c');
  for (const name of ['', '/', 'a', 'a/', '/b']) expect(splitModelRef(name)).toBeNull();
});
