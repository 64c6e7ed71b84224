import { Kind, type ValueNode } from 'graphql';
import { describe, expect, it } from 'vitest';
import {
  DateTimeScalar,
  DecimalScalar,
  SafeIntScalar,
  UrlScalar,
} from '../../../src/graphql/shared/scalars.js';

const text = (value: string): ValueNode => ({ kind: Kind.STRING, value });
const int = (value: string): ValueNode => ({ kind: Kind.INT, value });

describe('DateTime', () => {
  it.each([
    ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000Z'],
    ['2026-01-31T12:00:00.5+08:00', '2026-01-31T04:00:00.500Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['2024-02-29T23:59:59.999-00:30', '2024-03-01T00:29:59.999Z'],
  ])('reads %s and answers it in UTC', (given, answered) => {
    expect(DateTimeScalar.serialize(DateTimeScalar.parseValue(given))).toBe(answered);
    expect(DateTimeScalar.parseLiteral(text(given))).toBe(Date.parse(answered));
  });

  it.each([
    '2026-01-31',
    '2026-01-31T12:00:00',
    '2026-02-30T00:00:00Z',
    '2026-01-31T24:00:00Z',
    '0000-12-31T00:00:00Z',
    '0001-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-01:00',
    'today',
    1_767_225_600_000,
    null,
  ])('refuses %s', (given) =>
    expect(() => DateTimeScalar.parseValue(given)).toThrow('DateTime must be an RFC 3339 instant'),
  );
});

describe('Decimal', () => {
  it('keeps every digit', () => {
    expect(DecimalScalar.serialize(1_200n)).toBe('0.0000012');
    expect(DecimalScalar.parseValue('123456789.000000001')).toBe('123456789.000000001');
    expect(DecimalScalar.parseLiteral(text('3.10'))).toBe('3.1');
  });

  it.each([3.1, '1e3', '', '1.0000000001', 'NaN', '1,5'])('refuses %s', (given) => {
    expect(() => DecimalScalar.parseValue(given)).toThrow('Decimal must be');
  });

  it('never answers a float', () => {
    expect(() => DecimalScalar.serialize(0.1)).toThrow(TypeError);
  });
});

describe('SafeInt', () => {
  it('holds token counts beyond 32 bits', () => {
    expect(SafeIntScalar.serialize(2 ** 40)).toBe(2 ** 40);
    expect(SafeIntScalar.parseLiteral(int(String(2 ** 40)))).toBe(2 ** 40);
  });

  it.each([1.5, 2 ** 53, '7', 7n, Number.NaN])('refuses %s', (given) => {
    expect(() => SafeIntScalar.parseValue(given)).toThrow('SafeInt must be');
    expect(() => SafeIntScalar.serialize(given)).toThrow(TypeError);
  });
});

describe('URL', () => {
  it('takes absolute addresses only', () => {
    expect(UrlScalar.parseValue('https://example.com/path')).toBe('https://example.com/path');
    for (const given of ['example.com', '/path', '', 7]) {
      expect(() => UrlScalar.parseValue(given)).toThrow('URL must be an absolute URL');
    }
  });
});
