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

test('a request counts once in the hour it was answered, with all its attempts', () => {
  const failure = { class: 'TIMEOUT', httpStatus: null, message: 'too slow', retryAt: null } as const;
  const event = makeEvent({
    end: { attempts: [attemptRecord({ failure, tokens: NO_TOKENS }), attemptRecord()] },
  });
  const [delta, ...others] = foldEvents([event]);
  expect(others).toEqual([]);
  expect(delta?.key).toMatchObject({
    hour: Date.UTC(2026, 10, 22, 10),
    provider: 'zai',
    tierSlug: '',
    billing: 'SUBSCRIPTION',
  });
  expect(delta?.sums).toMatchObject({ requests: 1, attempts: 2, unpricedRequests: 0 });
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
