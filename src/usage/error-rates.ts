/**
 * The share of requests that failed at each connection lately, from what is being recorded: every call to a provider
 * counts, also one that another one made up for. In memory: after a start there is no rate until there is traffic.
 */
import { ERROR_RATES_MAX, ERROR_RATE_MINUTES } from '../config/routing-limits.js';
import type { Clock } from '../domain/clock.js';
import type { FailureClass } from '../domain/vocabulary.js';
import type { Bus } from '../live/bus.js';

export interface ErrorRates {
  /** 0 to 1; null without traffic. */
  of(connectionId: string): number | null;
  close(): void;
}

/** Calls that say nothing about a connection: they were never carried to an end. */
const NOT_COUNTED: ReadonlySet<FailureClass> = new Set(['CANCELLED', 'INTERRUPTED']);
/** Mistakes of the caller: the connection did what it should by refusing them. */
const CALLERS_OWN: ReadonlySet<FailureClass> = new Set([
  'INVALID_REQUEST',
  'CONTEXT_LENGTH',
  'CONTENT_POLICY',
  'CLIENT_REFUSED',
]);

const MINUTE_MS = 60_000;

interface Minute {
  readonly minute: number;
  total: number;
  failed: number;
}

export function followErrorRates({ bus, clock }: { readonly bus: Bus; readonly clock: Clock }): ErrorRates {
  /** Minutes with traffic by connection, oldest first; connections that were used longest ago come first. */
  const known = new Map<string, Minute[]>();
  const oldestCounted = (): number => Math.floor(clock.now() / MINUTE_MS) - ERROR_RATE_MINUTES;
  const count = (connectionId: string, minute: number, failed: boolean): void => {
    const minutes = (known.get(connectionId) ?? []).filter((each) => each.minute > oldestCounted());
    let found = minutes.find((each) => each.minute === minute);
    if (!found) minutes.push((found = { minute, total: 0, failed: 0 }));
    found.total++;
    if (failed) found.failed++;
    known.delete(connectionId);
    known.set(connectionId, minutes);
    const [oldest] = known.keys();
    if (known.size > ERROR_RATES_MAX && oldest !== undefined) known.delete(oldest);
  };
  const close = bus.subscribe('attempts.recorded', ({ attempts }) => {
    for (const { connectionId, failure, endedAt } of attempts) {
      const minute = Math.floor(endedAt / MINUTE_MS);
      if (failure !== null && NOT_COUNTED.has(failure)) continue;
      if (minute > oldestCounted())
        count(connectionId, minute, failure !== null && !CALLERS_OWN.has(failure));
    }
  });
  return {
    of(connectionId) {
      const from = oldestCounted();
      const minutes = (known.get(connectionId) ?? []).filter(({ minute }) => minute > from);
      const total = minutes.reduce((sum, minute) => sum + minute.total, 0);
      return total === 0 ? null : minutes.reduce((sum, minute) => sum + minute.failed, 0) / total;
    },
    close,
  };
}
