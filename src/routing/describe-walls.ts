/** The table of walls as documentation shows it, read off the rules themselves. */
import { FAILURE_CLASSES, type FailureClass } from '../domain/vocabulary.js';
import { isSoft, scopeOf, wallUntil } from './walls.js';

const UNITS: readonly (readonly [string, number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];
/** More failures in a row, and a longer stated time, than any rule has a step for. */
const MANY = 64;
const FAR_OFF_MS = 1_000 * 86_400_000;
const CONCERNS = {
  ACCOUNT: 'the connection',
  MODEL: 'the model there',
  REQUEST: 'the request alone',
} as const;

/** Rows of cells, the heading first: one row for each class of failure that keeps other requests away. */
export function describeWalls(): readonly (readonly string[])[] {
  return [
    ['class', 'concerns', 'from', 'pause', 'stated time believed up to', 'tried when nothing else is left'],
    ...FAILURE_CLASSES.filter((name) => scopeOf({ class: name }) !== 'REQUEST').map(rowOf),
  ];
}

function rowOf(name: FailureClass): string[] {
  let from = 1;
  while (from < MANY && pauseOf(name, from) === null) from++;
  const [first, last] = [pauseOf(name, from) ?? 0, pauseOf(name, MANY) ?? 0];
  const stated = pauseOf(name, 1, FAR_OFF_MS) ?? 0;
  return [
    `\`${name}\``,
    CONCERNS[scopeOf({ class: name })],
    from === 1 ? 'the first failure' : `${from} in a row`,
    first === last ? lengthOf(first) : `${lengthOf(first)}, doubling to ${lengthOf(last)}`,
    lengthOf(stated),
    isSoft(name) ? 'yes' : 'no',
  ];
}

/** Milliseconds; null for none. */
function pauseOf(name: FailureClass, failures: number, retryAt: number | null = null): number | null {
  const failure = { class: name, httpStatus: null, message: '', retryAt };
  return wallUntil(failure, { now: 0, failures, quotaResetsAt: null });
}

function lengthOf(ms: number): string {
  const [unit, length] = UNITS.find(([, size]) => ms >= size && ms % size === 0) ?? ['ms', 1];
  return `${ms / length} ${unit}`;
}
