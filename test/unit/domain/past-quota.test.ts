import { describe, expect, it } from 'vitest';
import { endedWindows } from '../../../src/domain/past-quota.js';
import type { QuotaReading } from '../../../src/domain/quota.js';
import { HOUR_MS } from '../../../src/domain/time-range.js';

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
    resetsAt: NOW,
    source: 'REPORTED',
    observedAt: NOW - 10 * MINUTE_MS,
    ...changes,
  };
}
const AFTER = { observedAt: NOW + MINUTE_MS, usedFraction: 0, resetsAt: NOW + 5 * HOUR_MS };
const ends = (before: QuotaReading, after: QuotaReading | null, lastEnd: number | null = null) =>
  endedWindows([before], after ? [after] : [], NOW + MINUTE_MS, () => lastEnd);

describe('a quota window is over', () => {
  it('at its reset, once a reading from after it speaks of another', () => {
    expect(ends(reading(), reading(AFTER))).toEqual([
      { ...reading(), startedAt: NOW - 5 * HOUR_MS, endedAt: NOW },
    ]);
    expect(ends(reading(), reading({ ...AFTER, resetsAt: null }))).toHaveLength(1);
    expect(ends(reading(), null)).toHaveLength(1);
  });

  it('early, when it is begun afresh before its reset', () => {
    const early = { ...AFTER, observedAt: NOW - 5 * MINUTE_MS };
    expect(ends(reading(), reading(early))).toMatchObject([{ endedAt: NOW - 5 * MINUTE_MS }]);
  });

  it('without a reset, when less of it is used than before', () => {
    const before = reading({ resetsAt: null });
    expect(ends(before, reading({ ...AFTER, resetsAt: null }))).toMatchObject([
      { endedAt: AFTER.observedAt },
    ]);
    expect(ends(before, reading({ ...AFTER, resetsAt: null, usedFraction: 0.38 }))).toEqual([]);
  });

  it('not while its reset is ahead, jitters, is late, or is put off', () => {
    const before = reading({ resetsAt: NOW + HOUR_MS });
    expect(ends(before, reading({ ...AFTER, usedFraction: 0.5, resetsAt: NOW + HOUR_MS }))).toEqual([]);
    expect(ends(before, reading({ ...AFTER, usedFraction: 0.5 }))).toEqual([]);
    expect(ends(before, reading({ ...AFTER, usedFraction: 0.1, resetsAt: NOW + HOUR_MS + 500 }))).toEqual([]);
    expect(ends(reading(), reading({ ...AFTER, usedFraction: 0.4, resetsAt: NOW + 800 }))).toEqual([]);
    expect(ends(before, null)).toEqual([]);
  });

  it('not because what is known of it was kept', () => {
    expect(ends(reading(), reading())).toEqual([]);
  });

  it('and begins where the one before it ended, if that is later than its length says, or has none', () => {
    expect(ends(reading(), reading(AFTER), NOW - HOUR_MS)).toMatchObject([{ startedAt: NOW - HOUR_MS }]);
    expect(ends(reading(), reading(AFTER), NOW)).toEqual([]);
    const unknown = reading({ windowSeconds: null });
    expect(ends(unknown, reading(AFTER), NOW - HOUR_MS)).toMatchObject([{ startedAt: NOW - HOUR_MS }]);
    expect(ends(unknown, reading(AFTER))).toMatchObject([{ startedAt: unknown.observedAt }]);
  });
});
