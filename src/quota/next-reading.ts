/** When a plan's quota is worth reading again: often where it is about to end, rarely where nothing happens. */
import {
  QUOTA_FLOOR_MS,
  QUOTA_INTERVAL_FILLING_MS,
  QUOTA_INTERVAL_IDLE_MS,
  QUOTA_INTERVAL_IN_USE_MS,
  QUOTA_INTERVAL_NEARLY_FULL_MS,
  QUOTA_INTERVAL_UNUSED_MS,
  QUOTA_RETRY_MAX_MS,
  QUOTA_RETRY_MIN_MS,
} from '../config/routing-limits.js';
import { EXHAUSTED_FRACTION, isCurrent, type QuotaReading } from '../domain/quota.js';
import { HOUR_MS } from '../domain/time-range.js';

const NEARLY_FULL = 0.9;
const FILLING = 0.75;
/** Since its last use. */
const IDLE_MS = HOUR_MS;
/** Since its last use; whoever looks for it need not look further back. */
export const UNUSED_MS = 6 * HOUR_MS;
/** Providers are a little late to let a window begin afresh; others look later still, so that not all look at once. */
const AFTER_RESET_MS = 2_000;
const AFTER_RESET_SPREAD_MS = 8_000;
/** Part of an interval by which readings are put off, differently each time. */
const SPREAD_SHARE = 0.1;

export interface ReadingFacts {
  readonly now: number;
  readonly readings: readonly QuotaReading[];
  /** When the plan was last used through us; null when that was long ago. */
  readonly lastUsedAt: number | null;
  /** What the provider asks for; 0 for nothing. */
  readonly minIntervalMs: number;
  /** 0 to 1, differently each time. */
  readonly spread: number;
}

/** When to read next after a reading that succeeded. */
export function nextReading(facts: ReadingFacts): number {
  const { now, minIntervalMs, readings, spread } = facts;
  const current = readings.filter((reading) => isCurrent(reading, now));
  const interval = Math.max(intervalOf(current, facts), minIntervalMs);
  const regular = now + interval * (1 + SPREAD_SHARE * spread);
  const resets = current.flatMap(({ resetsAt }) =>
    resetsAt === null ? [] : [resetsAt + AFTER_RESET_MS + AFTER_RESET_SPREAD_MS * spread],
  );
  const earliest = now + Math.max(QUOTA_FLOOR_MS, minIntervalMs);
  return Math.round(Math.max(earliest, Math.min(regular, ...resets)));
}

/** When to try again after `failures` readings that failed in a row. */
export function nextTry({
  failures,
  now,
  minIntervalMs,
  spread,
}: Omit<ReadingFacts, 'readings' | 'lastUsedAt'> & { readonly failures: number }): number {
  const pause = Math.min(QUOTA_RETRY_MIN_MS * 2 ** Math.max(0, failures - 1), QUOTA_RETRY_MAX_MS);
  return Math.round(now + Math.max(pause, minIntervalMs) * (1 + SPREAD_SHARE * spread));
}

function intervalOf(current: readonly QuotaReading[], { now, lastUsedAt }: ReadingFacts): number {
  if (lastUsedAt === null || now - lastUsedAt > UNUSED_MS) return QUOTA_INTERVAL_UNUSED_MS;
  if (now - lastUsedAt > IDLE_MS) return QUOTA_INTERVAL_IDLE_MS;
  const fullest = Math.max(0, ...current.map(({ usedFraction }) => usedFraction));
  // Used up until a time that is known: there is nothing to see before.
  if (current.some(({ usedFraction, resetsAt }) => usedFraction >= EXHAUSTED_FRACTION && resetsAt !== null)) {
    return QUOTA_INTERVAL_IDLE_MS;
  }
  if (fullest >= NEARLY_FULL) return QUOTA_INTERVAL_NEARLY_FULL_MS;
  return fullest >= FILLING ? QUOTA_INTERVAL_FILLING_MS : QUOTA_INTERVAL_IN_USE_MS;
}
