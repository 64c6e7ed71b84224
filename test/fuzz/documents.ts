/** Random documents over the admin schema: valid ones, and what becomes of them when they are damaged. */
import fc from 'fast-check';
import {
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isObjectType,
  isRequiredArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
} from 'graphql';

export interface RandomOperation {
  readonly query: string;
  readonly variables: Record<string, unknown>;
  /** At the root, as `Mutation.webhookCreate`. */
  readonly fields: readonly string[];
}

/** Chooses: whole numbers below a bound. */
type Choose = (below: number) => number;

/** Operations that pass validation, with ids among `ids`. */
export function validOperations(
  schema: GraphQLSchema,
  ids: readonly string[],
  roots: readonly ('query' | 'mutation' | 'subscription')[],
): fc.Arbitrary<RandomOperation> {
  return fc.infiniteStream(fc.nat()).chain((stream) => {
    const choose: Choose = (below) => Number(stream.next().value ?? 0) % below;
    return fc.constant(operation(schema, ids, roots, choose));
  });
}

function operation(
  schema: GraphQLSchema,
  ids: readonly string[],
  roots: readonly ('query' | 'mutation' | 'subscription')[],
  choose: Choose,
): RandomOperation {
  const kind = roots[choose(roots.length)] ?? 'query';
  const type = {
    query: schema.getQueryType(),
    mutation: schema.getMutationType(),
    subscription: schema.getSubscriptionType(),
  }[kind];
  const variables: Record<string, unknown> = {};
  const declared: string[] = [];
  const selections = (of: GraphQLNamedType, depth: number): string => {
    if (!isObjectType(of)) return '{ __typename id }';
    const fields = Object.values(of.getFields());
    const picked = Array.from({ length: 1 + choose(4) }, () => fields[choose(fields.length)]);
    const unique = [...new Set(picked)].filter((field) => field !== undefined);
    return `{ ${unique.map((field) => one(field, depth)).join(' ')} __typename }`;
  };
  const one = (field: GraphQLField<unknown, unknown>, depth: number): string => {
    const named = getNamedType(field.type);
    if (!isLeafType(named) && depth <= 0) return '__typename';
    const given = field.args
      .filter((argument) => isRequiredArgument(argument) || choose(3) === 0)
      .map((argument) => {
        const name = `v${declared.length}`;
        declared.push(`$${name}: ${String(argument.type)}`);
        variables[name] = valueOf(argument.type, choose, ids, 3);
        return `${argument.name}: $${name}`;
      });
    const alias = `f${declared.length}_${depth}_${choose(1_000)}`;
    const below = isLeafType(named) ? '' : selections(named, depth - 1);
    return `${given.length > 0 ? `${alias}: ` : ''}${field.name}${given.length > 0 ? `(${given.join(', ')})` : ''} ${below}`;
  };
  const all = Object.values(type?.getFields() ?? {});
  const count = kind === 'subscription' ? 1 : 1 + choose(3);
  const picked = Array.from({ length: count }, () => all[choose(all.length)]).filter(
    (field) => field !== undefined,
  );
  const bodies = picked.map((field) => one(field, 4));
  const list = declared.length > 0 ? `(${declared.join(', ')})` : '';
  const fields = picked.map(({ name }) => `${type?.name}.${name}`);
  return { query: `${kind} Fuzz${list} { ${bodies.join(' ')} }`, variables, fields };
}

const STRINGS = [
  '',
  'x',
  'zai',
  'zai/glm-5.1',
  'auto',
  '\u0000',
  '💥',
  "'; DROP TABLE model; --",
  '%',
  '../..',
  'a'.repeat(3_000),
];
const NUMBERS = [0, 1, -1, 3, 100, 101, 250, 2 ** 31 - 1, -(2 ** 31)];

/** A value that a type accepts, sensible or not. */
function valueOf(type: GraphQLInputType, choose: Choose, ids: readonly string[], depth: number): unknown {
  const nullable = getNullableType(type);
  if (nullable === type && choose(4) === 0) return null;
  if (isListType(nullable)) {
    return Array.from({ length: choose(4) }, () =>
      valueOf(nullable.ofType as GraphQLInputType, choose, ids, depth),
    );
  }
  if (isEnumType(nullable)) return nullable.getValues()[choose(nullable.getValues().length)]?.name;
  if (isInputObjectType(nullable)) {
    const fields = Object.values(nullable.getFields()).filter(
      (field) => String(field.type).endsWith('!') || (depth > 0 && choose(2) === 0),
    );
    return Object.fromEntries(
      fields.map((field) => [field.name, valueOf(field.type, choose, ids, depth - 1)]),
    );
  }
  const pick = <T>(of: readonly T[]): T | undefined => of[choose(of.length)];
  switch (nullable.name) {
    case 'ID':
      return choose(3) === 0 ? pick(STRINGS) : pick(ids);
    case 'Boolean':
      return choose(2) === 0;
    case 'Int':
    case 'SafeInt':
      return pick(NUMBERS);
    case 'DateTime':
      return pick([
        '2026-01-01T00:00:00Z',
        '0001-01-01T00:00:00Z',
        '9999-12-31T23:59:59.999Z',
        '2026-11-22T01:02:03+14:00',
      ]);
    case 'Decimal':
      return pick(['0', '1', '-1', '0.000000001', '999999999999', '12.5']);
    case 'URL':
      return pick(['http://127.0.0.1:9/', 'https://x.example/a', 'file:///etc/passwd', 'http://[::1]:9']);
    default:
      return pick(STRINGS);
  }
}

/** Damages a document or any other text. */
export const damages: fc.Arbitrary<(text: string) => string> = fc.oneof(
  fc.nat().map((at) => (text: string) => text.slice(0, at % (text.length + 1))),
  fc.nat().map((at) => (text: string) => text.slice(at % (text.length + 1))),
  fc
    .tuple(
      fc.nat(),
      fc.constantFrom(
        '{',
        '}',
        '(',
        '"',
        '"""',
        '$',
        '@',
        '...',
        '!',
        '\u0000',
        '💥',
        '#',
        '\\u{FFFFFFFF}',
        '1e999',
        '__schema ',
      ),
    )
    .map(([at, piece]) => (text: string) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + piece + text.slice(place);
    }),
  fc.tuple(fc.nat(), fc.nat()).map(([at, length]) => (text: string) => {
    const place = at % (text.length + 1);
    return text.slice(0, place) + text.slice(place + (length % 9));
  }),
  fc.nat(40).map((times) => (text: string) => text.repeat(times)),
);

/** Documents made to be expensive. */
export const HOSTILE_DOCUMENTS: readonly string[] = [
  '{'.repeat(10_000),
  `{ ${'a{'.repeat(900)} b ${'}'.repeat(900)} }`,
  `{ nodes(ids: ${'['.repeat(900)}${']'.repeat(900)}) { id } }`,
  `{ viewer { ${'name '.repeat(1_990)} } }`,
  `query (${Array.from({ length: 400 }, (_, i) => `$a${i}: ID`).join(' ')}) { __typename }`,
  `{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }`,
  `{ ...F0 } ${Array.from({ length: 60 }, (_, i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`).join(' ')} fragment F60 on Query { __typename }`,
  `{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }`,
  `{ __typename ${'@skip(if: true) '.repeat(400)} }`,
  `subscription { ${'usageRecorded { cursor } '.repeat(50)} }`,
  `"""${'x'.repeat(50_000)}""" { __typename }`,
  `#${'x'.repeat(60_000)}\n{ __typename }`,
  '',
  '\uFEFF{ __typename }',
  '{ node(id: "\\uD800") { id } }',
];
