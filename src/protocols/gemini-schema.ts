/**
 * JSON Schema in the subset that Gemini's `parameters` and `responseSchema` take (https://ai.google.dev/api/caching#Schema).
 * A key outside of it is refused (`Unknown name "additionalProperties"`), and so are references, several types at once and
 * properties on what is no object. What the subset can say in other words is said so; the rest goes, and the model is
 * asked for a little less than it could be, never for something else.
 */
import { isDeepStrictEqual } from 'node:util';
import type { JsonObject } from './dialect.js';
import { isObject, listOf, objectOf } from './fields.js';

/** Deeper and wider than any tool; a schema may refer to itself, so that its written size says nothing. */
const MAX_DEPTH = 32;
const MAX_NODES = 5_000;

/** Keys whose values are taken as they are, with the types they are allowed on; null for all. */
const KEPT: Readonly<Record<string, readonly string[] | null>> = {
  title: null,
  description: null,
  default: null,
  nullable: null,
  minimum: ['number', 'integer'],
  maximum: ['number', 'integer'],
  minLength: ['string'],
  maxLength: ['string'],
  pattern: ['string'],
  minItems: ['array'],
  maxItems: ['array'],
  minProperties: ['object'],
  maxProperties: ['object'],
};

const FORMATS: Readonly<Record<string, readonly string[]>> = {
  string: ['enum', 'date-time'],
  number: ['float', 'double'],
  integer: ['int32', 'int64'],
};

const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean'];

interface Walk {
  readonly root: JsonObject;
  nodes: number;
}

/** Where in the schema the walk is: how deep, and inside which references. */
interface Place {
  readonly depth: number;
  readonly refs: readonly string[];
}

/** The schema in Gemini's subset; `changed` when anything had to go or be said differently. */
export function cleanGeminiSchema(schema: JsonObject): {
  readonly schema: JsonObject;
  readonly changed: boolean;
} {
  const clean = cleaned(schema, { root: schema, nodes: 0 }, { depth: 0, refs: [] });
  return { schema: clean, changed: !isDeepStrictEqual(clean, schema) };
}

function cleaned(schema: unknown, walk: Walk, place: Place): JsonObject {
  walk.nodes += 1;
  // What is beyond the bounds, or would go on forever, is left to the model: any object.
  if (walk.nodes > MAX_NODES || place.depth > MAX_DEPTH) return { type: 'object' };
  const { fields, refs, endless } = flattened(schema, walk, place);
  if (endless) return { type: 'object', ...described(fields) };
  const inside: Place = { depth: place.depth + 1, refs };
  const alternatives = alternativesOf(fields);
  if (alternatives !== null) return union(fields, alternatives, walk, inside);
  const types = typesOf(fields);
  const named = types.filter((type) => type !== 'null');
  const nullable = named.length < types.length && { nullable: true };
  const [type, ...others] = named;
  if (type === undefined) return { type: 'string', nullable: true, ...described(fields) };
  if (others.length === 0) return { ...typed(type, fields, walk, inside), ...nullable };
  const anyOf = named.map((one) => typed(one, { ...fields, description: undefined }, walk, inside));
  return { ...described(fields), anyOf, ...nullable };
}

/** A schema with its references followed and its `allOf` put together, as one object of keywords. */
function flattened(
  schema: unknown,
  walk: Walk,
  place: Place,
): { readonly fields: JsonObject; readonly refs: readonly string[]; readonly endless: boolean } {
  let fields = isObject(schema) ? schema : {};
  let refs = place.refs;
  while (typeof fields['$ref'] === 'string') {
    const { $ref: ref, ...own } = fields;
    if (typeof ref !== 'string' || refs.includes(ref) || refs.length >= MAX_DEPTH) {
      return { fields: own, refs, endless: true };
    }
    refs = [...refs, ref];
    fields = { ...targetOf(ref, walk.root), ...own };
  }
  if (!Array.isArray(fields['allOf'])) return { fields, refs, endless: false };
  const { allOf, ...own } = fields;
  let merged: JsonObject = own;
  for (const part of Array.isArray(allOf) ? allOf : []) {
    walk.nodes += 1;
    if (walk.nodes > MAX_NODES || place.depth > MAX_DEPTH) break;
    const flat = flattened(part, walk, { depth: place.depth + 1, refs });
    if (flat.endless) continue;
    refs = flat.refs;
    merged = both(merged, flat.fields);
  }
  return { fields: merged, refs, endless: false };
}

/** What a reference within the schema points to; nothing for one that leads nowhere or elsewhere. */
function targetOf(ref: string, root: JsonObject): JsonObject {
  if (!ref.startsWith('#')) return {};
  let value: unknown = root;
  for (const step of ref.slice(1).split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  }
  return isObject(value) ? value : {};
}

/** Two schemas that both hold: properties of either, what both require; else the first word counts. */
function both(one: JsonObject, other: JsonObject): JsonObject {
  const properties = { ...objectOf(other['properties']), ...objectOf(one['properties']) };
  const required = [...listOf(one['required']), ...listOf(other['required'])];
  return {
    ...other,
    ...one,
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(required.length > 0 && { required: [...new Set(required)] }),
  };
}

function alternativesOf(fields: JsonObject): readonly unknown[] | null {
  for (const key of ['anyOf', 'oneOf']) {
    const value = fields[key];
    if (Array.isArray(value) && value.length > 0) return value;
  }
  return null;
}

/** One of several: `null` among them makes the others optional, and one that is left over stands for itself. */
function union(fields: JsonObject, alternatives: readonly unknown[], walk: Walk, place: Place): JsonObject {
  const real = alternatives.filter((one) => !isNull(one));
  const nullable = real.length < alternatives.length && { nullable: true };
  const { anyOf: _anyOf, oneOf: _oneOf, ...shared } = fields;
  const [only] = real;
  if (real.length === 1 && isObject(only)) {
    return { ...cleaned(both(shared, only), walk, place), ...nullable };
  }
  if (real.length === 0) return { type: 'string', nullable: true, ...described(fields) };
  // An object whose alternatives only say which of its properties are required: the properties matter more.
  if (isObject(shared['properties'])) return { ...cleaned(shared, walk, place), ...nullable };
  return { ...described(fields), anyOf: real.map((one) => cleaned(one, walk, place)), ...nullable };
}

/** The types a schema allows; where it names none, the one that its other words speak of. */
function typesOf(fields: JsonObject): readonly string[] {
  const { type } = fields;
  const named = (Array.isArray(type) ? type : [type]).filter(
    (one): one is string => typeof one === 'string' && (TYPES.includes(one) || one === 'null'),
  );
  if (named.length > 0) return [...new Set(named)];
  if (isObject(fields['properties'])) return ['object'];
  if (fields['items'] !== undefined || fields['prefixItems'] !== undefined) return ['array'];
  const values = valuesOf(fields);
  if (values === null) return ['string'];
  return [...new Set(values.map(typeOf))];
}

function typed(type: string, fields: JsonObject, walk: Walk, place: Place): JsonObject {
  const clean: Record<string, unknown> = { type };
  for (const [key, value] of Object.entries(fields)) {
    const types = KEPT[key];
    if (types === undefined || value === undefined || (types !== null && !types.includes(type))) continue;
    clean[key] = value;
  }
  if (typeof fields['format'] === 'string' && FORMATS[type]?.includes(fields['format'])) {
    clean['format'] = fields['format'];
  }
  if (type === 'number' || type === 'integer') Object.assign(clean, bounds(type, fields));
  if (type === 'object') Object.assign(clean, members(fields, walk, place));
  if (type === 'array') clean['items'] = itemsOf(fields, walk, place);
  const values = valuesOf(fields)?.filter((value) => typeOf(value) === type);
  if (values !== undefined && values.length > 0) {
    // Only texts can be listed; other values are told.
    if (type === 'string') clean['enum'] = values;
    else clean['description'] = told(fields['description'], values);
  }
  return clean;
}

/** `exclusiveMinimum` and its like, in both their forms, as bounds that are included. */
function bounds(type: string, fields: JsonObject): JsonObject {
  const step = type === 'integer' ? 1 : 0;
  const { exclusiveMinimum: above, exclusiveMaximum: below } = fields;
  return {
    ...(typeof above === 'number' && { minimum: above + step }),
    ...(typeof below === 'number' && { maximum: below - step }),
    ...(above === true && typeof fields['minimum'] === 'number' && { minimum: fields['minimum'] + step }),
    ...(below === true && typeof fields['maximum'] === 'number' && { maximum: fields['maximum'] - step }),
  };
}

function members(fields: JsonObject, walk: Walk, place: Place): JsonObject {
  const entries = Object.entries(objectOf(fields['properties']));
  // An object that lists no properties must not say so: "should be non-empty for OBJECT type".
  if (entries.length === 0) return {};
  const properties = Object.fromEntries(entries.map(([name, one]) => [name, cleaned(one, walk, place)]));
  const required = listOf(fields['required']).filter(
    (name) => typeof name === 'string' && Object.hasOwn(properties, name),
  );
  return { properties, ...(required.length > 0 && { required }) };
}

/** The schema of an array's elements, which must be stated; a tuple's elements may be any of its places. */
function itemsOf(fields: JsonObject, walk: Walk, place: Place): JsonObject {
  const { items, prefixItems } = fields;
  const places = Array.isArray(items) ? items : Array.isArray(prefixItems) ? prefixItems : null;
  return cleaned(places === null || places.length === 0 ? items : { anyOf: places }, walk, place);
}

/** The values a schema lists; null when it lists none. */
function valuesOf(fields: JsonObject): readonly unknown[] | null {
  if (Object.hasOwn(fields, 'const')) return [fields['const']];
  return Array.isArray(fields['enum']) && fields['enum'].length > 0 ? fields['enum'] : null;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value === 'boolean' || typeof value === 'object' ? typeof value : 'string';
}

function told(description: unknown, values: readonly unknown[]): string {
  const list = `One of: ${values.map((value) => JSON.stringify(value)).join(', ')}`;
  return typeof description === 'string' && description !== '' ? `${description} ${list}` : list;
}

function described(fields: JsonObject): JsonObject {
  return typeof fields['description'] === 'string' ? { description: fields['description'] } : {};
}

function isNull(schema: unknown): boolean {
  return isObject(schema) && (schema['type'] === 'null' || schema['const'] === null);
}
