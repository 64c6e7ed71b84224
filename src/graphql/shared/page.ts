/** Pages: what every list that grows is answered as. */
import { Field, Int, ObjectType, type ClassType } from 'type-graphql';
import type { PagePosition, PageRequest } from '../../admin/page.js';
import { PAGE_MAX_ITEMS } from '../../config/graphql-limits.js';
import { AppError } from '../../domain/errors.js';
import type { Page } from '../../domain/records.js';
import { decodeCursor, encodeCursor, type CursorKind } from './cursor.js';
import { PageInfo } from './page-info.js';

export interface Edge<T> {
  readonly cursor: string;
  readonly node: T;
}

/** A page in the form in which it is answered. */
export interface PageValue<T> {
  readonly edges: readonly Edge<T>[];
  readonly nodes: readonly T[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  readonly totalCount: number | null;
}

interface PageTypeOptions {
  /** Of the page, of the edge, and of the edges within the page. */
  description: string;
  edgeDescription: string;
  edgesDescription?: string;
}

/** Makes the page type of an item, and the edge type within. */
export function pageType(name: string, item: () => ClassType, options: PageTypeOptions) {
  @ObjectType(`${name}Edge`, { description: options.edgeDescription })
  class ItemEdge {
    @Field(() => String, { description: 'Opaque cursor.' })
    declare readonly cursor: string;

    @Field(item, { description: 'The item.' })
    declare readonly node: object;
  }

  @ObjectType(`${name}Page`, { description: options.description })
  class ItemPage {
    @Field(() => [ItemEdge], { description: options.edgesDescription ?? 'Items with cursors.' })
    declare readonly edges: readonly ItemEdge[];

    @Field(() => [item()], { description: 'Items alone.' })
    declare readonly nodes: readonly object[];

    @Field(() => PageInfo, { description: 'Where the page lies.' })
    declare readonly pageInfo: PageInfo;
  }
  return ItemPage;
}

/** The same for lists that are cheap to count. */
export function countedPageType(name: string, item: () => ClassType, options: PageTypeOptions) {
  const Uncounted = pageType(name, item, options);
  @ObjectType(`${name}Page`, { description: options.description })
  class CountedPage extends Uncounted {
    @Field(() => Int, { description: 'Items on all pages.' })
    declare readonly totalCount: number;
  }
  return CountedPage;
}

/** The arguments of a page field as a request; a `first` out of range is refused rather than clamped. */
export function pageRequest(
  kind: CursorKind,
  first: number,
  after: string | null | undefined,
  order?: string,
): PageRequest {
  if (first < 1 || first > PAGE_MAX_ITEMS) {
    throw new AppError('BAD_USER_INPUT', `\`first\` must be 1 to ${PAGE_MAX_ITEMS}, not ${first}.`, {
      field: ['first'],
    });
  }
  return { first, after: decodeCursor(kind, after, order) };
}

/** A stored page as it is answered. */
export function toPage<T>(
  kind: CursorKind,
  page: Page<T>,
  positionOf: (item: T) => PagePosition,
  order?: string,
): PageValue<T> {
  const edges = page.items.map((node) => ({ cursor: encodeCursor(kind, positionOf(node), order), node }));
  return {
    edges,
    nodes: page.items,
    pageInfo: { hasNextPage: page.hasNextPage, endCursor: edges.at(-1)?.cursor ?? null },
    totalCount: page.totalCount,
  };
}
