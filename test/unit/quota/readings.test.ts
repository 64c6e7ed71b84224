import { describe, expect, it } from 'vitest';
import type { QuotaReading } from '../../../src/domain/quota.js';
import { DAY_MS, HOUR_MS } from '../../../src/domain/time-range.js';
import { estimateWindow, startOf } from '../../../src/quota/estimate.js';
import { nextReading, nextTry } from '../../../src/quota/next-reading.js';
import { differs, fellWithoutReset, isStale, mattersForRouting, settle } from '../../../src/quota/sanity.js';
import { instantOf, monthSecondsBefore, statedWindow } from '../../../src/providers/plan-quota.js';

const NOW = Date.parse('2026-08-12T08:30:00Z');
const MINUTE_MS = 60_000;

function reading(changes: Partial<QuotaReading> = {}): QuotaReading {
  return {
    name: '5h',
    windowSeconds: 18_000,
    unit: 'SHARE',
    limit: null,
    used: null,
    usedFraction: 0.4,
    resetsAt: NOW + HOUR_MS,
    source: 'REPORTED',
    observedAt: NOW - MINUTE_MS,
    ...changes,
  };
}

describe('what a provider states', () => {
  const facts = { windowSeconds: 18_000, unit: 'REQUESTS', resetsAt: null } as const;

  it('is no window when its numbers contradict each other', () => {
    expect(statedWindow({ ...facts, limit: 100, used: 80, percentUsed: 20 }, NOW)).toEqual([]);
    expect(statedWindow({ ...facts, limit: 100, used: 80, remaining: 80 }, NOW)).toEqual([]);
    expect(statedWindow({ ...facts, limit: 100, remaining: 120 }, NOW)).toEqual([]);
    expect(statedWindow({ ...facts, fractionUsed: 40 }, NOW)).toEqual([]);
    expect(statedWindow({ ...facts, limit: 0, used: 0 }, NOW)).toEqual([]);
    expect(statedWindow({ ...facts, limit: 100, used: -1 }, NOW)).toEqual([]);
    expect(statedWindow({ ...facts, limit: 'unlimited', used: 5 }, NOW)).toEqual([]);
  });

  it('may round its percentage, leave out one of the counts, and be overdrawn', () => {
    expect(statedWindow({ ...facts, limit: 100, used: 20.4, percentUsed: 20 }, NOW)).toMatchObject([
      { usedFraction: 0.204, unit: 'REQUESTS' },
    ]);
    expect(statedWindow({ ...facts, limit: '100', remaining: '25' }, NOW)).toMatchObject([{ used: 75 }]);
    expect(statedWindow({ ...facts, limit: 100, used: 103, remaining: 0 }, NOW)).toMatchObject([
      { usedFraction: 1, used: 103 },
    ]);
  });

  it('resets at an instant, not after a while', () => {
    for (const value of [
      NOW,
      NOW / 1000,
      String(NOW),
      new Date(NOW).toISOString(),
      '2026-08-12T10:30:00+02:00',
    ]) {
      expect(instantOf(value, NOW), String(value)).toBe(NOW);
    }
    for (const value of [0, -1, 3_600, '', 'soon', null, undefined, {}, NOW + 50 * DAY_MS]) {
      expect(instantOf(value, NOW), String(value)).toBeNull();
    }
  });

  it('has months of the length they have', () => {
    const days = (end: string): number => (monthSecondsBefore(Date.parse(end)) ?? 0) / 86_400;
    expect(days('2026-09-13T06:00:00Z')).toBe(31);
    expect(days('2026-03-13T06:00:00Z')).toBe(28);
    expect(days('2026-03-31T06:00:00Z')).toBe(31);
  });
});

describe('a new reading beside the last one', () => {
  const stated = (changes: Partial<QuotaReading> = {}) => {
    const { source: _, observedAt: __, ...window } = reading(changes);
    return window;
  };

  it('keeps a reset that only jitters, and takes one that moved', () => {
    const jittered = settle([stated({ resetsAt: NOW + HOUR_MS + 1_800 })], [reading()], 'REPORTED', NOW);
    expect(jittered).toEqual([reading({ observedAt: NOW })]);
    expect(differs([reading()], jittered)).toBe(false);
    const moved = settle([stated({ resetsAt: NOW + 6 * HOUR_MS })], [reading()], 'REPORTED', NOW);
    expect(moved[0]?.resetsAt).toBe(NOW + 6 * HOUR_MS);
    expect(mattersForRouting([reading()], moved)).toBe(true);
  });

  it('is doubted when a window fell without a reset, and believed after one', () => {
    const fallen = reading({ usedFraction: 0, observedAt: NOW });
    expect(fellWithoutReset([reading()], [fallen])).toBe(true);
    expect(fellWithoutReset([reading({ usedFraction: 0.42 })], [reading()])).toBe(false);
    expect(
      fellWithoutReset([reading({ resetsAt: NOW - 1 })], [reading({ ...fallen, resetsAt: NOW + HOUR_MS })]),
    ).toBe(false);
    expect(fellWithoutReset([reading()], [{ ...fallen, resetsAt: NOW + 6 * HOUR_MS }])).toBe(false);
  });

  it('has one window of each name, the fuller one', () => {
    const settled = settle([stated(), stated({ usedFraction: 0.9 })], [], 'REPORTED', NOW);
    expect(settled.map(({ usedFraction }) => usedFraction)).toEqual([0.9]);
  });

  it('matters for routing by the percent, and where a window is used up', () => {
    expect(mattersForRouting([reading()], [reading({ usedFraction: 0.405 })])).toBe(false);
    expect(mattersForRouting([reading()], [reading({ usedFraction: 0.42 })])).toBe(true);
    expect(mattersForRouting([reading({ usedFraction: 0.993 })], [reading({ usedFraction: 0.996 })])).toBe(
      true,
    );
    expect(mattersForRouting([reading()], [])).toBe(true);
  });

  it('says nothing any more once it is older than its window, where no reset says so', () => {
    const endless = reading({ resetsAt: null, usedFraction: 1 });
    expect(isStale(endless, NOW)).toBe(false);
    expect(isStale(endless, NOW + 5 * HOUR_MS)).toBe(true);
    expect(isStale(reading(), NOW + 5 * HOUR_MS)).toBe(false);
  });
});

describe('the time of the next reading', () => {
  const after = (
    readings: readonly QuotaReading[],
    lastUsedAt: number | null = NOW,
    facts: { minIntervalMs?: number; spread?: number } = {},
  ): number => nextReading({ now: NOW, readings, lastUsedAt, minIntervalMs: 0, spread: 0, ...facts }) - NOW;
  const filled = (usedFraction: number) => [reading({ usedFraction })];

  it('comes the sooner, the less is left and the more it is used', () => {
    expect(after(filled(0.2))).toBe(5 * MINUTE_MS);
    expect(after(filled(0.8))).toBe(2 * MINUTE_MS);
    expect(after(filled(0.92))).toBe(MINUTE_MS);
    expect(after(filled(0.92), NOW - 2 * HOUR_MS)).toBe(15 * MINUTE_MS);
    expect(after(filled(0.2), NOW - 7 * HOUR_MS)).toBe(30 * MINUTE_MS);
    expect(after([], null)).toBe(30 * MINUTE_MS);
  });

  it('waits for the reset of what is used up, and looks right after any reset', () => {
    expect(after(filled(1))).toBe(15 * MINUTE_MS);
    const soon = [reading({ resetsAt: NOW + MINUTE_MS })];
    expect(after(soon)).toBe(MINUTE_MS + 2_000);
    expect(after(soon, NOW, { spread: 1 })).toBe(MINUTE_MS + 10_000);
    expect(after([reading({ resetsAt: NOW + 500 })])).toBe(10_000);
    expect(after([reading({ resetsAt: NOW - 500, usedFraction: 1 })])).toBe(5 * MINUTE_MS);
  });

  it('respects what the provider allows, and is spread', () => {
    expect(after(filled(0.95), NOW, { minIntervalMs: 3 * MINUTE_MS })).toBe(3 * MINUTE_MS);
    expect(after([reading({ resetsAt: NOW + 5_000 })], NOW, { minIntervalMs: MINUTE_MS })).toBe(MINUTE_MS);
    expect(after(filled(0.2), NOW, { spread: 1 })).toBe(5.5 * MINUTE_MS);
  });

  it('backs off from failures, up to an hour', () => {
    const pauses = [1, 2, 3, 10].map(
      (failures) => nextTry({ now: NOW, minIntervalMs: 0, spread: 0, failures }) - NOW,
    );
    expect(pauses).toEqual([MINUTE_MS, 2 * MINUTE_MS, 4 * MINUTE_MS, HOUR_MS]);
  });
});

describe('estimates', () => {
  it('begin where the provider’s calendar says', () => {
    // A Wednesday, 16:30 in Beijing.
    expect(startOf({ kind: 'WEEK', utcOffsetHours: 8 }, NOW)).toBe(Date.parse('2026-08-09T16:00:00Z'));
    expect(startOf({ kind: 'DAY', utcOffsetHours: 8 }, NOW)).toBe(Date.parse('2026-08-11T16:00:00Z'));
    expect(startOf({ kind: 'DAY', utcOffsetHours: 0 }, NOW)).toBe(Date.parse('2026-08-12T00:00:00Z'));
    expect(startOf({ kind: 'SLIDING', seconds: 18_000 }, NOW)).toBe(NOW - 5 * HOUR_MS);
    expect(startOf({ kind: 'WEEK', utcOffsetHours: 0 }, Date.parse('2026-08-16T23:59:59Z'))).toBe(
      Date.parse('2026-08-10T00:00:00Z'),
    );
    expect(startOf({ kind: 'MONTH_OF_PURCHASE' }, NOW)).toBe(NOW - 30 * DAY_MS - 30 * MINUTE_MS);
  });

  it('count requests, tokens or dollars, and know when some of it is free again', () => {
    const use = { requests: 30, tokens: 5_000, listCostNanoUsd: 2_500_000_000n, firstAt: NOW - HOUR_MS };
    const sliding = { kind: 'SLIDING', seconds: 18_000 } as const;
    const requests = estimateWindow({ name: '5h', unit: 'REQUESTS', limit: 120, span: sliding }, use, NOW);
    expect(requests).toMatchObject({ used: 30, usedFraction: 0.25, resetsAt: NOW + 4 * HOUR_MS });
    const day = { kind: 'DAY', utcOffsetHours: 0 } as const;
    const tokens = estimateWindow({ name: 'daily', unit: 'TOKENS', limit: 4_000, span: day }, use, NOW);
    expect(tokens).toMatchObject({
      used: 5_000,
      usedFraction: 1,
      resetsAt: Date.parse('2026-08-13T00:00:00Z'),
    });
    const month = { kind: 'MONTH_OF_PURCHASE' } as const;
    const dollars = estimateWindow({ name: 'monthly', unit: 'USD', limit: 10, span: month }, use, NOW);
    expect(dollars).toMatchObject({ used: 2.5, usedFraction: 0.25, resetsAt: null });
  });
});
