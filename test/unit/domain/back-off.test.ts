/** Waits between tries. */
import { expect, test } from 'vitest';
import { backOffMs } from '../../../src/domain/back-off.js';

const BACK_OFF = { minMs: 100, maxMs: 5_000 };

test('each wait is between half and all of twice the one before, up to the longest, however often it failed', () => {
  for (const [index, longest] of [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000].entries()) {
    const wait = backOffMs(index + 1, BACK_OFF);
    expect(wait).toBeGreaterThanOrEqual(longest / 2);
    expect(wait).toBeLessThanOrEqual(longest);
  }
  expect(backOffMs(10_000, BACK_OFF)).toBeLessThanOrEqual(5_000);
});

test('two that failed together come back apart', () => {
  const waits = new Set(Array.from({ length: 20 }, () => backOffMs(10, BACK_OFF)));
  expect(waits.size).toBeGreaterThan(1);
});
