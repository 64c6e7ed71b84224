/** The schema as a whole: what is committed is what is served, and every element keeps the API's conventions. */
import { readdirSync, readFileSync } from 'node:fs';
import {
  Kind,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isNonNullType,
  isObjectType,
  isScalarType,
  parse,
  specifiedScalarTypes,
  validate,
  type GraphQLNamedType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { USER_ERROR_CODES } from '../src/admin/result.js';
import { kindOfId, newId } from '../src/domain/ids.js';
import { buildAdminSchema, printAdminSchema } from '../src/graphql/schema.js';

const schema = buildAdminSchema();
const types: readonly GraphQLNamedType[] = Object.values(schema.getTypeMap()).filter(
  (type) => !type.name.startsWith('__') && !specifiedScalarTypes.some(({ name }) => name === type.name),
);

/** Every element that takes a description, by its path. */
function* elements(): Generator<{ path: string; description: string | null | undefined }> {
  for (const type of types) {
    yield { path: type.name, description: type.description };
    if (isEnumType(type)) {
      for (const value of type.getValues())
        yield { path: `${type.name}.${value.name}`, description: value.description };
    }
    if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) continue;
    for (const field of Object.values(type.getFields())) {
      const path = `${type.name}.${field.name}`;
      yield { path, description: field.description };
      if (!('args' in field)) continue;
      for (const argument of field.args) {
        yield { path: `${path}(${argument.name}:)`, description: argument.description };
      }
    }
  }
}

const PAGES = ['README.md', ...readdirSync('docs').map((name) => `docs/${name}`)];

it.each(PAGES)('%s shows operations that the schema takes', (page) => {
  for (const [, text = ''] of readFileSync(page, 'utf8').matchAll(/```graphql\n([\s\S]*?)```/g)) {
    for (const definition of parse(text).definitions) {
      const faults = validate(schema, { kind: Kind.DOCUMENT, definitions: [definition] });
      expect(
        faults.map(({ message }) => message),
        text,
      ).toEqual([]);
    }
  }
});

describe('the schema', () => {
  it('is committed as it is served; after a wanted change: npx vitest run test/schema.test.ts -u', async () => {
    await expect(printAdminSchema()).toMatchFileSnapshot('../schema.graphql');
  });

  it('prints the same text every time', () => {
    expect(printAdminSchema()).toBe(printAdminSchema());
  });

  it('describes every type, field, argument and enum value', () => {
    const silent = [...elements()].filter(({ description }) => !description?.trim()).map(({ path }) => path);
    expect(silent).toEqual([]);
  });

  it('has nothing that is to go away', () => {
    expect(printAdminSchema()).not.toContain('@deprecated');
  });

  it('names mutations object first and answers each with a payload that always has user errors', () => {
    for (const mutation of Object.values(schema.getMutationType()?.getFields() ?? {})) {
      expect(mutation.name).toMatch(
        /^(connection|customProvider|model|discovery|routingTier|routingRule|classifierWeights|accessKey|usageLimit|alert|webhook)[A-Z][A-Za-z]+$/,
      );
      const payload = getNamedType(mutation.type);
      expect(String(mutation.type)).toBe(
        `${mutation.name.charAt(0).toUpperCase()}${mutation.name.slice(1)}Payload!`,
      );
      const fields = isObjectType(payload) ? payload.getFields() : {};
      expect(String(fields['userErrors']?.type)).toBe('[UserError!]!');
      const results = Object.values(fields).filter(({ name }) => name !== 'userErrors');
      expect(results.filter(({ type }) => isNonNullType(type)).map(({ name }) => name)).toEqual([]);
    }
  });

  it('has no scalars but its own four, and none for arbitrary data', () => {
    const scalars = types.filter(isScalarType).map(({ name }) => name);
    expect(scalars.toSorted()).toEqual(['DateTime', 'Decimal', 'SafeInt', 'URL']);
  });

  it('leaves type names ending in Connection to the one thing called so', () => {
    expect(types.filter(({ name }) => name.endsWith('Connection')).map(({ name }) => name)).toEqual([
      'Connection',
    ]);
  });

  it('offers the codes of user errors that verbs can answer', () => {
    const codes = schema.getType('UserErrorCode');
    const offered = isEnumType(codes) ? codes.getValues().map(({ name }) => name) : [];
    expect(offered.toSorted()).toEqual([...USER_ERROR_CODES].toSorted());
  });

  it('knows the type behind the id of everything that implements Node', async () => {
    const node = schema.getType('Node');
    if (!isInterfaceType(node)) throw new Error('there is no Node');
    const kinds = [
      'provider',
      'connection',
      'plan',
      'model',
      'run',
      'tier',
      'rule',
      'accessKey',
      'limit',
      'alert',
      'webhook',
      'event',
      'audit',
    ] as const;
    const resolved = await Promise.all(
      kinds.map((kind) => node.resolveType?.({ id: newId(kind, 0) }, {}, {} as never, node)),
    );
    const implementations = schema.getPossibleTypes(node).map(({ name }) => name);
    expect(resolved.toSorted()).toEqual([...implementations].toSorted());
    expect(kinds.map((kind) => kindOfId(newId(kind, 0)))).toEqual(kinds);
  });
});
