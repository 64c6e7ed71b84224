/** Cursors: opaque to callers, a position within one kind of list inside. */
import type { PagePosition } from '../../admin/admin.js';
import { AppError } from '../../domain/errors.js';

/** Lists with cursors of their own; one list's cursor is refused by another. */
export type CursorKind = 'connection' | 'model' | 'run' | 'key' | 'usage' | 'audit' | 'alert';

const VERSION = 1;
const CURSOR_MAX_CHARS = 1_024;

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
  const sortable = sortKey === null || typeof sortKey === 'string' || typeof sortKey === 'number';
  if (!sortable || typeof id !== 'string' || fields.length !== 4) throw notACursor();
  return { sortKey, id };
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
