/** What quota windows say about one more request. */
import { describe, expect, it } from 'vitest';
import { onPaceAt, paceOf } from '../../../src/domain/quota.js';
import { aheadUntil, exhaustionOf, likelyResetOf, wasteRateOf } from '../../../src/routing/quota-outlook.js';
import { DAY, HOUR, NOW, weekly, window } from './quota-readings.js';

const REF = 'kimi/k3';
const fiveHours = (used: number, left: number) => window('5h', 5 * HOUR, used, left);
const onlyFor = (models: string[], reading = weekly(1, DAY)) => ({ ...reading, models });
const over = (reading: ReturnType<typeof weekly>) => ({ ...reading, resetsAt: NOW });

describe('a plan', () => {
  it('is used up while any of its windows is, and until the last of them starts afresh', () => {
    expect(exhaustionOf([fiveHours(0.99, HOUR), weekly(0.5, DAY)], REF, NOW)).toBeNull();
    expect(exhaustionOf([fiveHours(1, HOUR), weekly(0.5, DAY)], REF, NOW)).toEqual({ until: NOW + HOUR });
    expect(exhaustionOf([fiveHours(1, HOUR), weekly(1, DAY)], REF, NOW)).toEqual({ until: NOW + DAY });
  });

  it('is used up until nobody knows when, if one of the used-up windows does not say', () => {
    const unknown = { ...weekly(1, DAY), resetsAt: null };
    expect(exhaustionOf([unknown, fiveHours(1, HOUR)], REF, NOW)).toEqual({ until: null });
    expect(exhaustionOf([fiveHours(1, HOUR), unknown], REF, NOW)).toEqual({ until: null });
  });

  it('is not judged by a window whose reset is over', () => {
    const past = [over(weekly(1, DAY))];
    expect(exhaustionOf(past, REF, NOW)).toBeNull();
    expect(wasteRateOf(past, REF, NOW)).toBe(0);
    expect(aheadUntil(past, REF, NOW)).toBeNull();
    expect(likelyResetOf(past, REF, NOW)).toBeNull();
  });

  it('is not judged by a window that counts other models only', () => {
    expect(exhaustionOf([onlyFor(['kimi/other'])], REF, NOW)).toBeNull();
    expect(exhaustionOf([onlyFor(['kimi/other', REF])], REF, NOW)).toEqual({ until: NOW + DAY });
    expect(wasteRateOf([onlyFor(['kimi/other'], weekly(0, DAY))], REF, NOW)).toBe(0);
    expect(aheadUntil([onlyFor(['kimi/other'], weekly(0.9, 6 * DAY))], REF, NOW)).toBeNull();
    expect(likelyResetOf([onlyFor(['kimi/other'])], REF, NOW)).toBeNull();
  });
});

describe('the rate at which a plan goes to waste', () => {
  it('is the share left per hour left, in the window where that is least', () => {
    expect(wasteRateOf([weekly(0.5, 10 * HOUR)], REF, NOW)).toBeCloseTo(0.05);
    expect(wasteRateOf([weekly(0.5, 10 * HOUR), fiveHours(0.98, HOUR)], REF, NOW)).toBeCloseTo(0.02);
  });

  it('does not grow beyond all bounds in the last minute', () => {
    expect(wasteRateOf([weekly(0.5, 1)], REF, NOW)).toBe(wasteRateOf([weekly(0.5, 60_000)], REF, NOW));
  });

  it('is none when no end is known', () => {
    expect(wasteRateOf([], REF, NOW)).toBe(0);
    expect(wasteRateOf([{ ...weekly(0.5, DAY), resetsAt: null }], REF, NOW)).toBe(0);
  });
});

describe('the pace of a plan', () => {
  it('is that of its longest window, in whatever order they come', () => {
    const [short, long] = [fiveHours(0.7, 4 * HOUR), weekly(0.3, 5 * DAY)];
    expect(aheadUntil([short, long], REF, NOW)).toBeNull();
    expect(aheadUntil([long, short], REF, NOW)).toBeNull();
    expect(aheadUntil([short], REF, NOW)).not.toBeNull();
  });

  it('is ahead when one of several longest windows is', () => {
    const calls = { ...weekly(0.9, 5 * DAY), name: 'weekly-calls' };
    expect(aheadUntil([weekly(0.1, 5 * DAY), calls], REF, NOW)).toBe(onPaceAt(calls));
    expect(aheadUntil([calls, weekly(0.1, 5 * DAY)], REF, NOW)).toBe(onPaceAt(calls));
  });

  it('is no longer ahead at the moment it was to be held until, and not a minute before', () => {
    const reading = weekly(0.6, 5 * DAY);
    const until = aheadUntil([reading], REF, NOW) ?? 0;
    expect(paceOf(reading, until - 60_000)).toBe('AHEAD');
    expect(paceOf(reading, until + 1)).toBe('ON_PACE');
  });
});

describe('the likely end of a refusal', () => {
  it('is the reset of the fullest window that was nearly full', () => {
    expect(likelyResetOf([fiveHours(0.93, HOUR), weekly(0.85, DAY)], REF, NOW)).toBe(NOW + HOUR);
    expect(likelyResetOf([fiveHours(0.85, HOUR), weekly(0.99, DAY)], REF, NOW)).toBe(NOW + DAY);
  });

  it('is unknown when no window explains it', () => {
    expect(likelyResetOf([fiveHours(0.4, HOUR), weekly(0.5, DAY)], REF, NOW)).toBeNull();
    expect(likelyResetOf([], REF, NOW)).toBeNull();
  });
});
