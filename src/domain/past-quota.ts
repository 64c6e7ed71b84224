/** Allowances that are over: when a window ended, seen from the reading before and the one after it. */
import type { QuotaReading } from './quota.js';

/** A window that is over, with its last reading; what was used between that and its end is not in it. */
export interface PastQuotaWindow extends QuotaReading {
  readonly startedAt: number;
  readonly endedAt: number;
}

/** Resets closer together than this are the same one: providers compute them anew with every answer. */
const RESET_JITTER_MS = 60_000;
/** Less used by more than this is not rounding. */
const FALL = 0.05;

type Reset = Pick<QuotaReading, 'resetsAt'>;

export function sameReset(a: Reset, b: Reset): boolean {
  if (a.resetsAt === null || b.resetsAt === null) return a.resetsAt === b.resetsAt;
  return Math.abs(a.resetsAt - b.resetsAt) < RESET_JITTER_MS;
}

/** Whether so much less is used that it is not rounding. */
export function fell(before: QuotaReading, after: QuotaReading): boolean {
  return before.usedFraction - after.usedFraction > FALL;
}

/**
 * Those of `before` that `after` shows to be over at `now`. `lastEnd` is when the window of a name before that ended, if it
 * is known: windows of one name do not overlap.
 */
export function endedWindows(
  before: readonly QuotaReading[],
  after: readonly QuotaReading[],
  now: number,
  lastEnd: (name: string) => number | null,
): PastQuotaWindow[] {
  return before.flatMap((last) => {
    const endedAt = endOf(last, after.find(({ name }) => name === last.name) ?? null, now);
    if (endedAt === null) return [];
    const previous = lastEnd(last.name);
    const { windowSeconds, observedAt } = last;
    // Of a window without a length its last reading is the earliest that is known, unless the one before it is.
    const began = windowSeconds === null ? (previous ?? observedAt) : endedAt - windowSeconds * 1_000;
    const startedAt = Math.max(began, previous ?? began);
    return startedAt < endedAt ? [{ ...last, startedAt, endedAt }] : [];
  });
}

/** Null while it goes on, as far as can be told. */
function endOf(last: QuotaReading, next: QuotaReading | null, now: number): number | null {
  const { resetsAt } = last;
  // What was only kept is no news.
  if (next?.observedAt === last.observedAt) return null;
  const readAt = next?.observedAt ?? now;
  if (resetsAt !== null && resetsAt <= readAt) {
    // Providers are a little late to let a window begin afresh.
    return next !== null && sameReset(last, next) ? null : resetsAt;
  }
  if (next === null || !fell(last, next)) return null;
  // Less used within the same window is a correction; with another reset, or none, it was begun afresh early.
  return resetsAt !== null && sameReset(last, next) ? null : readAt;
}
