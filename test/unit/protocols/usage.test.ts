import { describe, expect, it } from 'vitest';
import {
  countOf,
  mergeUsage,
  NOTHING_STATED,
  tokensOf,
  type StatedUsage,
} from '../../../src/protocols/usage.js';

const stated = (fields: Partial<StatedUsage>): StatedUsage => ({ ...NOTHING_STATED, ...fields });

describe('merging usage', () => {
  it.each([
    ['a later word wins', { output: 1 }, { output: 5 }, { output: 5 }],
    ['what is not said keeps what was', { prompt: 3, output: 1 }, { output: 5 }, { prompt: 3, output: 5 }],
    [
      'a zero among others is a word',
      { prompt: 3, cacheRead: 2 },
      { prompt: 3, cacheRead: 0 },
      { prompt: 3, cacheRead: 0 },
    ],
    [
      'zeros throughout do not overwrite',
      { prompt: 3, output: 1 },
      { prompt: 0, output: 0 },
      { prompt: 3, output: 1 },
    ],
    ['zeros throughout are a first word', {}, { prompt: 0, output: 0 }, { prompt: 0, output: 0 }],
    ['nothing said changes nothing', { prompt: 3 }, {}, { prompt: 3 }],
  ] as const)('%s', (_rule, before, later, merged) => {
    expect(mergeUsage(stated(before), stated(later))).toEqual(stated(merged));
  });

  it('brings tokens to classes that add up, never below zero', () => {
    expect(tokensOf(stated({ prompt: 10, cacheRead: 4, cacheWrite: 1, output: 2 }))).toMatchObject({
      input: 5,
    });
    expect(tokensOf(stated({ prompt: 3, cacheRead: 4 }))).toMatchObject({
      input: 0,
      cacheRead: 4,
      output: 0,
    });
    expect(tokensOf(stated({ input: 10, cacheRead: 4 }))).toMatchObject({ input: 10, cacheRead: 4 });
    expect(tokensOf(NOTHING_STATED)).toBeNull();
  });

  it.each([-1, 1.5, Number.NaN, 2 ** 53, '7', null, undefined, {}])('takes %j for not said', (value) => {
    expect(countOf(value)).toBeNull();
  });
});
