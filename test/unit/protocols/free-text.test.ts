/** Free text inside the arguments of a function, whole and as it streams. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  argumentsOfText,
  createFreeTextReader,
  functionOf,
  textOfArguments,
} from '../../../src/protocols/free-text.js';
import { createJsonProgress } from '../../../src/protocols/json-progress.js';

const pieces = (text: string, cuts: readonly number[]): string[] => {
  const edges = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
  return edges.slice(1).map((end, at) => text.slice(edges[at], end));
};
const streamed = (parts: readonly string[]): string => {
  const reader = createFreeTextReader();
  return parts.map((part) => reader.push(part)).join('') + reader.end();
};

describe('free text', () => {
  it('comes out of its arguments as it went in, cut anywhere, escaped in any way', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.nat()), fc.boolean(), (text, cuts, escapes) => {
        const json = escapes
          ? `{ "input" : "${[...Array(text.length).keys()].map((at) => `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}" }`
          : argumentsOfText(text);
        expect(streamed(pieces(json, cuts))).toBe(text);
      }),
    );
  });
  it('that was never put into arguments stays as it is, cut anywhere', () => {
    for (const text of ['*** Begin Patch', '{"other":"x"}', '{ not json', '"quoted"', '{"input":5}']) {
      fc.assert(
        fc.property(fc.array(fc.nat()), (cuts) => {
          expect(streamed(pieces(text, cuts))).toBe(text);
        }),
      );
    }
  });
  it('is empty for arguments that are', () => {
    expect(textOfArguments('')).toBe('');
    expect(textOfArguments('{"input":""}')).toBe('');
  });
  it('is described to the model with the grammar it is to follow', () => {
    const freeText = { type: 'grammar', syntax: 'lark', definition: 'start: "x"' };
    const { description } = functionOf({
      name: 'p',
      description: 'Edit',
      parameters: null,
      strict: null,
      freeText,
    });
    expect(description).toMatch(/^Edit\n\n.*lark.*\nstart: "x"$/);
  });
});

describe('the progress of a JSON object', () => {
  it('is complete exactly with its last brace', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const json = JSON.stringify(object);
        const progress = createJsonProgress();
        progress.push(json.slice(0, -1));
        expect(progress.complete).toBe(false);
        progress.push('}');
        expect(progress.complete).toBe(true);
      }),
    );
  });
});
