/**
 * Reads fields of JSON that somebody else wrote. What callers send is held to its form: a wrong type is their error and
 * names the field. What providers send is taken as far as it makes sense, and never fails.
 */
import { AppError } from '../domain/errors.js';
import type { JsonObject } from './dialect.js';

const NOTHING: JsonObject = {};

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The text a value is; null when it is none. */
export function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

/** The object a value is; an empty one when it is none. */
export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : NOTHING;
}

/** The list a value is; an empty one when it is none. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What JSON text says; undefined when it is not JSON. */
export function parsedJson(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined;
  }
}

/** JSON text of what a provider sent as a value; an empty object for what is nested too deep to be written again. */
export function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '{}';
  }
}

/** What short text says is never nested that deep: a level takes two characters. */
const SURELY_WRITABLE_CHARS = 2_000;

/** The arguments in a call's JSON text; null when it is no object, or one nested too deep to be written again. */
export function parsedArguments(json: string): JsonObject | null {
  const parsed = parsedJson(json);
  if (!isObject(parsed)) return null;
  const writable = json.length <= SURELY_WRITABLE_CHARS || jsonText(parsed) !== '{}';
  return writable ? parsed : null;
}

/** The caller's error: `messages[0].role` must be …. `mustBe` goes on from there and needs no full stop. */
export function wrong(field: string, mustBe: string): AppError {
  return new AppError('BAD_REQUEST', `\`${field}\` must be ${mustBe}.`, { field: field.split('.') });
}

/** Path of a member of the object at `at`; an empty `at` is the body itself. */
export function pathOf(at: string, key: string): string {
  return at === '' ? key : `${at}.${key}`;
}

// The readers below take null for absent, as clients that write every field do.

export function optionalText(object: JsonObject, key: string, at = ''): string | null {
  return optional(object, key, at, 'a string', isText);
}

export function requiredText(object: JsonObject, key: string, at = ''): string {
  return required(object, key, at, 'a string', isText);
}

/** A text that is not empty, as names and ids are. */
export function requiredName(object: JsonObject, key: string, at = ''): string {
  return required(object, key, at, 'a string that is not empty', isName);
}

export function optionalNumber(object: JsonObject, key: string, at = ''): number | null {
  return optional(object, key, at, 'a number', isNumber);
}

/** A whole number that is not negative. */
export function optionalCount(object: JsonObject, key: string, at = ''): number | null {
  return optional(object, key, at, 'a whole number of at least 0', isCount);
}

export function optionalBoolean(object: JsonObject, key: string, at = ''): boolean | null {
  return optional(object, key, at, 'true or false', isBoolean);
}

export function optionalObject(object: JsonObject, key: string, at = ''): JsonObject | null {
  return optional(object, key, at, 'an object', isObject);
}

export function requiredObject(object: JsonObject, key: string, at = ''): JsonObject {
  return required(object, key, at, 'an object', isObject);
}

export function optionalList(object: JsonObject, key: string, at = ''): readonly unknown[] | null {
  return optional(object, key, at, 'a list', isList);
}

export function requiredList(object: JsonObject, key: string, at = ''): readonly unknown[] {
  return required(object, key, at, 'a list', isList);
}

/** A list whose every element is an object, each with the path it stands at. */
export function optionalObjects(
  object: JsonObject,
  key: string,
  at = '',
): readonly (readonly [element: JsonObject, at: string])[] {
  const list = optionalList(object, key, at) ?? [];
  return list.map((element, index) => elementAt(element, `${pathOf(at, key)}[${index}]`));
}

/** One of a closed list of words. */
export function optionalWord<Word extends string>(
  object: JsonObject,
  key: string,
  words: readonly Word[],
  at = '',
): Word | null {
  const isWord = (value: unknown): value is Word => words.includes(value as Word);
  return optional(object, key, at, `one of ${words.join(', ')}`, isWord);
}

/** Names of the members that are stated and not among the known ones. */
export function unknownMembers(object: JsonObject, known: ReadonlySet<string>): readonly string[] {
  return Object.keys(object).filter((key) => !known.has(key) && isStated(object[key]));
}

/** Whether a value says anything: null means absent. */
export function isStated(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function elementAt(element: unknown, at: string): readonly [element: JsonObject, at: string] {
  if (!isObject(element)) throw wrong(at, 'an object');
  return [element, at];
}

type Guard<Value> = (value: unknown) => value is Value;

function optional<Value>(
  object: JsonObject,
  key: string,
  at: string,
  mustBe: string,
  is: Guard<Value>,
): Value | null {
  return isStated(object[key]) ? required(object, key, at, mustBe, is) : null;
}

function required<Value>(
  object: JsonObject,
  key: string,
  at: string,
  mustBe: string,
  is: Guard<Value>,
): Value {
  const value = object[key];
  if (!is(value)) throw wrong(pathOf(at, key), mustBe);
  return value;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}
