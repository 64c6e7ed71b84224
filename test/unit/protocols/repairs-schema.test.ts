import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanSchema } from '../../../src/protocols/repairs.js';

type Schema = Record<string, unknown>;

const cleaned = (schema: Schema): unknown => cleanSchema(schema, 'openapi-subset').schema;

/** A property of an object around it. */
const property = (schema: unknown): unknown =>
  (cleaned({ type: 'object', properties: { it: schema } }) as { properties: Schema }).properties['it'];

describe('a schema for Gemini', () => {
  it('is left alone for everybody else', () => {
    const schema = { type: 'object', additionalProperties: false };
    expect(cleanSchema(schema, undefined)).toEqual({ schema, changed: false });
  });

  it('is unchanged where nothing is wrong with it', () => {
    const schema = {
      type: 'object',
      description: 'What to read',
      properties: { path: { type: 'string', description: 'Where' }, lines: { type: 'integer', minimum: 1 } },
      required: ['path'],
    };
    expect(cleanSchema(schema, 'openapi-subset')).toEqual({ schema, changed: false });
  });

  it('loses what is not in its subset, and says so', () => {
    const { schema, changed } = cleanSchema(
      {
        $schema: 'http://json-schema.org/draft-07/schema#',
        $id: 'x',
        type: 'object',
        properties: {
          a: { type: 'string', format: 'uri', examples: ['b'] },
          b: { type: 'array', items: { type: 'string' }, uniqueItems: true },
        },
        patternProperties: { '^x': { type: 'string' } },
        additionalProperties: false,
        required: ['a', 'gone'],
      },
      'openapi-subset',
    );
    expect(changed).toBe(true);
    expect(schema).toEqual({
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'array', items: { type: 'string' } } },
      required: ['a'],
    });
  });

  it.each<[string, unknown, unknown]>([
    ['a constant is an enumeration of one', { const: 'a' }, { type: 'string', enum: ['a'] }],
    [
      'null among the types makes it nullable',
      { type: ['string', 'null'], minLength: 1 },
      { type: 'string', minLength: 1, nullable: true },
    ],
    [
      'several types are alternatives',
      { type: ['string', 'number'], description: 'd' },
      { description: 'd', anyOf: [{ type: 'string' }, { type: 'number' }] },
    ],
    [
      'null among the alternatives makes the other nullable',
      { anyOf: [{ type: 'integer' }, { type: 'null' }], description: 'd' },
      { type: 'integer', description: 'd', nullable: true },
    ],
    [
      'oneOf is anyOf',
      { oneOf: [{ type: 'string' }, { const: 'b' }] },
      { anyOf: [{ type: 'string' }, { type: 'string', enum: ['b'] }] },
    ],
    [
      'allOf is one object',
      {
        allOf: [
          { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
          { properties: { b: { type: 'boolean' } }, required: ['b'] },
        ],
      },
      {
        type: 'object',
        properties: { a: { type: 'string' }, b: { type: 'boolean' } },
        required: ['a', 'b'],
      },
    ],
    [
      'an exclusive bound of integers is the next one',
      { type: 'integer', exclusiveMinimum: 0 },
      { type: 'integer', minimum: 1 },
    ],
    [
      'an exclusive bound of numbers is a bound',
      { type: 'number', exclusiveMaximum: 2 },
      { type: 'number', maximum: 2 },
    ],
    [
      'an object without properties does not list them',
      { type: 'object', properties: {}, required: [] },
      { type: 'object' },
    ],
    [
      'properties are for objects only',
      { type: 'string', properties: { a: {} }, required: ['a'] },
      { type: 'string' },
    ],
    ['elements must be stated', { type: 'array' }, { type: 'array', items: { type: 'string' } }],
    [
      'places of a tuple are alternatives',
      { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }] },
      { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'number' }] } },
    ],
    [
      'only texts can be listed, other values are told',
      { type: 'integer', enum: [1, 2], description: 'How many.' },
      { type: 'integer', description: 'How many. One of: 1, 2' },
    ],
    [
      'what allows null lists it no more',
      { enum: ['a', null] },
      { type: 'string', enum: ['a'], nullable: true },
    ],
    [
      'a known format stays',
      { type: 'string', format: 'date-time' },
      { type: 'string', format: 'date-time' },
    ],
  ])('%s', (_rule, schema, expected) => {
    expect(property(schema)).toEqual(expected);
  });

  it('has its references written out', () => {
    expect(
      cleaned({
        type: 'object',
        properties: { from: { $ref: '#/$defs/point', description: 'Start' }, to: { $ref: '#/$defs/point' } },
        $defs: { point: { type: 'object', properties: { x: { type: 'number' } } } },
      }),
    ).toEqual({
      type: 'object',
      properties: {
        from: { type: 'object', description: 'Start', properties: { x: { type: 'number' } } },
        to: { type: 'object', properties: { x: { type: 'number' } } },
      },
    });
  });

  it('ends where it would go on within itself', () => {
    expect(
      cleaned({
        $ref: '#/$defs/tree',
        $defs: {
          tree: {
            type: 'object',
            properties: { children: { type: 'array', items: { $ref: '#/$defs/tree' } } },
          },
        },
      }),
    ).toEqual({
      type: 'object',
      properties: { children: { type: 'array', items: { type: 'object' } } },
    });
  });

  it('stays small, however many ways lead through it', () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 25 }, (_, level) => [
        `n${level}`,
        {
          type: 'object',
          properties: {
            left: { $ref: `#/$defs/n${level + 1}` },
            right: { $ref: `#/$defs/n${level + 1}` },
          },
        },
      ]),
    );
    expect(JSON.stringify(cleaned({ $ref: '#/$defs/n0', $defs })).length).toBeLessThan(2_000_000);
  });

  it('never fails and never keeps a word that Gemini refuses, whatever it is given', () => {
    const words = fc.constantFrom(
      'type',
      'properties',
      'items',
      'anyOf',
      'allOf',
      '$ref',
      'enum',
      'const',
      'required',
      'additionalProperties',
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.constantFrom('object', 'array', 'string', 'null', '#', '#/properties/a', 1, true, null),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(words, tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(words, value, { maxKeys: 5 }), (schema) => {
        const { schema: clean } = cleanSchema(schema, 'openapi-subset');
        check(clean);
      }),
      { numRuns: 300 },
    );
  });
});

const ALLOWED =
  /^(?:type|format|title|description|default|nullable|enum|items|properties|required|anyOf|min.*|max.*|pattern)$/;

/** Holds for a schema and for all that are in it. */
function check(schema: unknown): void {
  const fields = schema as Schema;
  expect(Object.keys(fields).filter((key) => !ALLOWED.test(key))).toEqual([]);
  expect(fields['type'] === undefined).toBe(fields['anyOf'] !== undefined);
  if (fields['properties'] !== undefined) expect(fields['type']).toBe('object');
  if (fields['type'] === 'array') expect(fields['items']).toBeTypeOf('object');
  for (const one of Object.values((fields['properties'] ?? {}) as Schema)) check(one);
  for (const one of (fields['anyOf'] ?? []) as unknown[]) check(one);
  if (fields['items'] !== undefined) check(fields['items']);
}
