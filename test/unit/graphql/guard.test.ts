import { getOperationAST, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { GRAPHQL_ERROR_STATUS, statusOfCode } from '../../../src/graphql/errors.js';
import { createCostBuckets } from '../../../src/graphql/guard/cost-buckets.js';
import { DocumentRefused, guardOperation, readDocument } from '../../../src/graphql/guard/guard.js';
import { measureOperation } from '../../../src/graphql/guard/measure.js';
import { buildAdminSchema } from '../../../src/graphql/schema.js';

const schema = buildAdminSchema();

function measure(query: string, variables: Record<string, unknown> = {}) {
  const document = parse(query);
  const operation = getOperationAST(document);
  if (!operation) throw new Error('the document has no operation');
  return measureOperation(schema, document, operation, variables);
}

describe('the cost of an operation', () => {
  it.each([
    ['leaves cost nothing', '{ __typename }', 0],
    ['an object costs one', '{ viewer { name } }', 1],
    ['nested objects add up', '{ viewer { workspace { slug } rateLimit { limit } } }', 3],
    [
      'a plain list counts ten of what it selects',
      '{ providers { slug offerings { code plans { code } } } }',
      1 + 10 * (1 + 10 * 1),
    ],
    [
      'a page counts as many items as it asks for',
      '{ connections(first: 7) { nodes { label provider { slug } } pageInfo { endCursor } } }',
      1 + 7 * (1 + 1) + 1,
    ],
    ['a page without `first` counts its default', '{ connections { nodes { label } } }', 1 + 25],
    [
      'edges cost what nodes cost, and one more each',
      '{ connections(first: 2) { edges { node { label } } } }',
      1 + 2 * 2,
    ],
    ['nodes by id count the ids', '{ nodes(ids: ["a", "b", "c"]) { id } }', 1],
    [
      'sums over usage cost more',
      '{ connections(first: 3) { nodes { usage(range: { from: "2026-01-01T00:00:00Z" }) { requests tokens { total } } } } }',
      1 + 3 * (1 + 5 + 1),
    ],
    [
      'a report costs fifty',
      '{ usageReport(input: { range: { from: "2026-01-01T00:00:00Z" } }) { asOf } }',
      50,
    ],
    ['a mutation costs twenty', 'mutation { connectionDelete(id: "x") { deletedId } }', 20],
    [
      'fragments count wherever they are spread',
      '{ viewer { ...F ...F } } fragment F on Viewer { workspace { slug } }',
      3,
    ],
  ])('%s', (_rule, query, cost) => {
    expect(measure(query).cost).toBe(cost);
  });

  it('resolves variables before it counts', () => {
    const query = 'query ($first: Int!) { connections(first: $first) { nodes { label } } }';
    expect(measure(query, { first: 100 }).cost).toBe(101);
  });

  it('measures fragments that double at every level without taking longer for it', () => {
    const levels = 60;
    const fragments = Array.from(
      { length: levels },
      (_, i) => `fragment F${i} on Viewer { ...F${i + 1} ...F${i + 1} }`,
    );
    const query = `{ viewer { ...F0 } } ${fragments.join(' ')} fragment F${levels} on Viewer { workspace { slug } }`;
    expect(measure(query).cost).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('finds how deep fields nest through fragments, introspection left out', () => {
    expect(measure('{ viewer { ...F } } fragment F on Viewer { workspace { slug } }').depth).toBe(3);
    expect(measure('{ __schema { types { fields { type { ofType { ofType { name } } } } } } }').depth).toBe(
      1,
    );
  });
});

describe('the guard', () => {
  const guard = (query: string, variables?: Record<string, unknown>) => {
    const costs = createCostBuckets({ now: () => 0, monotonic: () => 0 });
    return guardOperation({
      schema,
      document: parse(query),
      operationName: null,
      variables,
      tokenId: 'tok',
      costs,
    });
  };
  const deep = (levels: number) =>
    `{ connections(first: 1) { nodes { ${'provider { connections(first: 1) { nodes { '.repeat(levels)} id ${'} } } '.repeat(levels)} } } }`;

  it.each([
    ['QUERY_TOO_DEEP', deep(4)],
    ['TOO_MANY_ALIASES', `{ ${Array.from({ length: 31 }, (_, i) => `a${i}: __typename`).join(' ')} }`],
    [
      'TOO_MANY_DIRECTIVES',
      `{ ${Array.from({ length: 31 }, () => '__typename @include(if: true)').join(' ')} }`,
    ],
    ['TOO_MANY_ROOT_FIELDS', `{ ${Array.from({ length: 21 }, (_, i) => `a${i}: __typename`).join(' ')} }`],
    [
      'TOO_MANY_ROOT_FIELDS',
      `mutation { ${Array.from({ length: 6 }, (_, i) => `a${i}: connectionDelete(id: "x") { deletedId }`).join(' ')} }`,
    ],
    ['QUERY_TOO_COMPLEX', '{ connections(first: 100) { nodes { models(first: 100) { nodes { id } } } } }'],
    ['OPERATION_RESOLUTION_FAILURE', 'query A { __typename } query B { __typename }'],
    ['BAD_USER_INPUT', 'query ($id: ID!) { node(id: $id) { id } }'],
  ])('refuses with %s', (code, query) => {
    expect(() => guard(query)).toThrow(
      expect.objectContaining({ extensions: expect.objectContaining({ code }) }),
    );
  });

  it.each(['a\0b', 'a\ud800b', '\udc00'])('refuses text that the database cannot keep: %j', (text) => {
    const query = 'query ($id: ID!) { node(id: $id) { id } }';
    expect(() => guard(query, { id: text })).toThrow(
      expect.objectContaining({ extensions: expect.objectContaining({ code: 'BAD_USER_INPUT' }) }),
    );
    expect(() => guard(query, { id: 'a😀b' })).not.toThrow();
  });

  it('lets pass what is just within the bounds', () => {
    guard(deep(3));
    guard(`{ ${Array.from({ length: 20 }, (_, i) => `a${i}: __typename`).join(' ')} }`);
    guard(
      `mutation { ${Array.from({ length: 5 }, (_, i) => `a${i}: connectionDelete(id: "x") { deletedId }`).join(' ')} }`,
    );
  });

  it('reads documents up to so many tokens', () => {
    const withIds = (count: number) => `{ nodes(ids: [${'"a" '.repeat(count)}]) { id } }`;
    const otherTokens = 12;
    expect(() => readDocument(schema, withIds(2_000 - otherTokens))).not.toThrow();
    expect(() => readDocument(schema, withIds(2_001 - otherTokens))).toThrow(DocumentRefused);
  });

  it('has an HTTP status for each code, and that of a fault for any other', () => {
    expect(new Set(Object.values(GRAPHQL_ERROR_STATUS))).toEqual(
      new Set([400, 401, 403, 404, 405, 413, 429, 500, 503, 504]),
    );
    expect(statusOfCode('toString')).toBe(500);
  });
});

describe('the cost budget', () => {
  it('refills steadily and says when there will be enough', () => {
    let time = 0;
    const costs = createCostBuckets({ now: () => time, monotonic: () => time });
    expect(costs.charge('tok', 20_000)).toBeNull();
    expect(costs.charge('tok', 1_000)).toEqual({ retryAfterSeconds: 2 });
    expect(costs.state('tok')).toEqual({ limit: 20_000, remaining: 0, restoreRate: 500, resetAt: 40_000 });
    time = 2_000;
    expect(costs.charge('tok', 1_000)).toBeNull();
    expect(costs.charge('other', 20_000)).toBeNull();
  });
});
