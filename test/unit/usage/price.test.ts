import { describe, expect, test } from 'vitest';
import { NO_TOKENS } from '../../../src/domain/tokens.js';
import type { UsageEvent } from '../../../src/domain/usage.js';
import type { AttemptRecord, EndRecord } from '../../../src/journal/record.js';
import { usageEventOf } from '../../../src/usage/price.js';
import { attemptRecord, endRecord, requestRecord, T0 } from '../journal/records.js';

const failure = { class: 'RATE_LIMITED', httpStatus: 429, message: 'slow down', retryAt: null } as const;
const tokens = { ...NO_TOKENS, input: 1_000, output: 100 };
/** 1000 × $1 + 100 × $3.20 per million. */
const LIST = 1_320_000n;

function eventOf(attempts: AttemptRecord[], changes: Partial<EndRecord> = {}): UsageEvent {
  return usageEventOf({ kind: 'ended', end: endRecord('a', { attempts, ...changes }) });
}

describe('cost', () => {
  test('a subscription costs nothing and has its list price', () => {
    expect(eventOf([attemptRecord({ tokens })])).toMatchObject({
      costNanoUsd: 0n,
      listCostNanoUsd: LIST,
      priceId: 'price_1',
    });
  });

  test('metered traffic costs its list price', () => {
    expect(eventOf([attemptRecord({ tokens, billing: 'METERED' })])).toMatchObject({
      costNanoUsd: LIST,
      listCostNanoUsd: LIST,
    });
  });

  test('local traffic costs nothing, and has no list price unless one is known', () => {
    expect(eventOf([attemptRecord({ tokens, billing: 'LOCAL', price: null })])).toMatchObject({
      costNanoUsd: 0n,
      listCostNanoUsd: null,
    });
    expect(eventOf([attemptRecord({ tokens, billing: 'LOCAL' })])).toMatchObject({
      costNanoUsd: 0n,
      listCostNanoUsd: LIST,
    });
  });

  test('an unknown price makes the cost unknown, never zero', () => {
    expect(eventOf([attemptRecord({ tokens, billing: 'METERED', price: null })])).toMatchObject({
      costNanoUsd: null,
      listCostNanoUsd: null,
      priceId: null,
    });
  });

  test('a failure without tokens costs nothing even without a price, so that the request keeps its price', () => {
    const failed = attemptRecord({ failure, tokens: NO_TOKENS, billing: 'METERED', price: null });
    expect(eventOf([failed, attemptRecord({ tokens, billing: 'METERED' })])).toMatchObject({
      costNanoUsd: LIST,
      listCostNanoUsd: LIST,
    });
  });

  test('a request costs what its attempts cost together, and is unknown when one with tokens is', () => {
    const metered = attemptRecord({ tokens, billing: 'METERED', failure });
    expect(eventOf([metered, attemptRecord({ tokens })])).toMatchObject({
      costNanoUsd: LIST,
      listCostNanoUsd: 2n * LIST,
      tokens: { input: 2_000, output: 200 },
    });
    expect(eventOf([{ ...metered, price: null }, attemptRecord({ tokens })]).costNanoUsd).toBeNull();
  });

  test('a request that was refused before any attempt costs nothing', () => {
    expect(eventOf([], { status: 'REJECTED', failure })).toMatchObject({
      costNanoUsd: 0n,
      listCostNanoUsd: 0n,
      provider: null,
      billing: null,
      tokenSource: 'REPORTED',
    });
  });
});

test('the attempt that answered names the request, else the last one', () => {
  const failed = attemptRecord({ failure, tokens: NO_TOKENS });
  const answered = attemptRecord({ modelRef: 'kimi/k2', provider: 'kimi', connectionId: 'conn_2' });
  expect(eventOf([failed, answered])).toMatchObject({
    modelRef: 'kimi/k2',
    provider: 'kimi',
    connectionId: 'conn_2',
  });
  expect(eventOf([answered, failed])).toMatchObject({ modelRef: 'kimi/k2' });
  expect(eventOf([{ ...answered, failure }, failed])).toMatchObject({
    modelRef: 'zai/glm-5.1',
    connectionId: 'conn_1',
  });
});

test('counts are estimated as soon as one attempt with tokens is', () => {
  const estimated = attemptRecord({ tokenSource: 'ESTIMATED' });
  expect(eventOf([estimated, attemptRecord()]).tokenSource).toBe('ESTIMATED');
  expect(eventOf([{ ...estimated, tokens: NO_TOKENS, failure }, attemptRecord()]).tokenSource).toBe(
    'REPORTED',
  );
});

test('an interrupted request fails as such, with the tokens known until then, at a time that does not depend on now', () => {
  const closed = {
    kind: 'interrupted',
    request: requestRecord('a'),
    attempts: [attemptRecord({ failure, tokens: NO_TOKENS }), attemptRecord({ tokens, durationMs: 0 })],
    firstTokenMs: 80,
    occurredAt: T0 + 7_000,
  } as const;
  const event = usageEventOf(closed);
  expect(event).toMatchObject({
    startedAt: T0,
    occurredAt: T0 + 7_000,
    durationMs: 7_000,
    firstTokenMs: 80,
    status: 'FAILED',
    failure: { class: 'INTERRUPTED', httpStatus: null },
    tokens: { input: 1_000, output: 100 },
    listCostNanoUsd: LIST,
  });
  expect(event.attempts.map((attempt) => attempt.failure?.class)).toEqual(['RATE_LIMITED', 'INTERRUPTED']);
  expect(usageEventOf(closed)).toEqual(event);
});

test('values that a database refuses are made storable instead of blocking what comes after', () => {
  const event = usageEventOf({
    kind: 'ended',
    end: endRecord('a', {
      request: requestRecord('a', { requestedModel: 'a\u0000b\ud800c🚂' }),
      durationMs: 1.6,
      attempts: [
        attemptRecord({
          tokens: { input: 1.5, output: -3, cacheRead: Number.NaN, cacheWrite: 1e12, reasoning: null },
        }),
      ],
    }),
  });
  expect(event.requestedModel).toBe('a\ufffdb\ufffdc🚂');
  expect(event.durationMs).toBe(2);
  expect(event.tokens).toEqual({
    input: 2,
    output: 0,
    cacheRead: 0,
    cacheWrite: 2_147_483_647,
    reasoning: null,
  });
});
