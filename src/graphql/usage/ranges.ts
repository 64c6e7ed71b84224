/** Ranges and filters of usage as callers give them. */
import type { Clock } from '../../domain/clock.js';
import { REPORT_DAYS_MAX, REPORT_DAYS_MAX_BY_HOUR } from '../../config/usage-limits.js';
import { AppError } from '../../domain/errors.js';
import { DAY_MS, type TimeRange } from '../../domain/time-range.js';
import type { UsageInterval } from '../../domain/vocabulary.js';
import type { UsageFilter } from '../../persistence/usage-filter.js';
import { checkListLength, present } from '../shared/args.js';
import type { TimeRangeInput, UsageFilterInput } from './inputs.js';

/** A range that ends now unless it says otherwise. */
export function toRange(
  { from, to }: TimeRangeInput,
  clock: Clock,
  field: readonly string[] = ['range'],
): TimeRange {
  const range = { from, to: to ?? clock.now() };
  if (range.from >= range.to) {
    throw new AppError('BAD_USER_INPUT', 'A range must start before it ends.', { field: [...field, 'from'] });
  }
  return range;
}

/** Refuses a range with more buckets than anyone can read. */
export function checkSpan(
  { from, to }: TimeRange,
  interval: UsageInterval,
  field: readonly string[] = ['input', 'range'],
): void {
  const days = interval === 'HOUR' ? REPORT_DAYS_MAX_BY_HOUR : REPORT_DAYS_MAX;
  if (to - from > days * DAY_MS) {
    throw new AppError(
      'BAD_USER_INPUT',
      `A range may span at most ${days} days when summed by ${interval}.`,
      { field },
    );
  }
}

export function toFilter(input: UsageFilterInput | null | undefined, clock: Clock): UsageFilter {
  const { range, ...filter } = present(input);
  for (const [name, value] of Object.entries(filter)) {
    if (Array.isArray(value)) checkListLength(name, value);
  }
  return range ? { ...filter, range: toRange(range, clock, ['filter', 'range']) } : filter;
}

/** A filter for an operation that has a range of its own. */
export function toFilterWithoutRange(input: UsageFilterInput | null | undefined, clock: Clock): UsageFilter {
  const { range: _range, ...filter } = input ?? {};
  return toFilter(filter, clock);
}
