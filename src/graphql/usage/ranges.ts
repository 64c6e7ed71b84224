/** Ranges and filters of usage as callers give them. */
import type { Clock } from '../../domain/clock.js';
import { REPORT_DAYS_MAX, REPORT_DAYS_MAX_BY_HOUR } from '../../config/usage-limits.js';
import { AppError } from '../../domain/errors.js';
import { DAY_MS, type TimeRange } from '../../domain/time-range.js';
import type { UsageInterval } from '../../domain/vocabulary.js';
import type { UsageFilter } from '../../persistence/usage-filter.js';
import type { GraphqlContext } from '../context.js';
import { checkListLength, present } from '../shared/args.js';
import type { TimeRangeInput, UsageFilterInput } from './inputs.js';

/** Whoever asks, and of whom. */
type Asking = Pick<GraphqlContext, 'services' | 'caller'>;

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

/** Tags are replaced by the keys that have them now, so that whatever takes a filter sees the same keys. */
export async function toFilter(
  input: UsageFilterInput | null | undefined,
  { services, caller }: Asking,
): Promise<UsageFilter> {
  const { range, tags, ...lists } = present(input);
  for (const [name, value] of Object.entries({ ...lists, tags })) {
    if (Array.isArray(value)) checkListLength(name, value);
  }
  const filter: UsageFilter = range
    ? { ...lists, range: toRange(range, services.clock, ['filter', 'range']) }
    : lists;
  if (tags === undefined) return filter;
  const tagged = await services.usage.keysTagged(caller, tags);
  const { accessKeys } = lists;
  return { ...filter, accessKeys: accessKeys ? tagged.filter((id) => accessKeys.includes(id)) : tagged };
}

/** A filter for an operation that has a range of its own. */
export function toFilterWithoutRange(
  input: UsageFilterInput | null | undefined,
  asking: Asking,
): Promise<UsageFilter> {
  const { range: _range, ...filter } = input ?? {};
  return toFilter(filter, asking);
}
