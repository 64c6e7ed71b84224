/** Quota windows for tests, as seen at one moment. */
import type { QuotaReading } from '../../../src/domain/quota.js';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const NOW = Date.UTC(2026, 2, 4, 12);

export function window(name: string, lengthMs: number, usedFraction: number, leftMs: number): QuotaReading {
  return {
    name,
    windowSeconds: lengthMs / 1_000,
    unit: 'SHARE',
    limit: null,
    used: null,
    usedFraction,
    resetsAt: NOW + leftMs,
    source: 'REPORTED',
    observedAt: NOW,
  };
}

export function weekly(usedFraction: number, leftMs: number): QuotaReading {
  return window('weekly', 7 * DAY, usedFraction, leftMs);
}
