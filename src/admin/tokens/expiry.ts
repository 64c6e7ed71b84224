/** When something stops working, as operators write it. */
import { DAY_MS, HOUR_MS } from '../../domain/time-range.js';
import { fail, ok, type Result } from '../result.js';

const MINUTE_MS = 60_000;
const UNITS: Readonly<Record<string, number>> = {
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
  y: 365 * DAY_MS,
};
const FROM_NOW = /^(\d{1,6})([mhdwy])$/;
const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;
/** Postgres and programs alike read years of four digits. */
const LATEST = Date.UTC(9999, 11, 31);

/** Milliseconds since the epoch; null for `never`. */
export function parseExpiry(text: string, now: number): Result<number | null> {
  const field = ['expires'];
  if (text === 'never') return ok(null);
  const [, count = '', unit = ''] = FROM_NOW.exec(text) ?? [];
  const at = unit === '' ? dateOf(text) : now + Number(count) * (UNITS[unit] ?? 0);
  if (Number.isNaN(at)) {
    return fail(
      'INVALID',
      `"${text}" is no time: write 90d (also m, h, w, y), a date such as 2030-01-31 or 2030-01-31T12:00:00Z, or never.`,
      field,
    );
  }
  if (at <= now)
    return fail('OUT_OF_RANGE', `"${text}" is past: a token expires in the future, or never.`, field);
  return at > LATEST ? fail('OUT_OF_RANGE', `"${text}" is too far away: write never.`, field) : ok(at);
}

/** A date without a time ends with its day, in UTC. */
function dateOf(text: string): number {
  const match = DATE.exec(text);
  if (!match) return Number.NaN;
  return match[1] === undefined ? Date.parse(text) + DAY_MS : Date.parse(text);
}
