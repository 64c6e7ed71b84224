/** Limits on what may be used: what they count, over what, and within which calendar window. */
import { bucketEnd, bucketStart } from './time-range.js';
import type { LimitWindow } from './vocabulary.js';

export const LIMIT_METRICS = ['COST_USD', 'TOKENS', 'REQUESTS', 'FAILURE_RATE', 'QUOTA_PERCENT'] as const;
/** What a limit watches. */
export type LimitMetric = (typeof LIMIT_METRICS)[number];

/** Metrics that only grow within a window, so that a request's part in them can be set aside before it runs. */
export type SummedMetric = 'COST_USD' | 'TOKENS' | 'REQUESTS';

export const LIMIT_ACTIONS = ['NOTIFY', 'BLOCK'] as const;
export type LimitAction = (typeof LIMIT_ACTIONS)[number];

/** Traffic that is counted; what is null does not restrict. */
export interface LimitScope {
  /** Slug. */
  readonly provider: string | null;
  readonly connectionId: string | null;
  readonly accessKeyId: string | null;
  readonly tierId: string | null;
}

export const NO_SCOPE: LimitScope = { provider: null, connectionId: null, accessKeyId: null, tierId: null };

/** A calendar window in UTC: start inclusive, end exclusive. */
export interface WindowSpan {
  readonly from: number;
  readonly to: number;
}

/** The window that holds a moment. */
export function windowAt(time: number, window: LimitWindow): WindowSpan {
  const from = bucketStart(time, window);
  return { from, to: bucketEnd(from, window) };
}

/** Whether a metric is a sum. */
export function isSummed(metric: LimitMetric): metric is SummedMetric {
  return metric === 'COST_USD' || metric === 'TOKENS' || metric === 'REQUESTS';
}

const WINDOW_WORDS: Record<LimitWindow, string> = {
  HOUR: 'this hour',
  DAY: 'today',
  WEEK: 'this week',
  MONTH: 'this month',
  TOTAL: 'in all',
};

/** A window in words, as in `5 USD this month`. */
export function inWindow(window: LimitWindow): string {
  return WINDOW_WORDS[window];
}
