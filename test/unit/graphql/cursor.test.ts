import { describe, expect, it } from 'vitest';
import { decodeCursor, encodeCursor } from '../../../src/graphql/shared/cursor.js';

describe('a cursor', () => {
  it.each([[null], [7], ['zai/glm-5.1'], ['0.0000012']])('carries the place %s through', (sortKey) => {
    const position = { sortKey, id: 'mdl_1' };
    expect(decodeCursor('model', encodeCursor('model', position, 'REFASC'), 'REFASC')).toEqual(position);
  });

  it('may be left out', () => {
    expect([decodeCursor('model', null), decodeCursor('model', undefined)]).toEqual([null, null]);
  });

  it.each([
    ['of another list', encodeCursor('connection', { sortKey: 1, id: 'x' })],
    ['of another order', encodeCursor('model', { sortKey: 1, id: 'x' }, 'REFDESC')],
    ['of another version', Buffer.from('[2,"model",1,"x"]').toString('base64url')],
    ['with a place that is none', Buffer.from('[1,"model",{},"x"]').toString('base64url')],
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
