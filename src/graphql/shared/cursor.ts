/** Cursors: opaque to callers, a position within one kind of list inside. */
import type { PagePosition } from '../../admin/page.js';
import { AppError } from '../../domain/errors.js';
import { parseUsd } from '../../domain/money.js';
import { isInstant } from './scalars.js';

/** Lists with cursors of their own; one list's cursor is refused by another. */
export type CursorKind = 'connection' | 'model' | 'run' | 'key' | 'usage' | 'audit' | 'alert';

type SortKey = PagePosition['sortKey'];

const VERSION = 1;
const CURSOR_MAX_CHARS = 1_024;
const ID = /^[\w-]{1,64}$/;

const isCount = (key: SortKey): boolean => Number.isSafeInteger(key) && Number(key) >= 0;
const isInt = (key: SortKey): boolean => typeof key === 'number' && (key | 0) === key;
/** Within what a column of prices holds. */
const isPrice = (nano: bigint | null): boolean => nano !== null && BigInt.asIntN(64, nano) === nano;
const isNothing = (key: SortKey): boolean => key === null;

/** Sort keys that a list can have: whoever writes a cursor of their own gets no further than here. */
const SORT_KEYS: Record<CursorKind, (key: SortKey, order: string) => boolean> = {
  connection: isInt,
  usage: isCount,
  run: isNothing,
  key: isNothing,
  audit: isNothing,
  alert: isNothing,
  model(key, order) {
    if (order.startsWith('REF')) return typeof key === 'string' && !key.includes('\0');
    if (key === null) return true;
    if (order.startsWith('INPUT_PRICE')) return typeof key === 'string' && isPrice(parseUsd(key));
    return order.startsWith('CONTEXT_WINDOW') ? isInt(key) : typeof key === 'number' && isInstant(key);
  },
};

/** A position as a cursor. `order` tells apart the orders of one list, where it has several. */
export function encodeCursor(kind: CursorKind, position: PagePosition, order = ''): string {
  return Buffer.from(JSON.stringify([VERSION, kind + order, position.sortKey, position.id])).toString(
    'base64url',
  );
}

/** The position in a cursor; null when there is no cursor. Anything that is not a cursor of this list is the caller's mistake. */
export function decodeCursor(
  kind: CursorKind,
  cursor: string | null | undefined,
  order = '',
): PagePosition | null {
  if (cursor === null || cursor === undefined) return null;
  const fields = cursor.length <= CURSOR_MAX_CHARS ? parseFields(cursor) : null;
  if (!fields || fields[0] !== VERSION || fields[1] !== kind + order) throw notACursor();
  const [, , sortKey, id] = fields;
  if (!isSortKey(sortKey) || !SORT_KEYS[kind](sortKey, order)) throw notACursor();
  if (typeof id !== 'string' || !ID.test(id) || fields.length !== 4) throw notACursor();
  return { sortKey, id };
}

function isSortKey(value: unknown): value is SortKey {
  return value === null || typeof value === 'string' || typeof value === 'number';
}

function parseFields(cursor: string): readonly unknown[] | null {
  try {
    const fields: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(fields) ? fields : null;
  } catch {
    return null;
  }
}

function notACursor(): AppError {
  return new AppError(
    'BAD_USER_INPUT',
    '`after` must be a cursor from an earlier page of this same list and order.',
    {
      field: ['after'],
    },
  );
}
