import { expect, test } from 'vitest';
import { NO_TOKENS } from '../../../src/domain/tokens.js';
import { foldEvents, mergeDeltas } from '../../../src/usage/rollup.js';
import { attemptRecord } from '../journal/records.js';
import { makeEvent, randomEvents, seededRandom } from './events.js';

test('any split into batches folds to the same sums', () => {
  const random = seededRandom(7);
  for (let round = 0; round < 20; round++) {
    const events = randomEvents(60, random);
    const batches = [];
    for (let from = 0; from < events.length;) {
      const size = 1 + random(20);
      batches.push(foldEvents(events.slice(from, from + size)));
      from += size;
    }
    expect(mergeDeltas(batches.flat())).toEqual(foldEvents(events));
  }
});

test('a request counts where it was answered, each attempt and its tokens where it was made', () => {
  const failure = { class: 'TIMEOUT', httpStatus: null, message: 'too slow', retryAt: null } as const;
  const failed = attemptRecord({
    provider: 'kimi',
    connectionId: 'conn_2',
    billing: 'METERED',
    failure,
    tokens: { ...NO_TOKENS, input: 70 },
  });
  const deltas = foldEvents([makeEvent({ end: { attempts: [failed, attemptRecord()] } })]);
  const of = (provider: string): unknown => deltas.find(({ key }) => key.provider === provider);
  expect(deltas).toHaveLength(2);
  expect(of('zai')).toMatchObject({
    key: { hour: Date.UTC(2026, 10, 22, 10), connectionId: 'conn_1', tierSlug: '', billing: 'SUBSCRIPTION' },
    sums: { requests: 1, attempts: 1, failedAttempts: 0, tokens: { input: 100 }, costNanoUsd: 0n },
  });
  expect(of('kimi')).toMatchObject({
    key: { hour: Date.UTC(2026, 10, 22, 10), connectionId: 'conn_2', billing: 'METERED', status: 'OK' },
    sums: { requests: 0, attempts: 1, failedAttempts: 1, tokens: { input: 70 }, costNanoUsd: 70_000n },
  });
});

test('a request refused before any attempt is a request without attempts, under no name', () => {
  const [delta, ...others] = foldEvents([makeEvent({ end: { attempts: [], status: 'REJECTED' } })]);
  expect(others).toEqual([]);
  expect(delta).toMatchObject({
    key: { provider: '', status: 'REJECTED' },
    sums: { requests: 1, attempts: 0, failedAttempts: 0 },
  });
});

test('saved is the list price of what subscriptions carried, and unknown prices are counted instead', () => {
  const [plan] = foldEvents([makeEvent()]);
  expect(plan?.sums).toMatchObject({ costNanoUsd: 0n, listCostNanoUsd: 164_000n, savedNanoUsd: 164_000n });
  const [metered] = foldEvents([makeEvent({ attempt: { billing: 'METERED' } })]);
  expect(metered?.sums).toMatchObject({ costNanoUsd: 164_000n, savedNanoUsd: 0n });
  const [unpriced] = foldEvents([makeEvent({ attempt: { billing: 'METERED', price: null } })]);
  expect(unpriced?.sums).toMatchObject({
    costNanoUsd: 0n,
    listCostNanoUsd: 0n,
    savedNanoUsd: 0n,
    unpricedRequests: 1,
  });
});
