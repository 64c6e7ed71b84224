/** Makes wrong JSON out of right JSON: wrong types, missing members, deep nesting, huge text. */
import fc from 'fast-check';

type Path = readonly (string | number)[];

/** Deeper requests are refused before a dialect sees them. */
const DEEP = 400;

/** A list in a list in a list: some readers call themselves. */
const deep = (): unknown => {
  let value: unknown = 'x';
  for (let level = 0; level < DEEP; level++) value = level % 2 === 0 ? [value] : { properties: { a: value } };
  return value;
};

/** What may stand where something else was meant to. */
const anything: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      -1,
      1.5,
      1e308,
      '',
      'x',
      [],
      {},
      [null],
      [[]],
      [{}],
      ['x'],
      [0],
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<unknown>(
      '__proto__',
      'constructor',
      '\u0000',
      '\ud800',
      '[DONE]',
      'sy1.e30',
      'sy1.!!',
      'data:;base64,',
      'data:',
      '{"',
      '\n\ndata: x\n\n',
    ),
  },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  { weight: 1, arbitrary: fc.constant(null).map(() => 'y'.repeat(50_000)) },
  { weight: 1, arbitrary: fc.constant(null).map(deep) },
);

interface Change {
  readonly at: number;
  readonly how: 'replace' | 'remove' | 'repeat' | 'rename';
  readonly value: unknown;
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(10_000),
  how: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'repeat', 'rename'),
  value: anything,
});

/** The value with one to four things wrong with it. */
export function mutated<T>(sample: T): fc.Arbitrary<unknown> {
  return fc.array(change, { minLength: 1, maxLength: 4 }).map((changes) => {
    let value: unknown = structuredClone(sample);
    for (const one of changes) value = applied(value, { ...one, value: structuredClone(one.value) });
    return value;
  });
}

function applied(root: unknown, { at, how, value }: Change): unknown {
  const paths = pathsIn(root);
  const path = paths[at % paths.length] ?? [];
  const last = path.at(-1);
  if (last === undefined) return how === 'replace' ? value : root;
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((inside, step) => (inside as Record<string, unknown>)[step], root);
  if (Array.isArray(parent)) {
    const index = Number(last);
    if (how === 'remove') parent.splice(index, 1);
    else if (how === 'repeat') parent.splice(index, 0, structuredClone(parent[index]));
    else parent[index] = value;
    return root;
  }
  const fields = parent as Record<string, unknown>;
  if (how === 'replace' || how === 'repeat') fields[last] = value;
  else {
    if (how === 'rename') fields[`${last}_x`] = fields[last];
    delete fields[last];
  }
  return root;
}

/** Ways to every value inside, down to where nesting was made on purpose. */
function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null || path.length > 12) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsIn(inner, [...path, key]))];
}

/** Valid UTF-8 or not, with what ends lines and frames strewn in. */
export const noise: fc.Arbitrary<Buffer> = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc
        .constantFrom(
          '\n\n',
          '\r\n\r\n',
          '\n',
          'data: ',
          'data:',
          'event: error\n',
          ': x\n',
          '[DONE]',
          '{',
          '}',
          '{"choices":[',
          '"usage":{',
          'null',
        )
        .map((text) => Buffer.from(text)),
    ),
    { maxLength: 30 },
  )
  .map((pieces) => Buffer.concat(pieces));
