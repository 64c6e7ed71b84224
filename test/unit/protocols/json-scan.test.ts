import { describe, expect, it } from 'vitest';
import {
  appendMember,
  applyEdits,
  JsonSyntaxError,
  parseSpan,
  scanElements,
  scanMembers,
  scanObject,
} from '../../../src/protocols/json-scan.js';

/** A small generator of its own (mulberry32), so that every run sees the same documents. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function documents(seed: number) {
  const next = random(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
  const space = () => pick(['', '', '', ' ', '\n', '\t\r\n ', '  ']);
  const PIECES = [
    'a',
    'é',
    '𝕏',
    '日本',
    '\\"',
    '\\\\',
    '\\\\\\"',
    '\\n',
    '\\u00e9',
    '\\ud83d\\ude00',
    '\\/',
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    ' ',
    'x'.repeat(40),
    '\\\\'.repeat(30),
  ];
  const text = () => `"${Array.from({ length: Math.floor(next() * 6) }, () => pick(PIECES)).join('')}"`;
  const NUMBERS = [
    '0',
    '-0',
    '1',
    '-12',
    '1.5',
    '0.01',
    '1e3',
    '1E+3',
    '2e-7',
    '-9.99e99',
    '123456789012345678901234567890',
  ];
  const value = (depth: number): string => {
    const kind = depth > 5 ? next() * 0.6 : next();
    if (kind < 0.25) return text();
    if (kind < 0.45) return pick(NUMBERS);
    if (kind < 0.6) return pick(['true', 'false', 'null']);
    const items = Array.from({ length: Math.floor(next() * 4) }, () => value(depth + 1));
    if (kind < 0.8) return `[${space()}${items.join(`${space()},${space()}`)}${space()}]`;
    return object(depth + 1);
  };
  const object = (depth: number): string => {
    const members = Array.from(
      { length: Math.floor(next() * 5) },
      () => `${pick(['"model"', '"a"', text(), text()])}${space()}:${space()}${value(depth)}`,
    );
    return `{${space()}${members.join(`${space()},${space()}`)}${space()}}`;
  };
  const mutate = (json: string): string => {
    const at = Math.floor(next() * json.length);
    switch (Math.floor(next() * 4)) {
      case 0:
        return json.slice(0, at);
      case 1:
        return json.slice(0, at) + json.slice(at + 1);
      case 2:
        return (
          json.slice(0, at) +
          pick(['"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', 'e', '.', 'n', '\u0000']) +
          json.slice(at)
        );
      default:
        return json + pick([' ', '}', ',', 'x', '{}']);
    }
  };
  return { document: () => space() + object(0) + space(), mutate };
}

function parsed(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** Members as the scan finds them; null when it refuses. Any other error than its own passes through. */
function scanned(json: string): Record<string, unknown> | null {
  const bytes = Buffer.from(json);
  try {
    const { values, span } = scanObject(bytes);
    for (const { keyStart, start, end } of [...values.values(), { ...span, keyStart: span.start }]) {
      expect(keyStart <= start && start < end && end <= bytes.length).toBe(true);
    }
    return Object.fromEntries([...values].map(([key, value]) => [key, parseSpan(bytes, value)]));
  } catch (error) {
    if (error instanceof JsonSyntaxError) return null;
    throw error;
  }
}

/** What the scan is lenient about, and so cannot be compared: its parse is strict only in what is looked at. */
const LENIENT = /\p{Cc}|\\(?!["\\/bfnrtu])|\\u(?![\da-fA-F]{4})/u;

describe('scanObject', () => {
  it('agrees with JSON.parse on every member of 3000 generated documents', () => {
    const { document } = documents(1);
    for (let i = 0; i < 3_000; i++) {
      const json = document();
      expect(scanned(json)).toEqual(parsed(json));
    }
  });

  it('agrees with JSON.parse on which of 20000 damaged ones are valid, and never fails in another way', () => {
    const { document, mutate } = documents(2);
    let refused = 0;
    for (let i = 0; i < 20_000; i++) {
      const json = Buffer.from(mutate(document())).toString();
      const ours = scanned(json);
      const theirs = parsed(json);
      if (theirs !== null || !LENIENT.test(json)) expect([json, ours]).toEqual([json, theirs]);
      if (theirs === null) refused++;
    }
    expect(refused).toBeGreaterThan(5_000);
  });

  it('reads no further than the end, wherever a document is cut', () => {
    const json =
      '{"a\\"b":["\\\\",1e5,{"x":null}],"model":"zai/glm","t":true,"long":"' + '\\"'.repeat(30) + '"}';
    for (let end = 0; end < json.length; end++)
      expect([end, scanned(json.slice(0, end))]).toEqual([end, null]);
    expect(scanned(json)).toEqual(parsed(json));
  });

  it.each([
    '',
    ' ',
    '[]',
    '1',
    'null',
    '"{}"',
    '{,}',
    '{"a":1,}',
    '{"a" 1}',
    '{a:1}',
    '{"a":01}',
    '{"a":+1}',
    '{"a":.5}',
    '{"a":1.}',
    '{"a":tru}',
    '{"a":nul',
    '{"a":1}x',
    '\ufeff{}',
  ])('refuses %j', (json) => {
    expect(parsed(json)).toBeNull();
    expect(scanned(json)).toBeNull();
  });

  it('passes over control characters and unknown escapes in strings, and is strict where one is read', () => {
    const bytes = Buffer.from('{"a":"\u0001","b":["\\q"],"c":1}');
    const [a, b, c] = [...scanObject(bytes).values.values()];
    for (const member of [a, b]) expect(() => member && parseSpan(bytes, member)).toThrow(JsonSyntaxError);
    expect(c && parseSpan(bytes, c)).toBe(1);
    expect(() => scanObject(Buffer.from('{"\\q":1}'))).toThrow(JsonSyntaxError);
  });

  it('refuses nesting without end before the stack does', () => {
    const nested = (depth: number) => Buffer.from(`{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`);
    expect(() => scanObject(nested(500))).not.toThrow();
    expect(() => scanObject(nested(100_000))).toThrow(/nested deeper/);
    expect(() => scanObject(Buffer.from('{"a":'.repeat(100_000)))).toThrow(/nested deeper/);
  });

  it('takes the last of a repeated member, as JSON.parse does, and says that it was repeated', () => {
    const bytes = Buffer.from('{"model":"a","x":1,"mod\\u0065l":"b"}');
    const { values, repeated } = scanObject(bytes);
    const model = values.get('model');
    expect(model && parseSpan(bytes, model)).toBe('b');
    expect(repeated).toEqual(['model']);
    expect(scanObject(Buffer.from('{"a":1}')).repeated).toEqual([]);
  });

  it('stays linear over ten megabytes of backslashes and quotes', () => {
    const size = 10 * 1024 * 1024;
    const bodies = [
      '\\\\'.repeat(size / 2),
      '\\"'.repeat(size / 2),
      '\\\\\\"'.repeat(size / 4),
      '1'.repeat(size),
    ];
    const start = performance.now();
    for (const body of bodies) expect(scanObject(Buffer.from(`{"a":"${body}"}`)).values.size).toBe(1);
    expect(() => scanObject(Buffer.from(`{"a":"${'\\'.repeat(size + 1)}`))).toThrow(JsonSyntaxError);
    expect(scanObject(Buffer.from(`{"a":${'1'.repeat(size)}}`)).values.size).toBe(1);
    // A second or so; quadratic would be days.
    expect(performance.now() - start).toBeLessThan(30_000);
  });
});

describe('edits', () => {
  it('replace, append and insert so that the document means what was wanted and nothing else changed', () => {
    const { document } = documents(3);
    for (let i = 0; i < 2_000; i++) {
      const bytes = Buffer.from(document());
      const members = scanObject(bytes);
      const before = parsed(bytes.toString());
      const model = members.values.get('model');
      const edits = [
        appendMember(members, 'added "é', '{"x":1}'),
        ...(model ? [{ ...model, text: '"new"' }] : []),
      ];
      const expected: Record<string, unknown> = { ...before, 'added "é': { x: 1 } };
      if (model) expected['model'] = 'new';
      expect(JSON.parse(applyEdits(bytes, edits).toString())).toEqual(expected);
    }
  });

  it('leave the very same bytes when there are none', () => {
    const bytes = Buffer.from('{ "a" : 1 }');
    expect(applyEdits(bytes, [])).toBe(bytes);
  });
});

describe('scanElements', () => {
  const elements = (json: string, most = Infinity): string[] => {
    const found: string[] = [];
    const bytes = Buffer.from(json);
    scanElements(bytes, 0, ({ start, end }) => found.push(bytes.toString('utf8', start, end)) < most);
    return found;
  };
  it('visits each element until told to stop, and nothing of what is no array', () => {
    expect(elements('[ 1, "a,b" ,{"x":[2]}, [] ]')).toEqual(['1', '"a,b"', '{"x":[2]}', '[]']);
    expect(elements('[1,2,3]', 2)).toEqual(['1', '2']);
    expect(elements('[ ]')).toEqual([]);
    expect(elements('null')).toEqual([]);
  });
  it('refuses to look for members in what is no object', () => {
    expect(() => scanMembers(Buffer.from('[1]'), 0)).toThrow(JsonSyntaxError);
  });
});
