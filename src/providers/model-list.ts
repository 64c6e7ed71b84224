/** Reads provider model lists: the envelope is checked here once, each provider reads its own entries. */
import type { ListedModel } from './define-provider.js';

/** One entry of a list, with only what its provider states. */
export interface ListEntry {
  readonly id: string;
  /** A non-empty string; undefined when it is not stated. */
  text(field: string): string | undefined;
  /** A positive whole number. */
  count(field: string): number | undefined;
  flag(field: string): boolean | undefined;
  /** The raw value, for nested facts. */
  value(field: string): unknown;
}

/** Where a list of another shape than OpenAI's keeps its entries and their ids. */
export interface ListShape {
  /** Field of the body with the entries; null when the body is the array itself, which then is never empty. */
  readonly entries: string | null;
  readonly id: string;
}

/**
 * A parser for lists of OpenAI's shape, `{"data": [{"id": …}]}`, or another. Entries without an id are skipped, repeated
 * ids are taken once, and a body of another shape throws, so that it is never mistaken for an empty list.
 */
export function parseModelList(
  read: (entry: ListEntry) => ListedModel | null = ({ id }) => ({ upstreamId: id }),
  shape: ListShape = { entries: 'data', id: 'id' },
): (body: unknown) => readonly ListedModel[] {
  return (body) => {
    const models = new Map<string, ListedModel>();
    for (const item of entriesOf(body, shape.entries)) {
      const entry = entryOf(item, shape.id);
      const model = entry && read(entry);
      if (model && !models.has(model.upstreamId)) models.set(model.upstreamId, model);
    }
    return [...models.values()];
  };
}

/** The fields whose value is known, for objects in which an absent field means "not stated". */
export function known<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/** Whether a value is a JSON object. */
export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function entriesOf(body: unknown, field: string | null): readonly unknown[] {
  if (field === null && Array.isArray(body) && body.length > 0) return body;
  const entries = field !== null && isFields(body) ? body[field] : undefined;
  if (!Array.isArray(entries)) throw new Error(`The model list has no ${field ?? 'entries'}.`);
  return entries;
}

function entryOf(item: unknown, idField: string): ListEntry | null {
  if (!isFields(item)) return null;
  const id = item[idField];
  if (typeof id !== 'string' || id === '') return null;
  return {
    id,
    text: (field) => (typeof item[field] === 'string' && item[field] !== '' ? item[field] : undefined),
    count: (field) => {
      const value = Number(item[field] ?? 0);
      return Number.isSafeInteger(value) && value > 0 ? value : undefined;
    },
    flag: (field) => (typeof item[field] === 'boolean' ? item[field] : undefined),
    value: (field) => item[field],
  };
}
