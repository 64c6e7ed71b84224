/** What a new reading of a plan says, given the one before: providers round, jitter and correct themselves. */
import { fell, sameReset } from '../domain/past-quota.js';
import { EXHAUSTED_FRACTION, type QuotaReading } from '../domain/quota.js';
import type { MeasurementSource } from '../domain/vocabulary.js';
import type { StatedWindow } from '../providers/plan-quota.js';

/** A change of this much, or across the line of used up, may change where requests go. */
const ROUTING_STEP = 0.01;
/** Without a length nobody knows when a window is over; most are shorter. */
const UNKNOWN_LENGTH_MS = 6 * 3_600_000;

/** Stated windows as readings, resets as they were known where they only jitter. Of two with one name, the fuller one counts. */
export function settle(
  stated: readonly StatedWindow[],
  before: readonly QuotaReading[],
  source: MeasurementSource,
  now: number,
): readonly QuotaReading[] {
  const byName = new Map<string, QuotaReading>();
  for (const window of stated) {
    const last = before.find(({ name }) => name === window.name);
    const known = last && last.resetsAt !== null && last.resetsAt > now && sameReset(last, window);
    const reading = {
      ...window,
      ...(known && { resetsAt: last.resetsAt }),
      source,
      observedAt: now,
    };
    const other = byName.get(window.name);
    if (!other || other.usedFraction < reading.usedFraction) byName.set(window.name, reading);
  }
  return [...byName.values()];
}

/** Whether a window is less used than before although it is the same one: worth a second look before it is believed. */
export function fellWithoutReset(before: readonly QuotaReading[], after: readonly QuotaReading[]): boolean {
  return after.some((reading) => {
    const last = before.find(({ name }) => name === reading.name);
    if (!last || !fell(last, reading)) return false;
    const over = last.resetsAt !== null && last.resetsAt <= reading.observedAt;
    return !over && sameReset(last, reading);
  });
}

/** Whether anything but the time of reading differs. */
export function differs(before: readonly QuotaReading[], after: readonly QuotaReading[]): boolean {
  return JSON.stringify(comparable(before)) !== JSON.stringify(comparable(after));
}

/** Whether requests may go elsewhere for it. */
export function mattersForRouting(before: readonly QuotaReading[], after: readonly QuotaReading[]): boolean {
  if (before.length !== after.length) return true;
  return after.some((reading) => {
    const last = before.find(({ name }) => name === reading.name);
    return (
      !last ||
      !sameReset(last, reading) ||
      isUsedUp(last) !== isUsedUp(reading) ||
      Math.abs(last.usedFraction - reading.usedFraction) >= ROUTING_STEP
    );
  });
}

/** Whether a reading that could not be renewed says nothing any more, although no reset tells so. */
export function isStale(reading: QuotaReading, now: number): boolean {
  if (reading.resetsAt !== null) return false;
  const { windowSeconds } = reading;
  return now - reading.observedAt > (windowSeconds === null ? UNKNOWN_LENGTH_MS : windowSeconds * 1000);
}

function isUsedUp({ usedFraction }: QuotaReading): boolean {
  return usedFraction >= EXHAUSTED_FRACTION;
}

function comparable(readings: readonly QuotaReading[]): unknown {
  return readings
    .map((reading) => [
      reading.name,
      reading.windowSeconds,
      reading.unit,
      reading.limit,
      reading.used,
      reading.usedFraction,
      reading.resetsAt,
      reading.source,
    ])
    .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1));
}
