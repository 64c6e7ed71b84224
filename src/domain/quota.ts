/** Allowances of plans that renew, and what their use says about the time left. */
import type { MeasurementSource, QuotaPace, QuotaUnit } from './vocabulary.js';

/** One window of a plan as it was read or estimated. Amounts are plain numbers: they decide, they are not billed. */
export interface QuotaReading {
  /** As `5h` or `weekly`; unique within a connection. */
  readonly name: string;
  /** Null when unknown. */
  readonly windowSeconds: number | null;
  readonly unit: QuotaUnit;
  /** In `unit`; null when the provider does not say. */
  readonly limit: number | null;
  readonly used: number | null;
  /** 0 to 1. */
  readonly usedFraction: number;
  /** Milliseconds since the epoch; null when unknown. */
  readonly resetsAt: number | null;
  readonly source: MeasurementSource;
  /** When the numbers were taken, in milliseconds since the epoch. */
  readonly observedAt: number;
  /** References of the only models it counts; left out for all. */
  readonly models?: readonly string[];
}

/** What an answer said in passing about the plan it came through. */
export interface HeaderReading {
  readonly workspaceId: string;
  readonly connectionId: string;
  readonly windows: readonly Omit<QuotaReading, 'source' | 'observedAt' | 'models'>[];
  /** Milliseconds since the epoch. */
  readonly observedAt: number;
}

/** From here on a window counts as used up: providers round, and the last request of a window often fails. */
export const EXHAUSTED_FRACTION = 0.995;
/** How far use and time may differ and still count as in step. */
const STEP = 0.05;
/** Before this share of a window has passed nothing can be told. */
const EARLY = 0.05;

/** Whether a reading still says something: after its reset it describes a window that is over. */
export function isCurrent(reading: QuotaReading, now: number): boolean {
  return reading.resetsAt === null || reading.resetsAt > now;
}

/** Share of the window that has passed, 0 to 1; null when its length or reset is unknown or the reset is over. */
export function elapsedFraction(reading: QuotaReading, now: number): number | null {
  const { windowSeconds, resetsAt } = reading;
  if (windowSeconds === null || resetsAt === null || resetsAt <= now) return null;
  const left = (resetsAt - now) / (windowSeconds * 1000);
  return Math.min(1, Math.max(0, 1 - left));
}

/** Use compared with the time passed. */
export function paceOf(reading: QuotaReading, now: number): QuotaPace {
  if (!isCurrent(reading, now)) return 'UNKNOWN';
  if (reading.usedFraction >= EXHAUSTED_FRACTION) return 'EXHAUSTED';
  const elapsed = elapsedFraction(reading, now);
  if (elapsed === null || elapsed < EARLY) return 'UNKNOWN';
  const lead = reading.usedFraction - elapsed;
  if (lead > STEP) return 'AHEAD';
  return lead < -STEP ? 'BEHIND' : 'ON_PACE';
}

/** When time will have caught up with the use of a window that is ahead; null when its length or reset is unknown. */
export function onPaceAt({ windowSeconds, resetsAt, usedFraction }: QuotaReading): number | null {
  if (windowSeconds === null || resetsAt === null) return null;
  return resetsAt - (1 - (usedFraction - STEP)) * windowSeconds * 1000;
}
