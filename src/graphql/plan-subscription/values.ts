/** Plans and readings in the form in which they are answered. */
import { siblingId } from '../../domain/ids.js';
import { usdFromNumber, type NanoUsd } from '../../domain/money.js';
import { elapsedFraction, paceOf, type QuotaReading } from '../../domain/quota.js';
import type { ConnectionRecord } from '../../domain/records.js';
import type { QuotaWindow } from './types.js';

/** What the fields of a plan are answered from. */
export interface PlanSource {
  readonly id: string;
  readonly connection: ConnectionRecord;
  readonly planCode: string | null;
  readonly monthlyPriceUsd: NanoUsd | null;
  readonly active: boolean | null;
}

/** The plan behind a connection; null when it is paid for in another way. */
export function planOf(connection: ConnectionRecord | null): PlanSource | null {
  if (connection?.billing !== 'SUBSCRIPTION') return null;
  return {
    id: siblingId('plan', connection.id),
    connection,
    planCode: connection.planCode,
    monthlyPriceUsd: connection.monthlyPriceNanoUsd,
    active: connection.planActive,
  };
}

/** A reading with what it says now about the time left. */
export function toQuotaWindow(reading: QuotaReading, now: number): QuotaWindow {
  const { models: _, limit, used, ...rest } = reading;
  return {
    ...rest,
    limit: limit === null ? null : usdFromNumber(limit),
    used: used === null ? null : usdFromNumber(used),
    elapsedFraction: elapsedFraction(reading, now),
    pace: paceOf(reading, now),
  };
}

/** When the first of the windows that are open resets; infinity when none is known to. */
export function nextReset(readings: readonly QuotaReading[], now: number): number {
  return Math.min(
    ...readings.map(({ resetsAt }) =>
      resetsAt !== null && resetsAt > now ? resetsAt : Number.POSITIVE_INFINITY,
    ),
  );
}
