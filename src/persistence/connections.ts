/** Rows of connections and of their sealed secrets. */
import type { ConnectionRecord, HealthRecord, Page } from '../domain/records.js';
import type { Billing, HealthState } from '../domain/vocabulary.js';
import type { SealedText } from '../secrets/vault.js';
import type { Prisma } from './generated/client.js';
import { countedPageOf, toDate, toMs, type KeysetPage } from './keyset.js';
import type { ScopedTransaction } from './workspace-scope.js';

/** Set fields are combined with AND. */
export interface ConnectionRowFilter {
  readonly providers?: readonly string[];
  readonly billing?: Billing;
  readonly enabled?: boolean;
  readonly healthStates?: readonly HealthState[];
}

/** A secret at rest. */
export interface SealedSecretRow {
  /** Id of the key that sealed it. */
  readonly keyId: string;
  readonly envelope: SealedText;
}

/** One page by priority, then id. */
export async function listConnections(
  rows: ScopedTransaction,
  page: KeysetPage,
  filter: ConnectionRowFilter,
): Promise<Page<ConnectionRecord>> {
  const where = whereOf(filter);
  const found = await rows.connection.findMany({
    where:
      page.after === null
        ? where
        : { AND: [where, afterPosition(Number(page.after.sortKey), page.after.id)] },
    orderBy: [{ priority: 'asc' }, { id: 'asc' }],
    take: page.first + 1,
  });
  return countedPageOf(found.map(toConnection), page, () => rows.connection.count({ where }));
}

/** Those of `ids` that exist, in no particular order. */
export async function findConnections(
  rows: ScopedTransaction,
  ids: readonly string[],
): Promise<ConnectionRecord[]> {
  const found = await rows.connection.findMany({ where: { id: { in: [...ids] } } });
  return found.map(toConnection);
}

/** One connection; null when there is none. */
export async function findConnection(rows: ScopedTransaction, id: string): Promise<ConnectionRecord | null> {
  const row = await rows.connection.findUnique({ where: { id } });
  return row === null ? null : toConnection(row);
}

/** Every enabled connection, by priority. */
export async function findEnabledConnections(rows: ScopedTransaction): Promise<ConnectionRecord[]> {
  const found = await rows.connection.findMany({
    where: { enabled: true },
    orderBy: [{ priority: 'asc' }, { id: 'asc' }],
  });
  return found.map(toConnection);
}

/** Every connection that is paid for by a plan, by priority. */
export async function findPlanConnections(rows: ScopedTransaction): Promise<ConnectionRecord[]> {
  const found = await rows.connection.findMany({
    where: { billing: 'SUBSCRIPTION' },
    orderBy: [{ priority: 'asc' }, { id: 'asc' }],
  });
  return found.map(toConnection);
}

/** Labels of connections whose secret goes to the provider's own address. */
export async function findLabelsWithSecretAtProvider(
  rows: ScopedTransaction,
  provider: string,
): Promise<string[]> {
  const found = await rows.connection.findMany({
    where: { provider, baseUrl: null, secretPreview: { not: null } },
    orderBy: { label: 'asc' },
    select: { label: true },
  });
  return found.map(({ label }) => label);
}

/** How many connections a provider has. */
export function countConnectionsOf(rows: ScopedTransaction, provider: string): Promise<number> {
  return rows.connection.count({ where: { provider } });
}

/** Keeps a connection from being removed until the transaction ends; false when it is gone already. */
export async function holdConnection(
  rows: ScopedTransaction,
  workspaceId: string,
  id: string,
): Promise<boolean> {
  const held = await rows.$queryRaw<{ id: string }[]>`
    SELECT id FROM connection WHERE workspace_id = ${workspaceId} AND id = ${id} FOR KEY SHARE`;
  return held.length > 0;
}

/** As {@link holdConnection}, and by one transaction at a time. */
export async function holdConnectionAlone(
  rows: ScopedTransaction,
  workspaceId: string,
  id: string,
): Promise<boolean> {
  const held = await rows.$queryRaw<{ id: string }[]>`
    SELECT id FROM connection WHERE workspace_id = ${workspaceId} AND id = ${id} FOR NO KEY UPDATE`;
  return held.length > 0;
}

/** Id of the provider's connection with this label; null when the label is free. */
export async function findConnectionByLabel(
  rows: ScopedTransaction,
  provider: string,
  label: string,
): Promise<string | null> {
  const row = await rows.connection.findFirst({ where: { provider, label }, select: { id: true } });
  return row?.id ?? null;
}

/** Adds a connection, and its secret if it has one. */
export async function insertConnection(
  rows: ScopedTransaction,
  connection: ConnectionRecord,
  secret: SealedSecretRow | null,
): Promise<void> {
  const { health, createdAt, updatedAt, secretRotatedAt, secretExpiresAt, ...columns } = connection;
  await rows.connection.create({
    data: {
      ...columns,
      ...healthColumns(health),
      secretRotatedAt: toDate(secretRotatedAt),
      secretExpiresAt: toDate(secretExpiresAt),
      createdAt: toDate(createdAt),
      updatedAt: toDate(updatedAt),
    },
  });
  if (secret !== null) await insertSecret(rows, connection.workspaceId, connection.id, secret, createdAt);
}

/** What an operator may change. */
export type ConnectionPatch = Partial<
  Pick<
    ConnectionRecord,
    'label' | 'enabled' | 'priority' | 'region' | 'baseUrl' | 'planCode' | 'monthlyPriceNanoUsd'
  >
>;

/** Changes a connection; null when it is gone. */
export async function updateConnection(
  rows: ScopedTransaction,
  id: string,
  patch: ConnectionPatch,
  now: number,
): Promise<ConnectionRecord | null> {
  const [row] = await rows.connection.updateManyAndReturn({
    where: { id },
    data: { ...patch, updatedAt: toDate(now) },
  });
  return row === undefined ? null : toConnection(row);
}

/** Puts another secret in the place of a connection's; null when the connection is gone. */
export async function replaceSecret(
  rows: ScopedTransaction,
  connection: ConnectionRecord,
  secret: SealedSecretRow,
  preview: string,
  now: number,
): Promise<ConnectionRecord | null> {
  const [row] = await rows.connection.updateManyAndReturn({
    where: { id: connection.id },
    data: {
      secretPreview: preview,
      secretRotatedAt: toDate(now),
      secretExpiresAt: null,
      updatedAt: toDate(now),
    },
  });
  if (row === undefined) return null;
  await rows.sealedSecret.deleteMany({ where: { connectionId: connection.id } });
  await insertSecret(rows, connection.workspaceId, connection.id, secret, now);
  return toConnection(row);
}

/** A connection's sealed secret; null when it has none. */
export async function findSealedSecret(
  rows: ScopedTransaction,
  connectionId: string,
): Promise<SealedText | null> {
  const row = await rows.sealedSecret.findUnique({ where: { connectionId } });
  return row?.envelope ?? null;
}

/** Writes down a connection's health; null when the connection is gone. */
export async function recordHealth(
  rows: ScopedTransaction,
  id: string,
  health: HealthRecord,
  planActive?: boolean | null,
): Promise<ConnectionRecord | null> {
  const [row] = await rows.connection.updateManyAndReturn({
    where: { id },
    data: { ...healthColumns(health), ...(planActive === undefined ? {} : { planActive }) },
  });
  return row === undefined ? null : toConnection(row);
}

/** Writes down whether the provider says that the plan is in force. */
export async function recordPlanActive(
  rows: ScopedTransaction,
  id: string,
  planActive: boolean,
): Promise<void> {
  await rows.connection.updateMany({ where: { id }, data: { planActive } });
}

/** Removes a connection with its secret and its ties to models; false when it was gone already. */
export async function deleteConnection(rows: ScopedTransaction, id: string): Promise<boolean> {
  const { count } = await rows.connection.deleteMany({ where: { id } });
  return count > 0;
}

async function insertSecret(
  rows: ScopedTransaction,
  workspaceId: string,
  connectionId: string,
  secret: SealedSecretRow,
  now: number,
): Promise<void> {
  await rows.sealedSecret.create({ data: { connectionId, workspaceId, ...secret, createdAt: toDate(now) } });
}

function whereOf(filter: ConnectionRowFilter): Prisma.ConnectionWhereInput {
  return {
    ...(filter.providers === undefined ? {} : { provider: { in: [...filter.providers] } }),
    ...(filter.billing === undefined ? {} : { billing: filter.billing }),
    ...(filter.enabled === undefined ? {} : { enabled: filter.enabled }),
    ...(filter.healthStates === undefined ? {} : { healthState: { in: [...filter.healthStates] } }),
  };
}

function afterPosition(priority: number, id: string): Prisma.ConnectionWhereInput {
  return { OR: [{ priority: { gt: priority } }, { priority, id: { gt: id } }] };
}

function healthColumns(health: HealthRecord) {
  return {
    healthState: health.state,
    healthReason: health.reason,
    healthMessage: health.message,
    healthCheckedAt: toDate(health.checkedAt),
  };
}

function toConnection(row: Prisma.ConnectionGetPayload<object>): ConnectionRecord {
  const {
    healthState,
    healthReason,
    healthMessage,
    healthCheckedAt,
    cooldownsClearedAt: _,
    secretRotatedAt,
    secretExpiresAt,
    createdAt,
    updatedAt,
    ...columns
  } = row;
  return {
    ...columns,
    secretRotatedAt: toMs(secretRotatedAt),
    secretExpiresAt: toMs(secretExpiresAt),
    health: {
      state: healthState,
      reason: healthReason,
      message: healthMessage,
      checkedAt: toMs(healthCheckedAt),
    },
    createdAt: toMs(createdAt),
    updatedAt: toMs(updatedAt),
  };
}
