/** Which part of a list is asked for. */

/** Which items of a list: the first `first` after the cursor's position. Positions are opaque to callers. */
export interface PageRequest {
  readonly first: number;
  /** Sort key and id of the item before the page; null for the first page. */
  readonly after: PagePosition | null;
}

export interface PagePosition {
  readonly sortKey: string | number | null;
  readonly id: string;
}
