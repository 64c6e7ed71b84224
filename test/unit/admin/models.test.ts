import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ModelOrder } from '../../../src/admin/models/verbs.js';
import { positionOfModel } from '../../../src/admin/positions.js';
import type { ModelRecord } from '../../../src/domain/records.js';
import { startHarness, valueOf, type Harness } from './harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness();
  const nano = await harness.simulate('nano-gpt');
  nano.setModels([
    { id: 'acme/alpha', contextWindow: 1000, prices: { input: 2, output: 4 } },
    { id: 'acme/beta', contextWindow: 9000, prices: { input: 0.5, output: 4 } },
    { id: 'acme/gamma', contextWindow: 1000 },
    { id: 'acme/delta', vision: true, displayName: 'The 100% model' },
  ]);
  valueOf(await harness.connect(nano, { offering: 'api' }));
  await harness.discovery.settled();
});
afterAll(async () => {
  await harness[Symbol.asyncDispose]();
});

async function allPages(order: ModelOrder): Promise<ModelRecord[]> {
  const seen: ModelRecord[] = [];
  for (let after = null, more = true; more;) {
    const page = await harness.admin.models.list(harness.context, { first: 1, after }, {}, order);
    seen.push(...page.items);
    more = page.hasNextPage;
    const last = page.items.at(-1);
    after = last ? positionOfModel(last, order) : null;
  }
  return seen;
}

const names = (models: readonly ModelRecord[]): string[] =>
  models.map(({ upstreamId }) => upstreamId.slice(5));

it.each(['ASC', 'DESC'] as const)(
  'pages visit every model once, in every order %s, unknown last',
  async (direction) => {
    const known = direction === 'ASC' ? ['beta', 'alpha'] : ['alpha', 'beta'];
    const byPrice = names(await allPages({ field: 'INPUT_PRICE', direction }));
    expect(byPrice.slice(0, 2)).toEqual(known);
    expect(byPrice.slice(2).toSorted()).toEqual(['delta', 'gamma']);

    const byRef = names(await allPages({ field: 'REF', direction }));
    const sorted = ['alpha', 'beta', 'delta', 'gamma'];
    expect(byRef).toEqual(direction === 'ASC' ? sorted : sorted.toReversed());

    const byWindow = names(await allPages({ field: 'CONTEXT_WINDOW', direction }));
    expect(byWindow.at(-1)).toBe('delta');
    expect(byWindow.indexOf('beta')).toBe(direction === 'ASC' ? 2 : 0);
    expect(names(await allPages({ field: 'FIRST_SEEN_AT', direction })).toSorted()).toEqual(sorted);
  },
);

it.each([
  ['part of a name, literally', { search: '100%' }, ['delta']],
  ['part of a reference, in any case', { search: 'GAMM' }, ['gamma']],
  ['an ability', { capabilities: ['VISION'] as const }, ['delta']],
  ['a way of paying', { billing: 'SUBSCRIPTION' as const }, []],
  ['another provider', { providers: ['zai'] }, []],
  ['a state', { states: ['REMOVED'] as const }, []],
  ['disabled ones', { enabled: false }, []],
])('the list can be narrowed to %s', async (_, filter, expected) => {
  const page = await harness.admin.models.list(harness.context, { first: 100, after: null }, filter, {
    field: 'REF',
    direction: 'ASC',
  });
  expect(names(page.items)).toEqual(expected);
  expect(page.totalCount).toBe(expected.length);
});
