import { expect, test } from 'vitest';
import { takeRequestCycles } from '../../../src/persistence/wire-cycles.js';

function message(type: string, body = ''): Buffer {
  const head = Buffer.alloc(type.length + 4);
  head.write(type);
  head.writeUInt32BE(body.length + 4, type.length);
  return Buffer.concat([head, Buffer.from(body)]);
}

const STARTUP = message('', 'user');
const EXTENDED = Buffer.concat([message('P', 'SELECT'), message('B'), message('E'), message('S')]);
const SIMPLE = message('Q', 'BEGIN');

test('however the bytes arrive, each cycle is handed on whole and in order', () => {
  const stream = Buffer.concat([STARTUP, EXTENDED, SIMPLE, message('X')]);
  const expected = [STARTUP, EXTENDED, SIMPLE, message('X')].map((cycle) => cycle.toString('hex'));
  for (let size = 1; size <= stream.length; size++) {
    const seen: string[] = [];
    let rest: Buffer = Buffer.alloc(0);
    for (let at = 0; at < stream.length; at += size) {
      const taken = takeRequestCycles(Buffer.concat([rest, stream.subarray(at, at + size)]), seen.length > 0);
      seen.push(...taken.cycles.map((cycle) => Buffer.from(cycle).toString('hex')));
      rest = taken.rest;
    }
    expect(seen).toEqual(expected);
    expect(rest).toHaveLength(0);
  }
});

test('a cycle is not handed on before its end', () => {
  const { cycles, rest } = takeRequestCycles(EXTENDED.subarray(0, -1), true);
  expect(cycles).toEqual([]);
  expect(rest).toHaveLength(EXTENDED.length - 1);
});
