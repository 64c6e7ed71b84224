import { describe, expect, test } from 'vitest';
import {
  capabilitiesOf,
  kindOfOutput,
  names,
  readPrices,
  readTokenPrices,
} from '../../../src/providers/listed-facts.js';
import { parseModelList } from '../../../src/providers/model-list.js';

describe('prices of a list', () => {
  test('per token become exact prices per million', () => {
    expect(
      readTokenPrices({ prompt: '0.00000059', completion: '0.0000023925', input_cache_read: '0' }),
    ).toEqual({
      input: 590_000_000n,
      output: 2_392_500_000n,
      cacheRead: 0n,
      cacheWrite: null,
    });
  });

  test('per million are taken as they are, as numbers or as text', () => {
    const fields = { input: 'in', output: 'out' };
    const prices = { input: 300_000_000n, output: 1_200_000_000n, cacheRead: null, cacheWrite: null };
    expect(readPrices({ in: 0.3, out: 1.2 }, fields)).toEqual(prices);
    expect(readPrices({ in: '0.3', out: '1.2' }, fields)).toEqual(prices);
  });

  test.each([
    [undefined],
    [null],
    ['0.1'],
    [{}],
    [{ prompt: '0.1' }],
    [{ prompt: '-1', completion: '-1' }],
    [{ prompt: '', completion: '' }],
    [{ prompt: 'free', completion: 'free' }],
    [{ prompt: null, completion: null }],
  ])('are unknown, not free, where the list says %j', (pricing) => {
    expect(readTokenPrices(pricing)).toBeUndefined();
  });
});

test('what a model gives tells what it is for', () => {
  expect(kindOfOutput(['text'])).toBe('CHAT');
  expect(kindOfOutput(['image', 'text'])).toBe('CHAT');
  expect(kindOfOutput(['embeddings'])).toBe('EMBEDDING');
  expect(kindOfOutput(['image'])).toBe('OTHER');
  expect(kindOfOutput([])).toBeUndefined();
  expect(kindOfOutput(undefined)).toBeUndefined();
});

test('abilities that a list denies or leaves out are not stated', () => {
  expect(
    capabilitiesOf([
      ['VISION', true],
      ['TOOLS', false],
      ['REASONING', undefined],
    ]),
  ).toEqual(['VISION']);
  expect(capabilitiesOf([['TOOLS', false]])).toBeUndefined();
  expect(names(['tools', 'reasoning'], 'include_reasoning', 'reasoning')).toBe(true);
  expect(names(['tools'], 'reasoning')).toBe(false);
  expect(names('tools', 'tools')).toBe(false);
});

describe('lists of other shapes than OpenAI’s', () => {
  test('keep entries and ids under names of their own', () => {
    const parse = parseModelList(undefined, { entries: 'models', id: 'name' });
    expect(parse({ models: [{ name: 'a' }, { id: 'b' }, { name: 'a' }] })).toEqual([{ upstreamId: 'a' }]);
    expect(parse({ models: [] })).toEqual([]);
    expect(() => parse({ data: [{ name: 'a' }] })).toThrow('no models');
  });

  test('may be the array itself, which then has something in it', () => {
    const parse = parseModelList(undefined, { entries: null, id: 'id' });
    expect(parse([{ id: 'a' }])).toEqual([{ upstreamId: 'a' }]);
    expect(() => parse([])).toThrow();
    expect(() => parse({ data: [{ id: 'a' }] })).toThrow();
  });
});
