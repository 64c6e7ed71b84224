/** Rows of webhooks and of the messages to them. */
import { WEBHOOK_DELIVERIES_KEPT } from '../config/admission-limits.js';
import type { WebhookDeliveryRecord, WebhookRecord } from '../domain/records.js';
import type { Prisma } from './generated/client.js';
import { toDate, toMs } from './keyset.js';
import type { Sql } from './sql.js';
import type { ScopedTransaction } from './workspace-scope.js';

const WITHOUT_SECRET = { envelope: true } satisfies Prisma.WebhookOmit;

/** All webhooks of the workspace, oldest first. */
export async function listWebhooks(rows: ScopedTransaction): Promise<WebhookRecord[]> {
  return (await rows.webhook.findMany({ omit: WITHOUT_SECRET, orderBy: { id: 'asc' } })).map(toWebhook);
}

/** Those of `ids` that exist, in no particular order. */
export async function findWebhooks(
  rows: ScopedTransaction,
  ids: readonly string[],
): Promise<WebhookRecord[]> {
  const found = await rows.webhook.findMany({ where: { id: { in: [...ids] } }, omit: WITHOUT_SECRET });
  return found.map(toWebhook);
}

/** Null when there is none such. */
export async function findWebhook(rows: ScopedTransaction, id: string): Promise<WebhookRecord | null> {
  const found = await rows.webhook.findFirst({ where: { id }, omit: WITHOUT_SECRET });
  return found && toWebhook(found);
}

/** Adds a webhook with its sealed signing secret. */
export async function insertWebhook(
  rows: ScopedTransaction,
  { createdAt, updatedAt, ...columns }: WebhookRecord,
  envelope: string,
): Promise<void> {
  await rows.webhook.create({
    data: { ...columns, envelope, createdAt: toDate(createdAt), updatedAt: toDate(updatedAt) },
  });
}

/** Changes a webhook to what is given. */
export async function updateWebhook(
  rows: ScopedTransaction,
  { id, name, url, enabled, updatedAt }: WebhookRecord,
): Promise<void> {
  await rows.webhook.updateMany({
    where: { id },
    data: { name, url, enabled, updatedAt: toDate(updatedAt) },
  });
}

/** Removes a webhook and the messages to it. */
export async function deleteWebhook(rows: ScopedTransaction, id: string): Promise<void> {
  await rows.webhook.deleteMany({ where: { id } });
}

/** A message as it is put into the queue. */
export interface NewDelivery {
  readonly id: string;
  readonly workspaceId: string;
  readonly webhookId: string;
  readonly event: string;
  readonly body: string;
  readonly createdAt: number;
}

/** Puts a message into the queue, due at once; of the older ones that ended only the latest are kept. */
export async function insertDelivery(rows: ScopedTransaction, delivery: NewDelivery): Promise<void> {
  const { createdAt, ...columns } = delivery;
  const at = toDate(createdAt);
  await rows.webhookDelivery.create({ data: { ...columns, createdAt: at, nextAttemptAt: at } });
  const [oldest] = await rows.webhookDelivery.findMany({
    where: { webhookId: delivery.webhookId },
    orderBy: { id: 'desc' },
    skip: WEBHOOK_DELIVERIES_KEPT,
    take: 1,
    select: { id: true },
  });
  if (!oldest) return;
  await rows.webhookDelivery.deleteMany({
    where: { webhookId: delivery.webhookId, id: { lte: oldest.id }, state: { not: 'PENDING' } },
  });
}

/** The latest messages to a webhook, newest first. */
export async function listDeliveries(
  rows: ScopedTransaction,
  webhookId: string,
  first: number,
): Promise<WebhookDeliveryRecord[]> {
  const found = await rows.webhookDelivery.findMany({
    where: { webhookId },
    orderBy: { id: 'desc' },
    take: first,
  });
  return found.map((row) => ({
    id: row.id,
    webhookId: row.webhookId,
    event: row.event,
    state: row.state,
    attempts: row.attempts,
    httpStatus: row.httpStatus,
    message: row.message,
    createdAt: toMs(row.createdAt),
    finishedAt: toMs(row.finishedAt),
  }));
}

/** A message that is due, with what it takes to send it. */
export interface DueDelivery {
  readonly id: string;
  readonly workspaceId: string;
  readonly webhookId: string;
  readonly event: string;
  readonly body: string;
  /** This one included. */
  readonly attempts: number;
  readonly url: string;
  readonly envelope: string;
}

/** Takes messages of all workspaces that are due. Until the lease is over no other node takes them. */
export function takeDueDeliveries(
  sql: Sql,
  now: number,
  leaseMs: number,
  most: number,
): Promise<DueDelivery[]> {
  return sql.query<DueDelivery>(
    `UPDATE webhook_delivery d
     SET attempts = d.attempts + 1, next_attempt_at = $2
     FROM webhook w
     WHERE w.id = d.webhook_id AND d.id IN (
       SELECT d.id FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id
       WHERE d.state = 'PENDING' AND d.next_attempt_at <= $1 AND w.enabled
       ORDER BY d.next_attempt_at LIMIT $3 FOR UPDATE OF d SKIP LOCKED)
     RETURNING d.id, d.workspace_id AS "workspaceId", d.webhook_id AS "webhookId", d.event, d.body, d.attempts,
       w.url, w.envelope`,
    [new Date(now), new Date(now + leaseMs), most],
  );
}

/** How an attempt ended. */
export interface DeliveryOutcome {
  readonly httpStatus: number | null;
  readonly message: string | null;
  /** Null when the message ends with this. */
  readonly nextAttemptAt: number | null;
}

export async function noteDelivery(
  sql: Sql,
  id: string,
  { httpStatus, message, nextAttemptAt }: DeliveryOutcome,
  now: number,
): Promise<void> {
  const state = nextAttemptAt !== null ? 'PENDING' : message === null ? 'DELIVERED' : 'FAILED';
  await sql.query(
    `UPDATE webhook_delivery SET state = $2::delivery_state, http_status = $3, message = $4,
       next_attempt_at = $5, finished_at = $6 WHERE id = $1`,
    [
      id,
      state,
      httpStatus,
      message,
      new Date(nextAttemptAt ?? now),
      nextAttemptAt === null ? new Date(now) : null,
    ],
  );
}

function toWebhook(row: Omit<Prisma.WebhookGetPayload<object>, 'envelope'>): WebhookRecord {
  return { ...row, createdAt: toMs(row.createdAt), updatedAt: toMs(row.updatedAt) };
}
