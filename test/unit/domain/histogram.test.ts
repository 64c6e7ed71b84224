import { expect, test } from 'vitest';
import {
  bucketOf,
  bucketUpperMs,
  countInto,
  mergeHistograms,
  percentile,
} from '../../../src/domain/histogram.js';
import { seededRandom } from '../usage/events.js';

test('every duration is within the bounds of its bucket', () => {
  for (let ms = 0; ms < 5_000_000; ms = Math.ceil(ms * 1.01) + 1) {
    const bucket = bucketOf(ms);
    if (bucketUpperMs(bucket) < 4_194_304) expect(ms).toBeLessThanOrEqual(bucketUpperMs(bucket) * 1.000001);
    if (bucket > 0) expect(ms).toBeGreaterThan(bucketUpperMs(bucket - 1) * 0.999999);
  }
  expect(bucketOf(Number.NaN)).toBe(0);
  expect(bucketOf(Number.POSITIVE_INFINITY)).toBe(bucketOf(5_000_000));
});

test('percentiles are within a bucket of the exact ones', () => {
  const random = seededRandom(3);
  const values = Array.from({ length: 5_000 }, () => 20 + random(30_000));
  const histogram: number[] = [];
  for (const value of values) countInto(histogram, value);
  const sorted = values.toSorted((a, b) => a - b);
  for (const fraction of [0.01, 0.5, 0.95, 0.99]) {
    const exact = sorted[Math.ceil(fraction * sorted.length) - 1] ?? 0;
    expect(Math.abs((percentile(histogram, fraction) ?? 0) - exact) / exact).toBeLessThan(0.19);
  }
});

test('there is no percentile without traffic', () => {
  expect(percentile([], 0.5)).toBeNull();
  expect(percentile([0, 0], 0.95)).toBeNull();
});

test('merging is adding, whatever the lengths', () => {
  expect(mergeHistograms([1, 2], [0, 1, 5])).toEqual([1, 3, 5]);
  expect(mergeHistograms([], [])).toEqual([]);
});
