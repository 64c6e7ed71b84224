/** What a provider says of a plan's allowance, and careful ways to read it: a window that contradicts itself is none. */
import type { QuotaReading } from '../domain/quota.js';
import type { QuotaUnit } from '../domain/vocabulary.js';
import type { Probe } from './define-provider.js';
import { isFields } from './model-list.js';

/** A window as a provider states it. */
export type StatedWindow = Omit<QuotaReading, 'source' | 'observedAt' | 'models'>;

/** What a provider says of a plan at one moment. */
export interface QuotaStatement {
  /** Empty when nothing that it said can be relied on. */
  readonly windows: readonly StatedWindow[];
  /** Whether the plan is in force; null when it does not say. */
  readonly active: boolean | null;
}

export interface QuotaContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Region in use; null where there is only one. */
  readonly region: string | null;
  readonly planCode: string | null;
}

/** How a plan's windows are read with its key. */
export interface QuotaSource {
  readonly probes: readonly [Probe, ...Probe[]];
  /** From the JSON bodies of the answers, in the order of `probes`. Anything unexpected gives no window rather than a wrong one. */
  readonly parse: (bodies: readonly unknown[], context: QuotaContext) => QuotaStatement;
  /** Least time between two readings, where the provider limits them. */
  readonly minIntervalMs?: number;
}

/** How a published window is laid on the calendar. */
export type WindowSpan =
  /** Use of the last so many seconds; it falls out again bit by bit. */
  | { readonly kind: 'SLIDING'; readonly seconds: number }
  | { readonly kind: 'DAY'; readonly utcOffsetHours: number }
  /** From Monday on. */
  | { readonly kind: 'WEEK'; readonly utcOffsetHours: number }
  /** A month from the day of purchase, which is not known here: use of the last 30 days is the most it can be. */
  | { readonly kind: 'MONTH_OF_PURCHASE' };

/** A window that a provider publishes but does not show, so that it can be estimated from our own use. */
export interface PublishedWindow {
  readonly name: string;
  readonly unit: Extract<QuotaUnit, 'REQUESTS' | 'TOKENS' | 'USD'>;
  readonly limit: number;
  readonly span: WindowSpan;
}

export const HOUR_SECONDS = 3_600;
export const DAY_SECONDS = 24 * HOUR_SECONDS;
export const WEEK_SECONDS = 7 * DAY_SECONDS;

/** Coding plans of Chinese clouds: calls to models in 5 hours, a week that starts on Monday in Beijing, and a month. */
export function callsPublished(
  per5Hours: number,
  perWeek: number,
  perMonth: number,
): readonly PublishedWindow[] {
  return [
    { name: '5h', unit: 'REQUESTS', limit: per5Hours, span: { kind: 'SLIDING', seconds: 5 * HOUR_SECONDS } },
    { name: 'weekly', unit: 'REQUESTS', limit: perWeek, span: { kind: 'WEEK', utcOffsetHours: 8 } },
    { name: 'monthly', unit: 'REQUESTS', limit: perMonth, span: { kind: 'MONTH_OF_PURCHASE' } },
  ];
}

/** A longer time to a reset is no reset: no plan has a window beyond a month. */
const RESET_MAX_MS = 40 * DAY_SECONDS * 1000;
/** Numbers below this are no instants, in whatever unit: the year 2001 in seconds. */
const INSTANT_MIN = 1e9;
/** From here on a number counts milliseconds: as seconds it would be beyond the year 5000. */
const MILLISECONDS_MIN = 1e11;
/** Two statements of one share may differ by rounding; further apart, one of them is misread. */
const CONTRADICTION = 0.05;

/** What may be stated of a window; what is not stated is left out or null. */
export interface WindowFacts {
  /** After its length when left out. */
  readonly name?: string;
  readonly windowSeconds: number | null;
  /** Of `limit`, `used` and `remaining`; without these the window is a share only. */
  readonly unit: QuotaUnit;
  readonly limit?: unknown;
  readonly used?: unknown;
  readonly remaining?: unknown;
  /** 0 to 100. */
  readonly percentUsed?: unknown;
  /** 0 to 1. */
  readonly fractionUsed?: unknown;
  /** An instant in any of the usual forms. */
  readonly resetsAt: unknown;
}

/** One window in a list, or an empty list when its numbers are missing, impossible or contradict each other. */
export function statedWindow(facts: WindowFacts, now: number): readonly StatedWindow[] {
  const counted = countsOf(facts);
  const share = shareOf(facts);
  if (counted === 'IMPOSSIBLE' || share === 'IMPOSSIBLE') return [];
  if (counted === null && share === null) return [];
  const ofCounts = counted && Math.min(1, counted.used / counted.limit);
  if (ofCounts !== null && share !== null && Math.abs(ofCounts - share) > CONTRADICTION) return [];
  const { windowSeconds } = facts;
  return [
    {
      name: facts.name ?? windowName(windowSeconds),
      windowSeconds,
      unit: counted === null ? 'SHARE' : facts.unit,
      limit: counted?.limit ?? null,
      used: counted?.used ?? null,
      usedFraction: ofCounts ?? share ?? 0,
      resetsAt: instantOf(facts.resetsAt, now),
    },
  ];
}

/** `5h`, `daily`, `weekly`, `monthly`. */
function windowName(seconds: number | null): string {
  if (seconds === null) return 'allowance';
  if (seconds === WEEK_SECONDS) return 'weekly';
  if (seconds === DAY_SECONDS) return 'daily';
  if (seconds >= 28 * DAY_SECONDS && seconds <= 31 * DAY_SECONDS) return 'monthly';
  if (seconds % DAY_SECONDS === 0) return `${seconds / DAY_SECONDS}d`;
  return seconds % HOUR_SECONDS === 0 ? `${seconds / HOUR_SECONDS}h` : `${Math.round(seconds / 60)}min`;
}

/** A number that is not negative, also as text and with a dollar sign; null otherwise. */
export function amountOf(value: unknown): number | null {
  const amount =
    typeof value === 'string' && value.trim() !== '' ? Number(value.trim().replace(/^\$/, '')) : value;
  return typeof amount === 'number' && Number.isFinite(amount) && amount >= 0 ? amount : null;
}

/** Milliseconds since the epoch, from seconds, milliseconds, either of them as text, or a date; null when it is no reset. */
export function instantOf(value: unknown, now: number): number | null {
  const number = amountOf(value);
  const time =
    number === null
      ? typeof value === 'string'
        ? // A fraction of nanoseconds is more than `Date` reads.
          Date.parse(value.replace(/(\.\d{3})\d+/, '$1'))
        : Number.NaN
      : number < INSTANT_MIN
        ? Number.NaN
        : number < MILLISECONDS_MIN
          ? number * 1000
          : number;
  return Number.isNaN(time) || time > now + RESET_MAX_MS ? null : Math.round(time);
}

/** Length of the month that ends at an instant on the same day of the month before; null for an unknown end. */
export function monthSecondsBefore(end: number | null): number | null {
  if (end === null) return null;
  const start = new Date(end);
  const day = start.getUTCDate();
  start.setUTCMonth(start.getUTCMonth() - 1);
  // The 31st of a month with 30 days is the 1st of the next.
  if (start.getUTCDate() !== day) start.setUTCDate(0);
  return Math.round((end - start.getTime()) / 1000);
}

/** Fields of an object within one; empty when there is none. */
export function fieldsAt(value: unknown, ...path: readonly string[]): Readonly<Record<string, unknown>> {
  let at: unknown = value;
  for (const name of path) at = isFields(at) ? at[name] : undefined;
  return isFields(at) ? at : {};
}

/** Objects in a list within an object; empty when there is none. */
export function itemsAt(
  value: unknown,
  ...path: readonly [string, ...string[]]
): readonly Readonly<Record<string, unknown>>[] {
  const list = fieldsAt(value, ...path.slice(0, -1))[path.at(-1) ?? ''];
  return Array.isArray(list) ? list.filter(isFields) : [];
}

/** Null when nothing is counted. */
function countsOf(facts: WindowFacts): { limit: number; used: number } | 'IMPOSSIBLE' | null {
  const limit = amountOf(facts.limit);
  const used = amountOf(facts.used);
  const remaining = amountOf(facts.remaining);
  if (limit === null || limit === 0) return null;
  if (used === null && remaining === null) return null;
  if (used === null)
    return remaining !== null && remaining <= limit ? { limit, used: limit - remaining } : 'IMPOSSIBLE';
  // A window may be overdrawn: then nothing remains.
  const left = Math.max(0, limit - used);
  if (remaining !== null && Math.abs(left - remaining) > limit * CONTRADICTION) return 'IMPOSSIBLE';
  return { limit, used };
}

/** Null when no share is stated. */
function shareOf(facts: WindowFacts): number | 'IMPOSSIBLE' | null {
  const percent = amountOf(facts.percentUsed);
  const fraction = amountOf(facts.fractionUsed) ?? (percent === null ? null : percent / 100);
  if (fraction === null) return null;
  // Overdrawn by a little is full; by a lot it is a percentage taken for a fraction.
  return fraction > 1.5 ? 'IMPOSSIBLE' : Math.min(1, fraction);
}
