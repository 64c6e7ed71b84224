/**
 * Finds the members of a JSON object in its bytes without building the object. Request bodies of agents are tens of
 * kilobytes of which the gateway needs three members; the rest is forwarded as it came.
 *
 * What it accepts and JSON.parse does not: control characters and unknown escapes inside strings, which are skipped, not
 * read; {@link parseSpan} and keys are strict about them. What it refuses and JSON.parse does not: nesting without end.
 */

/** Bytes of the buffer, end exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Where the value of a member lies, and where its key begins. */
export interface Member extends Span {
  readonly keyStart: number;
}

export interface JsonMembers {
  /** Each member by key; of a repeated key the last, as JSON.parse has it. */
  readonly values: ReadonlyMap<string, Member>;
  /** Keys that stand there more than once: other readers may take the first. */
  readonly repeated: readonly string[];
  /** Where the object itself lies, braces included. */
  readonly span: Span;
}

export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
}

// Deeper than any honest request; bounds the recursion.
const MAX_DEPTH = 512;
// Short strings are cheaper to walk here than to hand to the native search.
const WALK_BYTES = 24;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const MINUS = 0x2d;
const ZERO = 0x30;
const NINE = 0x39;

/** Members of the one object the bytes hold; throws {@link JsonSyntaxError} when they hold anything else. */
export function scanObject(bytes: Buffer): JsonMembers {
  const members = scanMembers(bytes, skipSpace(bytes, 0));
  const rest = skipSpace(bytes, members.span.end);
  if (rest !== bytes.length) throw unexpected(bytes, rest);
  return members;
}

/** Members of the object that starts at `start`. */
export function scanMembers(bytes: Buffer, start: number): JsonMembers {
  if (bytes[start] !== OPEN_OBJECT) throw new JsonSyntaxError('a JSON object was expected');
  const values = new Map<string, Member>();
  const repeated: string[] = [];
  const end = walkObject(bytes, start, 0, (key, member) => {
    if (values.has(key)) repeated.push(key);
    values.set(key, member);
  });
  return { values, repeated, span: { start, end } };
}

/** Elements of the array that starts at `start`, until `visit` returns false. */
export function scanElements(bytes: Buffer, start: number, visit: (span: Span) => boolean): void {
  let at = skipSpace(bytes, start + 1);
  if (bytes[start] !== OPEN_ARRAY || bytes[at] === CLOSE_ARRAY) return;
  for (;;) {
    const end = skipValue(bytes, at, 0);
    if (!visit({ start: at, end })) return;
    at = skipSpace(bytes, end);
    if (bytes[at] !== COMMA) return;
    at = skipSpace(bytes, at + 1);
  }
}

/** Members of each object among the elements of the array that starts at `start`; returns how many elements there are. */
export function scanObjects(bytes: Buffer, start: number, visit: (members: JsonMembers) => void): number {
  let count = 0;
  let at = skipSpace(bytes, start + 1);
  if (bytes[start] !== OPEN_ARRAY || bytes[at] === CLOSE_ARRAY) return count;
  for (;;) {
    count++;
    const members = bytes[at] === OPEN_OBJECT ? scanMembers(bytes, at) : null;
    if (members) visit(members);
    at = skipSpace(bytes, members ? members.span.end : skipValue(bytes, at, 0));
    if (bytes[at] !== COMMA) return count;
    at = skipSpace(bytes, at + 1);
  }
}

/** Parses one span; throws {@link JsonSyntaxError} for what the scan was lenient about. */
export function parseSpan(bytes: Buffer, span: Span): unknown {
  return parseStrictly(bytes.toString('utf8', span.start, span.end));
}

/** A replacement of a span; an empty span inserts. */
export interface Edit extends Span {
  readonly text: string;
}

/** The bytes with non-overlapping edits applied. */
export function applyEdits(bytes: Buffer, edits: readonly Edit[]): Buffer {
  if (edits.length === 0) return bytes;
  const parts: Buffer[] = [];
  let at = 0;
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    parts.push(bytes.subarray(at, edit.start), Buffer.from(edit.text, 'utf8'));
    at = edit.end;
  }
  parts.push(bytes.subarray(at));
  return Buffer.concat(parts);
}

/** An edit that adds a member at the end of an object. */
export function appendMember(members: JsonMembers, key: string, json: string): Edit {
  const at = members.span.end - 1;
  const comma = members.values.size > 0 ? ',' : '';
  return { start: at, end: at, text: `${comma}${JSON.stringify(key)}:${json}` };
}

/** Edits that take items out of an object or an array, each with a comma. `items` are all there are, in their order. */
export function removeItems(items: readonly Span[], gone: (item: Span) => boolean): readonly Edit[] {
  const edits: Edit[] = [];
  let keptEnd: number | null = null;
  let start: number | null = null;
  let end = 0;
  for (const item of items) {
    if (gone(item)) {
      start ??= keptEnd ?? item.start;
      end = item.end;
      continue;
    }
    // Behind a kept item the comma in front goes along, otherwise the one behind.
    if (start !== null) edits.push({ start, end: keptEnd === null ? item.start : end, text: '' });
    start = null;
    keptEnd = item.end;
  }
  if (start !== null) edits.push({ start, end, text: '' });
  return edits;
}

function walkObject(
  bytes: Buffer,
  start: number,
  depth: number,
  visit: ((key: string, member: Member) => void) | null,
): number {
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === CLOSE_OBJECT) return at + 1;
  for (;;) {
    if (bytes[at] !== QUOTE) throw unexpected(bytes, at);
    const keyEnd = skipString(bytes, at);
    const colon = skipSpace(bytes, keyEnd);
    if (bytes[colon] !== COLON) throw unexpected(bytes, colon);
    const valueStart = skipSpace(bytes, colon + 1);
    const valueEnd = skipValue(bytes, valueStart, depth + 1);
    if (visit) visit(readKey(bytes, at, keyEnd), { keyStart: at, start: valueStart, end: valueEnd });
    at = skipSpace(bytes, valueEnd);
    const next = bytes[at];
    if (next === CLOSE_OBJECT) return at + 1;
    if (next !== COMMA) throw unexpected(bytes, at);
    at = skipSpace(bytes, at + 1);
  }
}

function walkArray(bytes: Buffer, start: number, depth: number): number {
  let at = skipSpace(bytes, start + 1);
  if (bytes[at] === CLOSE_ARRAY) return at + 1;
  for (;;) {
    at = skipSpace(bytes, skipValue(bytes, at, depth + 1));
    const next = bytes[at];
    if (next === CLOSE_ARRAY) return at + 1;
    if (next !== COMMA) throw unexpected(bytes, at);
    at = skipSpace(bytes, at + 1);
  }
}

function skipValue(bytes: Buffer, at: number, depth: number): number {
  if (depth > MAX_DEPTH) throw new JsonSyntaxError(`nested deeper than ${MAX_DEPTH} levels`);
  const byte = bytes[at];
  if (byte === QUOTE) return skipString(bytes, at);
  if (byte === OPEN_OBJECT) return walkObject(bytes, at, depth, null);
  if (byte === OPEN_ARRAY) return walkArray(bytes, at, depth);
  if (byte === MINUS || (byte !== undefined && byte >= ZERO && byte <= NINE)) return skipNumber(bytes, at);
  for (const literal of ['true', 'false', 'null']) {
    if (byte === literal.charCodeAt(0) && bytes.toString('latin1', at, at + literal.length) === literal) {
      return at + literal.length;
    }
  }
  throw unexpected(bytes, at);
}

function skipNumber(bytes: Buffer, start: number): number {
  let at = start + 1;
  for (;;) {
    const byte = bytes[at];
    const partOfNumber =
      byte !== undefined &&
      ((byte >= ZERO && byte <= NINE) ||
        byte === 0x2e ||
        byte === 0x65 ||
        byte === 0x45 ||
        byte === 0x2b ||
        byte === MINUS);
    if (!partOfNumber) break;
    at++;
  }
  if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(bytes.toString('latin1', start, at)))
    throw unexpected(bytes, start);
  return at;
}

function skipString(bytes: Buffer, start: number): number {
  let at = start + 1;
  const walkEnd = Math.min(at + WALK_BYTES, bytes.length);
  while (at < walkEnd) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    at += byte === BACKSLASH ? 2 : 1;
  }
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote < 0) throw new JsonSyntaxError('a string is not closed');
    let backslashes = 0;
    while (quote - 1 - backslashes >= at && bytes[quote - 1 - backslashes] === BACKSLASH) backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function readKey(bytes: Buffer, start: number, end: number): string {
  const raw = bytes.toString('utf8', start + 1, end - 1);
  return raw.includes('\\') ? String(parseStrictly(`"${raw}"`)) : raw;
}

function parseStrictly(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new JsonSyntaxError('a string holds a control character or an unknown escape');
  }
}

function skipSpace(bytes: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const byte = bytes[at];
    if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return at;
    at++;
  }
}

function unexpected(bytes: Buffer, at: number): JsonSyntaxError {
  if (at >= bytes.length) return new JsonSyntaxError('it ends too early');
  return new JsonSyntaxError(
    `unexpected ${JSON.stringify(String.fromCharCode(bytes[at] ?? 0))} at byte ${at}`,
  );
}
