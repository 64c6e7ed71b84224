/** Pages by position rather than by offset: a page starts after an item's sort key and id, so that it stays put while rows come and go. */
import type { Page } from '../domain/records.js';

/** Which page: the first `first` rows after a position. */
export interface KeysetPage {
  readonly first: number;
  readonly after: KeysetPosition | null;
}

export interface KeysetPosition {
  /** Null where the order is by id alone, or where the row's key is unknown. */
  readonly sortKey: string | number | null;
  readonly id: string;
}

/** A page from rows that were read one further than asked for. */
export function pageOf<T>(rows: readonly T[], first: number, totalCount: number | null): Page<T> {
  return { items: rows.slice(0, first), hasNextPage: rows.length > first, totalCount };
}

/** The same with the number of all rows, which are counted only where a first page is not all there is. */
export async function countedPageOf<T>(
  rows: readonly T[],
  page: KeysetPage,
  count: () => Promise<number>,
): Promise<Page<T>> {
  const isAll = page.after === null && rows.length <= page.first;
  return pageOf(rows, page.first, isAll ? rows.length : await count());
}

/** Values by id, in the order of `ids`; null where there is none. */
export function inOrder<T extends { readonly id: string }>(
  ids: readonly string[],
  values: readonly T[],
): (T | null)[] {
  const byId = new Map(values.map((value) => [value.id, value]));
  return ids.map((id) => byId.get(id) ?? null);
}

/** A column's instant as milliseconds since the epoch. */
export function toMs(date: Date): number;
export function toMs(date: Date | null): number | null;
export function toMs(date: Date | null): number | null {
  return date === null ? null : date.getTime();
}

/** Milliseconds since the epoch as a column's instant. */
export function toDate(ms: number): Date;
export function toDate(ms: number | null): Date | null;
export function toDate(ms: number | null): Date | null {
  return ms === null ? null : new Date(ms);
}
