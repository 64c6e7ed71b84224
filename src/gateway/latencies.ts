/** How long models took to their first token lately, through each connection. */
import { LATENCIES_REMEMBERED_MAX, LATENCY_MEMORY_MS } from '../config/routing-limits.js';
import type { Clock } from '../domain/clock.js';

export interface Latencies {
  /** Milliseconds; null when it was not measured lately. */
  typical(connectionId: string, modelRef: string): number | null;
  measured(connectionId: string, modelRef: string, firstTokenMs: number): void;
}

/** Weight of the newest measurement: a few requests tell, one slow one does not. */
const NEWEST = 0.25;

export function createLatencies(clock: Clock): Latencies {
  const entries = new Map<string, { average: number; measuredAt: number }>();
  return {
    typical(connectionId, modelRef) {
      const entry = entries.get(`${connectionId} ${modelRef}`);
      return entry && clock.monotonic() - entry.measuredAt < LATENCY_MEMORY_MS ? entry.average : null;
    },
    measured(connectionId, modelRef, firstTokenMs) {
      const key = `${connectionId} ${modelRef}`;
      const before = entries.get(key);
      const now = clock.monotonic();
      const fresh = before === undefined || now - before.measuredAt >= LATENCY_MEMORY_MS;
      const average = fresh ? firstTokenMs : before.average + NEWEST * (firstTokenMs - before.average);
      entries.delete(key);
      entries.set(key, { average, measuredAt: now });
      if (entries.size <= LATENCIES_REMEMBERED_MAX) return;
      const [oldest] = entries.keys();
      if (oldest !== undefined) entries.delete(oldest);
    },
  };
}
