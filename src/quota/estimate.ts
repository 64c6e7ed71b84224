/** Windows of plans that cannot be read, worked out from our own use and what the provider publishes. */
import type { ConnectionRecord } from '../domain/records.js';
import { DAY_MS, HOUR_MS } from '../domain/time-range.js';
import { useSince, useSinceHour, type ConnectionUse } from '../persistence/quota-use.js';
import type { Sql } from '../persistence/sql.js';
import type { PublishedWindow, StatedWindow, WindowSpan } from '../providers/plan-quota.js';

const MONTH_MS = 30 * DAY_MS;
const NANO = 1e9;

/** Estimates every published window. What the plan was used for elsewhere is not in it. */
export async function estimateWindows(
  sql: Sql,
  connection: Pick<ConnectionRecord, 'id' | 'workspaceId'>,
  published: readonly PublishedWindow[],
  now: number,
): Promise<readonly StatedWindow[]> {
  return Promise.all(
    published.map(async (window) => {
      const from = startOf(window.span, now);
      const read = window.span.kind === 'SLIDING' ? useSince : useSinceHour;
      return estimateWindow(window, await read(sql, connection.workspaceId, connection.id, from), now);
    }),
  );
}

/** Start of what counts now. Hours are whole except where a window slides. */
export function startOf(span: WindowSpan, now: number): number {
  switch (span.kind) {
    case 'SLIDING':
      return now - span.seconds * 1000;
    case 'DAY':
      return startOfDay(now, span.utcOffsetHours);
    case 'WEEK': {
      const day = startOfDay(now, span.utcOffsetHours);
      const local = new Date(day + span.utcOffsetHours * HOUR_MS);
      return day - ((local.getUTCDay() + 6) % 7) * DAY_MS;
    }
    case 'MONTH_OF_PURCHASE':
      return Math.floor((now - MONTH_MS) / HOUR_MS) * HOUR_MS;
  }
}

/** One window with the use since its start. */
export function estimateWindow(window: PublishedWindow, use: ConnectionUse, now: number): StatedWindow {
  const { name, unit, limit, span } = window;
  const used = { REQUESTS: use.requests, TOKENS: use.tokens, USD: Number(use.listCostNanoUsd) / NANO }[unit];
  const resetsAt = endOf(span, use, now);
  const windowSeconds = lengthMs(span) / 1000;
  return { name, windowSeconds, unit, limit, used, usedFraction: Math.min(1, used / limit), resetsAt };
}

/** When some of it is free again. Of a month that began on an unknown day, nobody knows. */
function endOf(span: WindowSpan, use: ConnectionUse, now: number): number | null {
  switch (span.kind) {
    case 'SLIDING':
      return use.firstAt === null ? null : use.firstAt + span.seconds * 1000;
    case 'DAY':
    case 'WEEK':
      return startOf(span, now) + lengthMs(span);
    case 'MONTH_OF_PURCHASE':
      return null;
  }
}

function lengthMs(span: WindowSpan): number {
  switch (span.kind) {
    case 'SLIDING':
      return span.seconds * 1000;
    case 'DAY':
      return DAY_MS;
    case 'WEEK':
      return 7 * DAY_MS;
    case 'MONTH_OF_PURCHASE':
      return MONTH_MS;
  }
}

function startOfDay(now: number, utcOffsetHours: number): number {
  const offset = utcOffsetHours * HOUR_MS;
  return Math.floor((now + offset) / DAY_MS) * DAY_MS - offset;
}
