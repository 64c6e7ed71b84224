/** The error rate of a connection: what counts as its failure, and for how long. */
import { expect, it } from 'vitest';
import type { FailureClass } from '../../../src/domain/vocabulary.js';
import { createBus } from '../../../src/live/bus.js';
import { followErrorRates } from '../../../src/usage/error-rates.js';
import { quietLogger } from '../../support/database.js';

const MINUTE = 60_000;

function setUp() {
  let now = Date.UTC(2026, 10, 22, 12);
  const bus = createBus(quietLogger);
  const rates = followErrorRates({ bus, clock: { now: () => now, monotonic: () => now } });
  return {
    rates,
    bus,
    pass: (ms: number) => void (now += ms),
    record(...failures: (FailureClass | null)[]) {
      const attempts = failures.map((failure) => ({
        connectionId: 'a',
        failure,
        sentAt: now,
        endedAt: now,
      }));
      bus.publish('attempts.recorded', { workspaceId: 'ws', attempts });
    },
  };
}

it('is unknown without traffic, and a share of the calls with it', () => {
  const { rates, record } = setUp();
  expect(rates.of('a')).toBeNull();
  record(null, null, null, 'UPSTREAM_ERROR');
  expect([rates.of('a'), rates.of('b')]).toEqual([0.25, null]);
});

it('does not blame a connection for callers that left or erred, and leaves out what never ended', () => {
  const { rates, record } = setUp();
  record('CANCELLED', 'INTERRUPTED');
  expect(rates.of('a')).toBeNull();
  record('INVALID_REQUEST', 'CONTEXT_LENGTH', 'CONTENT_POLICY', 'RATE_LIMITED');
  expect(rates.of('a')).toBe(0.25);
});

it('forgets after a quarter of an hour', () => {
  const { rates, record, pass } = setUp();
  record('TIMEOUT');
  pass(14 * MINUTE);
  record(null);
  expect(rates.of('a')).toBe(0.5);
  pass(MINUTE);
  expect(rates.of('a')).toBe(0);
  pass(15 * MINUTE);
  expect(rates.of('a')).toBeNull();
});

it('ends with its follower', () => {
  const { rates, bus } = setUp();
  rates.close();
  expect(bus.listeners('attempts.recorded')).toBe(0);
});
