import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../../src/graphql/shared/cursor.js';

describe('a cursor', () => {
  it.each([
    ['connection', -7, ''],
    ['usage', 2 ** 40, ''],
    ['key', null, ''],
    ['model', 'zai/glm-5.1', 'REFASC'],
    ['model', '0.0000012', 'INPUT_PRICEASC'],
    ['model', null, 'INPUT_PRICEDESC'],
    ['model', 200_000, 'CONTEXT_WINDOWASC'],
    ['model', Date.UTC(2026, 0, 31), 'FIRST_SEEN_ATASC'],
  ] as const)('of a %s carries the place %s through', (kind, sortKey, order) => {
    const position = { sortKey, id: 'mdl_1' };
    expect(decodeCursor(kind, encodeCursor(kind, position, order), order)).toEqual(position);
  });

  it.each([
    ['connection', 'x', ''],
    ['connection', 1e30, ''],
    ['connection', null, ''],
    ['usage', 0.5, ''],
    ['usage', -1, ''],
    ['audit', 1, ''],
    ['model', 'a\0b', 'REFASC'],
    ['model', null, 'REFASC'],
    ['model', '1e3', 'INPUT_PRICEASC'],
    ['model', '99999999999', 'INPUT_PRICEASC'],
    ['model', 2 ** 31, 'CONTEXT_WINDOWASC'],
    ['model', 1e30, 'FIRST_SEEN_ATASC'],
  ] as const)('of a %s is refused when its place is %s, which no item has', (kind, sortKey, order) => {
    expect(() => decodeCursor(kind, encodeCursor(kind, { sortKey, id: 'mdl_1' }, order), order)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT' }),
    );
  });

  it('may be left out', () => {
    expect([decodeCursor('model', null), decodeCursor('model', undefined)]).toEqual([null, null]);
  });

  it.each([
    ['of another list', encodeCursor('connection', { sortKey: 1, id: 'x' })],
    ['of another order', encodeCursor('model', { sortKey: 1, id: 'x' }, 'REFDESC')],
    ['of another version', Buffer.from('[2,"model",1,"x"]').toString('base64url')],
    ['with a place that is none', Buffer.from('[1,"model",{},"x"]').toString('base64url')],
    ['with an id that is none', Buffer.from('[1,"model",null,"x\\u0000"]').toString('base64url')],
    ['with more than a place', Buffer.from('[1,"model",1,"x",2]').toString('base64url')],
    ['that is not JSON', Buffer.from('[1,').toString('base64url')],
    ['that is empty', ''],
    ['that is huge', 'A'.repeat(5_000)],
  ])('is refused when it is one %s', (_kind, cursor) => {
    expect(() => decodeCursor('model', cursor)).toThrow(
      expect.objectContaining({ code: 'BAD_USER_INPUT', field: ['after'] }),
    );
  });
});
