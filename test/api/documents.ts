/** Documents made from the schema, so that what is added to it is walked without anyone thinking of it. */
import {
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql';

type Field = GraphQLField<unknown, unknown>;
/** A value for an argument or input field that needs one; undefined leaves it to the rules here. */
export type ValueFor = (name: string, type: string) => unknown;

/** A mutation or query with a variable for each of its arguments, and as little selected as can be. */
export function documentOf(operation: 'query' | 'mutation', field: Field, selection?: string): string {
  const variables = field.args.map(({ name, type }) => `$${name}: ${String(type)}`);
  const given = field.args.map(({ name }) => `${name}: $${name}`);
  const list = (items: readonly string[]): string => (items.length === 0 ? '' : `(${items.join(', ')})`);
  return `${operation} Walk${list(variables)} { ${field.name}${list(given)} ${selection ?? shallow(field.type)} }`;
}

/** `__typename` of each object and every leaf that needs no argument. */
function shallow(type: GraphQLOutputType): string {
  const named = getNamedType(type);
  if (!isObjectType(named)) return isLeafType(named) ? '' : '{ __typename }';
  const parts = Object.values(named.getFields()).map((field) => {
    if (field.name === 'userErrors') return 'userErrors { code field message }';
    return isLeafType(getNamedType(field.type)) ? field.name : `${field.name} { __typename }`;
  });
  return `{ ${parts.join(' ')} }`;
}

/** What is selected of everything. */
export interface Walk {
  readonly schema: GraphQLSchema;
  readonly valueFor: ValueFor;
  /** Type as which objects behind an interface are read: several cannot be, where their fields differ in type. */
  readonly as: string;
}

/** Everything below a type, `depth` levels deep; no type is entered twice on one way down. */
export function selectAll(
  walk: Walk,
  type: GraphQLOutputType,
  depth: number,
  above: readonly string[] = [],
): string {
  const { schema, valueFor, as } = walk;
  const named = getNamedType(type);
  if (isLeafType(named)) return '';
  if (depth === 0 || above.includes(named.name)) return '{ __typename }';
  const path = [...above, named.name];
  const below = (field: Field): string => {
    const needed = field.args.filter((argument) => isRequiredArgument(argument));
    const given = needed.map(({ name, type: wanted }) => `${name}: ${literal(wanted, name, valueFor)}`);
    const inner = selectAll(walk, field.type, depth - 1, path);
    return `${field.name}${given.length > 0 ? `(${given.join(', ')})` : ''} ${inner}`;
  };
  if (isObjectType(named)) {
    // The nodes of a page are the nodes of its edges; once is enough.
    const fields = Object.values(named.getFields()).filter(({ name }) => name !== 'edges');
    return `{ __typename ${fields.map(below).join(' ')} }`;
  }
  const known = schema.getType(as);
  if (!isObjectType(known) || path.includes(as)) return '{ __typename }';
  return `{ __typename ... on ${as} ${selectAll(walk, known, depth, path)} }`;
}

/** A value that a type accepts, with its required parts only. */
export function valueOfType(type: GraphQLInputType, name: string, valueFor: ValueFor): unknown {
  const nullable = getNullableType(type);
  const own = valueFor(name, String(nullable));
  if (own !== undefined) return own;
  if (isListType(nullable)) return [valueOfType(nullable.ofType, name, valueFor)];
  if (isEnumType(nullable)) return nullable.getValues()[0]?.name;
  if (isInputObjectType(nullable)) {
    const needed = Object.values(nullable.getFields()).filter((field) => isRequiredInputField(field));
    return Object.fromEntries(
      needed.map((field) => [field.name, valueOfType(field.type, field.name, valueFor)]),
    );
  }
  const examples: Readonly<Record<string, unknown>> = {
    Int: 1,
    Float: 1,
    Boolean: true,
    String: 'x',
    ID: 'conn_none',
    DateTime: '2026-01-01T00:00:00Z',
    Decimal: '1',
    SafeInt: 1,
    URL: 'http://127.0.0.1:9',
  };
  return examples[nullable.name];
}

function literal(type: GraphQLInputType, name: string, valueFor: ValueFor): string {
  const print = (value: unknown, of: GraphQLInputType): string => {
    const nullable = getNullableType(of);
    if (isEnumType(nullable)) return String(value);
    if (isListType(nullable) && Array.isArray(value)) {
      return `[${value.map((item) => print(item, nullable.ofType)).join(', ')}]`;
    }
    if (isInputObjectType(nullable)) {
      const fields = Object.entries(value as object).map(([key, item]) => {
        const field = nullable.getFields()[key];
        if (!field) throw new Error(`${nullable.name} has no field ${key}`);
        return `${key}: ${print(item, field.type)}`;
      });
      return `{ ${fields.join(', ')} }`;
    }
    return JSON.stringify(value);
  };
  return print(valueOfType(type, name, valueFor), type);
}

/** Places of a value whose type is `ID`, as paths. */
export function idsWithin(args: readonly GraphQLArgument[], values: Record<string, unknown>): string[][] {
  const found: string[][] = [];
  const visit = (type: GraphQLInputType, value: unknown, path: string[]): void => {
    const nullable = isNonNullType(type) ? getNullableType(type) : type;
    if (value === null || value === undefined) return;
    if (isListType(nullable) && Array.isArray(value)) {
      value.forEach((item, index) =>
        visit(nullable.ofType as GraphQLInputType, item, [...path, String(index)]),
      );
    } else if (isInputObjectType(nullable)) {
      for (const field of Object.values(nullable.getFields())) {
        visit(field.type, (value as Record<string, unknown>)[field.name], [...path, field.name]);
      }
    } else if (getNamedType(nullable).name === 'ID') found.push(path);
  };
  for (const argument of args) visit(argument.type, values[argument.name], [argument.name]);
  return found;
}

/** A copy of `values` with another one at `path`. */
export function withValueAt(
  values: object,
  path: readonly string[],
  value: unknown,
): Record<string, unknown> {
  const copy = structuredClone(values) as Record<string, unknown>;
  let at: Record<string, unknown> = copy;
  for (const step of path.slice(0, -1)) at = at[step] as Record<string, unknown>;
  at[path.at(-1) ?? ''] = value;
  return copy;
}
