/**
 * Mergeable histograms of milliseconds. Bucket i holds what is above 2^((i-1)/4) and at most 2^(i/4); the first also holds
 * everything below, the last everything above an hour and a quarter. A percentile is off by at most the width of a bucket,
 * 19 %, and by much less in practice because it is interpolated.
 */

/** Counts by bucket; buckets behind the last filled one are left out. */
export type Histogram = readonly number[];

const BUCKETS_PER_DOUBLING = 4;
const LAST_BUCKET = 22 * BUCKETS_PER_DOUBLING;
/** More than any bucket will ever count: a million millions. */
export const DIGITS_PER_BUCKET = 12;

/** Least whole number of milliseconds that each bucket counts, from the second bucket on. */
export const BUCKET_STARTS_MS: readonly number[] = Array.from(
  { length: LAST_BUCKET },
  (_, bucket) => Math.floor(bucketUpperMs(bucket)) + 1,
);

/** Upper bound of a bucket in milliseconds, itself included. */
export function bucketUpperMs(bucket: number): number {
  return 2 ** (bucket / BUCKETS_PER_DOUBLING);
}

/** Bucket that counts a duration. */
export function bucketOf(ms: number): number {
  if (!(ms > 1)) return 0;
  const bucket = Math.ceil(Math.log2(ms) * BUCKETS_PER_DOUBLING - 1e-9);
  return Math.min(bucket, LAST_BUCKET);
}

/** The histogram with one more duration in it. */
export function countInto(histogram: number[], ms: number): void {
  addAt(histogram, bucketOf(ms), 1);
}

/** Both together. */
export function mergeHistograms(a: Histogram, b: Histogram): number[] {
  const merged = [...a];
  b.forEach((count, bucket) => addAt(merged, bucket, count));
  return merged;
}

/** The value that the given fraction of durations does not exceed, in whole milliseconds; null when there are none. */
export function percentile(histogram: Histogram, fraction: number): number | null {
  const total = histogram.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = fraction * total;
  let below = 0;
  for (const [bucket, count] of histogram.entries()) {
    if (count > 0 && below + count >= rank) {
      const lower = bucket === 0 ? 0 : bucketUpperMs(bucket - 1);
      const share = Math.max(rank - below, 0) / count;
      return Math.round(lower + (bucketUpperMs(bucket) - lower) * share);
    }
    below += count;
  }
  return Math.round(bucketUpperMs(histogram.length - 1));
}

/**
 * The histogram as one whole number in decimal, in which bucket i counts in the i-th group of {@link DIGITS_PER_BUCKET} digits from the right.
 * The sum of such numbers is the number of the merged histogram, so that a database merges them by adding.
 */
export function packHistogram(histogram: Histogram): string {
  const digits = histogram
    .map((count) => String(count).padStart(DIGITS_PER_BUCKET, '0'))
    .reverse()
    .join('')
    .replace(/^0+/, '');
  return digits === '' ? '0' : digits;
}

export function unpackHistogram(digits: string): number[] {
  const histogram: number[] = [];
  for (let end = digits.length; end > 0; end -= DIGITS_PER_BUCKET) {
    histogram.push(Number(digits.slice(Math.max(end - DIGITS_PER_BUCKET, 0), end)));
  }
  return histogram.length === 1 && histogram[0] === 0 ? [] : histogram;
}

function addAt(histogram: number[], bucket: number, count: number): void {
  while (histogram.length <= bucket) histogram.push(0);
  histogram[bucket] = (histogram[bucket] ?? 0) + count;
}
