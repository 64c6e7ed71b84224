/**
 * Skims JSON that is known to be valid, one character to the byte: from quote to quote with the native search, which takes
 * half the time of scanning the bytes again. Never throws: in anything but valid JSON it ends early.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const COMMA = 0x2c;
const SPACE = 0x20;

/**
 * Visits the elements of the array that starts at `start`. A visit returns where its value ends, so that what was read in
 * it is not skimmed a second time. Returns where the value at `start` ends, array or not.
 */
export function eachElement(text: string, start: number, visit: (start: number) => number): number {
  if (text.charCodeAt(start) !== OPEN_ARRAY) return endOfValue(text, start);
  let at = skipSpace(text, start + 1);
  while (at < text.length && text.charCodeAt(at) !== CLOSE_ARRAY) {
    at = skipSpace(text, visit(at));
    if (text.charCodeAt(at) !== COMMA) break;
    at = skipSpace(text, at + 1);
  }
  return at + 1;
}

/** The same for the members of the object that starts at `start`. Keys come as they are written. */
export function eachMember(
  text: string,
  start: number,
  visit: (key: string, start: number) => number,
): number {
  if (text.charCodeAt(start) !== OPEN_OBJECT) return endOfValue(text, start);
  let at = skipSpace(text, start + 1);
  while (text.charCodeAt(at) === QUOTE) {
    const keyEnd = endOfString(text, at);
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1);
    at = skipSpace(text, visit(text.slice(at + 1, keyEnd - 1), valueStart));
    if (text.charCodeAt(at) !== COMMA) break;
    at = skipSpace(text, at + 1);
  }
  return at + 1;
}

/** Where the value at `at` ends; always past `at`. */
export function endOfValue(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first === QUOTE) return endOfString(text, at);
  if (first === OPEN_OBJECT || first === OPEN_ARRAY) return endOfNesting(text, at);
  let end = at + 1;
  while (end < text.length && !endsLiteral(text.charCodeAt(end))) end++;
  return end;
}

function endOfNesting(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length;) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      at = endOfString(text, at);
      continue;
    }
    if (code === OPEN_OBJECT || code === OPEN_ARRAY) depth++;
    else if ((code === CLOSE_OBJECT || code === CLOSE_ARRAY) && --depth === 0) return at + 1;
    at++;
  }
  return text.length;
}

function endOfString(text: string, start: number): number {
  for (let from = start + 1; ;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return text.length;
    if (text.charCodeAt(quote - 1) !== BACKSLASH) return quote + 1;
    let backslashes = 1;
    while (quote - 1 - backslashes >= from && text.charCodeAt(quote - 1 - backslashes) === BACKSLASH)
      backslashes++;
    if (backslashes % 2 === 0 || quote - 1 < from) return quote + 1;
    from = quote + 1;
  }
}

function skipSpace(text: string, start: number): number {
  let at = start;
  // NaN past the end compares false.
  while (text.charCodeAt(at) <= SPACE) at++;
  return at;
}

function endsLiteral(code: number): boolean {
  return code === COMMA || code === CLOSE_OBJECT || code === CLOSE_ARRAY || code <= SPACE;
}
