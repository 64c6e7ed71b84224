/** Time ranges (start inclusive, end exclusive) and UTC-aligned buckets. */
import type { UsageInterval } from './vocabulary.js';

export interface TimeRange {
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Start of the bucket that holds `time`. `TOTAL` has one bucket, which starts at the epoch. */
export function bucketStart(time: number, interval: UsageInterval): number {
  switch (interval) {
    case 'HOUR':
      return Math.floor(time / HOUR_MS) * HOUR_MS;
    case 'DAY':
      return Math.floor(time / DAY_MS) * DAY_MS;
    case 'WEEK': {
      // The epoch was a Thursday; weeks start on Monday.
      const day = Math.floor(time / DAY_MS);
      return (day - ((((day + 3) % 7) + 7) % 7)) * DAY_MS;
    }
    case 'MONTH': {
      const date = new Date(time);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
    }
    case 'TOTAL':
      return 0;
  }
}

/** End of the bucket that starts at `start`; `TOTAL` never ends. */
export function bucketEnd(start: number, interval: UsageInterval): number {
  switch (interval) {
    case 'HOUR':
      return start + HOUR_MS;
    case 'DAY':
      return start + DAY_MS;
    case 'WEEK':
      return start + 7 * DAY_MS;
    case 'MONTH': {
      const date = new Date(start);
      return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
    }
    case 'TOTAL':
      return Number.MAX_SAFE_INTEGER;
  }
}

/** The smallest range of whole buckets that holds `range`. */
export function alignRange(range: TimeRange, interval: UsageInterval): TimeRange {
  if (interval === 'TOTAL') return alignRange(range, 'HOUR');
  const from = bucketStart(range.from, interval);
  const lastStart = bucketStart(Math.max(range.to - 1, range.from), interval);
  return { from, to: bucketEnd(lastStart, interval) };
}

/** The whole days in a range of whole hours, and the hours before and after them; each part only where there is any. */
export function splitAtDays({ from, to }: TimeRange): {
  readonly days: readonly TimeRange[];
  readonly hours: readonly TimeRange[];
} {
  const days = { from: bucketEnd(bucketStart(from - 1, 'DAY'), 'DAY'), to: bucketStart(to, 'DAY') };
  if (days.from >= days.to) return { days: [], hours: [{ from, to }] };
  const hours = [
    { from, to: days.from },
    { from: days.to, to },
  ];
  return { days: [days], hours: hours.filter((part) => part.from < part.to) };
}
