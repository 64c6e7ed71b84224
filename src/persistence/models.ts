/** Rows of models as they are read: with the price in force and the connections that offer them. */
import { parseUsd } from '../domain/money.js';
import type { ModelRecord, Page, PriceVersion } from '../domain/records.js';
import type { Billing, ModelCapability, ModelState } from '../domain/vocabulary.js';
import { readTimesOfDay } from '../journal/price-record.js';
import type { TimeOfDayRecord } from '../journal/record.js';
import { Prisma } from './generated/client.js';
import { inOrder, pageOf, toDate, toMs, type KeysetPage, type KeysetPosition } from './keyset.js';
import type { ScopedTransaction } from './workspace-scope.js';

/** Set fields are combined with AND. */
export interface ModelRowFilter {
  /** Part of the reference or name, in any case. */
  readonly search?: string;
  readonly providers?: readonly string[];
  /** Reachable by paying this way. */
  readonly billing?: Billing;
  /** Has all of these. */
  readonly capabilities?: readonly ModelCapability[];
  readonly states: readonly ModelState[];
  readonly enabled?: boolean;
  /** Offered through this connection. */
  readonly connectionId?: string;
}

export interface ModelRowOrder {
  readonly field: 'REF' | 'INPUT_PRICE' | 'CONTEXT_WINDOW' | 'FIRST_SEEN_AT';
  readonly direction: 'ASC' | 'DESC';
}

const WITH_DETAILS = {
  prices: { where: { validTo: null } },
  connections: { orderBy: [{ connection: { priority: 'asc' } }, { connectionId: 'asc' }] },
} satisfies Prisma.ModelInclude;

const SORT_COLUMN: Record<ModelRowOrder['field'], Prisma.Sql> = {
  REF: Prisma.sql`m.ref COLLATE "C"`,
  INPUT_PRICE: Prisma.sql`p.input`,
  CONTEXT_WINDOW: Prisma.sql`m.context_window`,
  FIRST_SEEN_AT: Prisma.sql`m.first_seen_at`,
};

/** One page of chat models in the given order, then by id; models whose sort key is unknown come last either way. */
export async function listModels(
  rows: ScopedTransaction,
  workspaceId: string,
  page: KeysetPage,
  filter: ModelRowFilter,
  order: ModelRowOrder,
): Promise<Page<ModelRecord>> {
  const key = SORT_COLUMN[order.field];
  const direction = order.direction === 'ASC' ? Prisma.sql`ASC` : Prisma.sql`DESC`;
  const from = Prisma.sql`
    FROM model m LEFT JOIN model_price p ON p.model_id = m.id AND p.valid_to IS NULL
    WHERE ${Prisma.join(conditions(workspaceId, filter), ' AND ')}`;
  const count = Prisma.sql`SELECT count(*)::int ${from}`;
  const ids = await rows.$queryRaw<{ id: string; total: number }[]>`
    SELECT m.id, (${count}) AS total
    ${from} ${page.after === null ? Prisma.empty : Prisma.sql`AND ${afterPosition(key, page.after, order)}`}
    ORDER BY ${key} ${direction} NULLS LAST, m.id ASC
    LIMIT ${page.first + 1}`;
  // A page that nothing is on has no row to carry the count.
  const [counted] =
    ids.length > 0 ? ids : await rows.$queryRaw<{ total: number }[]>`SELECT (${count}) AS total`;
  const wanted = ids.slice(0, page.first).map(({ id }) => id);
  const items = inOrder(wanted, await findModels(rows, wanted)).filter((model) => model !== null);
  return { ...pageOf(items, page.first, counted?.total ?? 0), hasNextPage: ids.length > page.first };
}

/** Those of `ids` that exist, of any kind and state, in no particular order. */
export async function findModels(rows: ScopedTransaction, ids: readonly string[]): Promise<ModelRecord[]> {
  const found = await rows.model.findMany({ where: { id: { in: [...ids] } }, include: WITH_DETAILS });
  return found.map(toModel);
}

/** Those of `refs` that exist, of any kind and state, in no particular order. */
export async function findModelsByRef(
  rows: ScopedTransaction,
  refs: readonly string[],
): Promise<ModelRecord[]> {
  const found = await rows.model.findMany({ where: { ref: { in: [...refs] } }, include: WITH_DETAILS });
  return found.map(toModel);
}

/** References of the chat models that are offered but that routing may not use. */
export async function listDisabledRefs(rows: ScopedTransaction): Promise<string[]> {
  const found = await rows.model.findMany({
    where: { enabled: false, kind: 'CHAT', state: { not: 'REMOVED' } },
    select: { ref: true },
  });
  return found.map(({ ref }) => ref);
}

/** The model with this reference, of any kind and state; null when there is none. */
export async function findModelByRef(rows: ScopedTransaction, ref: string): Promise<ModelRecord | null> {
  const row = await rows.model.findFirst({ where: { ref }, include: WITH_DETAILS });
  return row === null ? null : toModel(row);
}

/** Price columns as a version; a model has at most one in force. */
export function toPriceVersion(row: Prisma.ModelPriceGetPayload<object>): PriceVersion {
  // Written by `writePrices` only.
  const timesOfDay = readTimesOfDay(row.timesOfDay as unknown as readonly TimeOfDayRecord[] | null);
  return {
    id: row.id,
    input: row.input,
    output: row.output,
    cacheRead: row.cacheRead,
    cacheWrite: row.cacheWrite,
    ...(row.perRequest === null ? {} : { perRequest: row.perRequest }),
    ...(timesOfDay === undefined ? {} : { timesOfDay }),
    source: row.source,
    asOf: toMs(row.asOf),
  };
}

function conditions(workspaceId: string, filter: ModelRowFilter): Prisma.Sql[] {
  const all = [
    Prisma.sql`m.workspace_id = ${workspaceId}`,
    Prisma.sql`m.kind = 'CHAT'`,
    Prisma.sql`m.state = ANY(${[...filter.states]}::text[]::model_state[])`,
  ];
  if (filter.search !== undefined) {
    const part = filter.search.toLowerCase();
    all.push(Prisma.sql`(strpos(lower(m.ref), ${part}) > 0 OR strpos(lower(m.display_name), ${part}) > 0)`);
  }
  if (filter.providers !== undefined)
    all.push(Prisma.sql`m.provider = ANY(${[...filter.providers]}::text[])`);
  if (filter.enabled !== undefined) all.push(Prisma.sql`m.enabled = ${filter.enabled}`);
  if (filter.capabilities !== undefined) {
    all.push(Prisma.sql`m.capabilities @> ${[...filter.capabilities]}::text[]::model_capability[]`);
  }
  if (filter.billing !== undefined)
    all.push(offeredThrough(Prisma.sql`c.billing = ${filter.billing}::billing`));
  if (filter.connectionId !== undefined) all.push(offeredThrough(Prisma.sql`c.id = ${filter.connectionId}`));
  return all;
}

function offeredThrough(condition: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`EXISTS (
    SELECT 1 FROM model_connection mc JOIN connection c ON c.id = mc.connection_id
    WHERE mc.model_id = m.id AND mc.state <> 'REMOVED' AND ${condition})`;
}

function afterPosition(key: Prisma.Sql, after: KeysetPosition, order: ModelRowOrder): Prisma.Sql {
  if (after.sortKey === null) return Prisma.sql`(${key} IS NULL AND m.id > ${after.id})`;
  const value = sortValue(order.field, after.sortKey);
  const beyond = order.direction === 'ASC' ? Prisma.sql`>` : Prisma.sql`<`;
  return Prisma.sql`(${key} ${beyond} ${value} OR (${key} = ${value} AND m.id > ${after.id}) OR ${key} IS NULL)`;
}

function sortValue(field: ModelRowOrder['field'], sortKey: string | number): Prisma.Sql {
  switch (field) {
    case 'REF':
      return Prisma.sql`${String(sortKey)}`;
    case 'INPUT_PRICE':
      return Prisma.sql`${parseUsd(String(sortKey)) ?? 0n}::bigint`;
    case 'CONTEXT_WINDOW':
      return Prisma.sql`${Number(sortKey)}::int`;
    case 'FIRST_SEEN_AT':
      return Prisma.sql`${toDate(Number(sortKey))}::timestamptz`;
  }
}

function toModel(row: Prisma.ModelGetPayload<{ include: typeof WITH_DETAILS }>): ModelRecord {
  const { prices, connections, firstSeenAt, lastSeenAt, ...columns } = row;
  const [price] = prices;
  return {
    ...columns,
    price: price === undefined ? null : toPriceVersion(price),
    via: connections.map(({ connectionId, state, protocols }) => ({ connectionId, state, protocols })),
    firstSeenAt: toMs(firstSeenAt),
    lastSeenAt: toMs(lastSeenAt),
  };
}
