/** Arguments that many fields share, and readings of arguments. */
import { Arg, ID, Int, type ClassType } from 'type-graphql';
import { PAGE_MAX_ITEMS } from '../../config/graphql-limits.js';
import { AppError } from '../../domain/errors.js';
import type { UserError } from '../../admin/result.js';

/** `first` of a page field. */
export const First = (defaultValue: number) =>
  Arg('first', () => Int, { defaultValue, description: `Most items on the page, 1 to ${PAGE_MAX_ITEMS}.` });

/** `after` of a page field. */
export const After = () =>
  Arg('after', () => String, { nullable: true, description: 'Cursor of the item before the page.' });

/** `filter` of a list. */
export const Filter = (type: () => ClassType) =>
  Arg('filter', type, { nullable: true, description: 'Restriction.' });

/** `id` of what a mutation is about. */
export const Id = (description = 'ID of the object.') => Arg('id', () => ID, { description });

/** `input` of a mutation or report. */
export const Input = (type: () => ClassType, options: { nullable?: boolean } = {}) =>
  Arg('input', type, { ...options, description: 'Arguments.' });

type Nullish<T> = { [K in keyof T]-?: null extends T[K] ? K : undefined extends T[K] ? K : never }[keyof T];

/** An input whose nulls mean the same as leaving the field out. */
export type Present<T> = Omit<T, Nullish<T>> & { [K in Nullish<T>]?: NonNullable<T[K]> };

/** Leaves out what is null or undefined. */
export function present<T extends object>(input: T | null | undefined): Present<T> {
  const entries = Object.entries(input ?? {}).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries) as Present<T>;
}

/** One error for each of `fields` that is null in an update, where only leaving it out means "as it is". */
export function refuseNulls<T extends object>(input: T, fields: readonly (keyof T & string)[]): UserError[] {
  return fields
    .filter((field) => input[field] === null)
    .map((field) => ({
      code: 'REQUIRED',
      message: `${field} cannot be cleared; leave it out to keep it as it is.`,
      field: ['input', field],
    }));
}

/** Refuses an input list that is longer than any legitimate one. */
export function checkListLength(name: string, list: readonly unknown[] | null | undefined): void {
  if (list && list.length > PAGE_MAX_ITEMS) {
    throw new AppError(
      'BAD_USER_INPUT',
      `${name} has ${list.length} entries; at most ${PAGE_MAX_ITEMS} are allowed.`,
      {
        field: [name],
      },
    );
  }
}
