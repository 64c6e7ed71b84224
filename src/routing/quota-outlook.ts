/**
 * What the quota windows of one connection say about sending it one more request. Windows whose reset is over say nothing
 * any more, and those that count other models do not matter.
 */
import { EXHAUSTED_FRACTION, isCurrent, onPaceAt, paceOf, type QuotaReading } from '../domain/quota.js';

const HOUR_MS = 3_600_000;
/** Below this there is hardly time for another request: a window about to close is no more urgent than this. */
const LEAST_LEFT_MS = 60_000;
/** How full a window must have been when it was read for a refusal to mean that it is full by now. */
const NEARLY_FULL = 0.8;

/** A plan that is used up. */
export interface Exhaustion {
  /** When the last of its used-up windows starts afresh, in milliseconds since the epoch; null when unknown. */
  readonly until: number | null;
}

/** Null while no window is used up. */
export function exhaustionOf(
  windows: readonly QuotaReading[],
  modelRef: string,
  now: number,
): Exhaustion | null {
  let found = false;
  let until: number | null = 0;
  for (const window of windows) {
    if (window.usedFraction < EXHAUSTED_FRACTION || !concerns(window, modelRef, now)) continue;
    found = true;
    until = until === null || window.resetsAt === null ? null : Math.max(until, window.resetsAt);
  }
  return found ? { until } : null;
}

/**
 * How fast allowance goes to waste if nothing more is used: the share left per hour left, in the window where that is
 * least. A shorter window bounds how fast a longer one can still be used, so the least is what can really be saved.
 * 0 when nothing is known to expire.
 */
export function wasteRateOf(windows: readonly QuotaReading[], modelRef: string, now: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (const window of windows) {
    if (window.resetsAt === null || !concerns(window, modelRef, now)) continue;
    const left = Math.max(window.resetsAt - now, LEAST_LEFT_MS);
    least = Math.min(least, ((1 - window.usedFraction) * HOUR_MS) / left);
  }
  return least === Number.POSITIVE_INFINITY ? 0 : least;
}

/**
 * Until when a plan is ahead of its pace, in milliseconds since the epoch; null when it is not. Its longest window counts:
 * using up five hours early costs a pause, using up the week early costs the rest of the week.
 */
export function aheadUntil(windows: readonly QuotaReading[], modelRef: string, now: number): number | null {
  let longest = 0;
  let until: number | null = null;
  for (const window of windows) {
    const { windowSeconds, resetsAt } = window;
    if (windowSeconds === null || resetsAt === null || windowSeconds < longest) continue;
    if (!concerns(window, modelRef, now)) continue;
    if (windowSeconds > longest) until = null;
    longest = windowSeconds;
    if (paceOf(window, now) === 'AHEAD') until = Math.max(until ?? 0, onPaceAt(window) ?? resetsAt);
  }
  return until;
}

/**
 * When a plan that just refused a request for want of quota is likely to answer again, in milliseconds since the epoch:
 * the reset of its fullest window, if that was nearly full when it was read. Null when its windows do not explain it.
 */
export function likelyResetOf(
  windows: readonly QuotaReading[],
  modelRef: string,
  now: number,
): number | null {
  let fullest: QuotaReading | null = null;
  for (const window of windows) {
    if (window.usedFraction < NEARLY_FULL || !concerns(window, modelRef, now)) continue;
    if (fullest === null || window.usedFraction > fullest.usedFraction) fullest = window;
  }
  return fullest?.resetsAt ?? null;
}

function concerns(window: QuotaReading, modelRef: string, now: number): boolean {
  return isCurrent(window, now) && (window.models === undefined || window.models.includes(modelRef));
}
