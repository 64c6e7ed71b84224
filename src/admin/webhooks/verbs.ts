/** What operators do with webhooks. */
import { WEBHOOKS_MAX } from '../../config/admission-limits.js';
import { newId } from '../../domain/ids.js';
import type { WebhookDeliveryRecord, WebhookRecord } from '../../domain/records.js';
import { inOrder } from '../../persistence/keyset.js';
import { lockLimits } from '../../persistence/limits.js';
import {
  deleteWebhook,
  findWebhook,
  findWebhooks,
  insertDelivery,
  insertWebhook,
  listDeliveries,
  listWebhooks,
  updateWebhook,
} from '../../persistence/webhooks.js';
import { makeWebhookSecret, webhookSecretBinding } from '../../secrets/webhook-secret.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit, changesBetween, SECRET_SET } from '../audit.js';
import { fail, ok, problemsOf, type Result } from '../result.js';
import { checkWebhookName, checkWebhookUrl, webhookNotFound } from './check-webhook.js';

export interface WebhookCreateInput {
  readonly name: string;
  readonly url: string;
}

/** Absent fields stay. */
export interface WebhookUpdateInput {
  readonly name?: string;
  readonly url?: string;
  readonly enabled?: boolean;
}

export interface WebhookVerbs {
  list(context: AdminContext): Promise<readonly WebhookRecord[]>;
  /** In the order of `ids`; null where there is none to be seen. */
  byIds(context: AdminContext, ids: readonly string[]): Promise<readonly (WebhookRecord | null)[]>;
  /** The latest messages, newest first. */
  deliveries(
    context: AdminContext,
    webhookId: string,
    first: number,
  ): Promise<readonly WebhookDeliveryRecord[]>;
  /** The signing secret is answered once. */
  create(
    context: AdminContext,
    input: WebhookCreateInput,
  ): Promise<Result<{ webhook: WebhookRecord; secret: string }>>;
  update(context: AdminContext, id: string, input: WebhookUpdateInput): Promise<Result<WebhookRecord>>;
  remove(context: AdminContext, id: string): Promise<Result<string>>;
  /** Sends a message that says nothing but that it arrived. */
  test(context: AdminContext, id: string): Promise<Result<WebhookRecord>>;
}

export function createWebhookVerbs(deps: AdminDeps): WebhookVerbs {
  const rowsOf = ({ actor }: AdminContext) => deps.database.workspace(actor.workspaceId);
  return {
    async list(context) {
      requireScope(context, 'CONFIG_READ');
      return listWebhooks(rowsOf(context));
    },
    async byIds(context, ids) {
      if (!context.actor.scopes.includes('CONFIG_READ')) return ids.map(() => null);
      return inOrder(ids, await findWebhooks(rowsOf(context), ids));
    },
    async deliveries(context, webhookId, first) {
      requireScope(context, 'CONFIG_READ');
      return listDeliveries(rowsOf(context), webhookId, first);
    },
    create: (context, input) => create(deps, context, input),
    update: (context, id, input) => update(deps, context, id, input),
    remove: (context, id) => remove(deps, context, id),
    test: (context, id) => test(deps, context, id),
  };
}

async function create(
  { database, clock, vault, allowPrivateUpstreams }: AdminDeps,
  context: AdminContext,
  input: WebhookCreateInput,
): Promise<Result<{ webhook: WebhookRecord; secret: string }>> {
  requireScope(context, 'CONFIG_WRITE');
  const { workspaceId } = context.actor;
  const name = checkWebhookName(input.name);
  const url = checkWebhookUrl(input.url, allowPrivateUpstreams);
  if (!name.ok || !url.ok) return problemsOf([name, url]);
  const now = clock.now();
  const webhook: WebhookRecord = {
    id: newId('webhook', now),
    workspaceId,
    name: name.value,
    url: url.value,
    enabled: true,
    createdAt: now,
    updatedAt: now,
  };
  const secret = makeWebhookSecret();
  return database.workspace(workspaceId).$transaction(async (tx) => {
    await lockLimits(tx, workspaceId);
    if ((await listWebhooks(tx)).length >= WEBHOOKS_MAX)
      return fail('LIMIT_EXCEEDED', `A workspace has at most ${WEBHOOKS_MAX} webhooks.`);
    await insertWebhook(tx, webhook, vault.seal(secret, webhookSecretBinding(workspaceId, webhook.id)));
    await audit(tx, context, clock, {
      action: 'webhook.create',
      subjectId: webhook.id,
      subjectName: webhook.name,
      changes: [...changesBetween(null, shown(webhook)), SECRET_SET],
    });
    return ok({ webhook, secret });
  });
}

async function update(
  { database, clock, allowPrivateUpstreams }: AdminDeps,
  context: AdminContext,
  id: string,
  input: WebhookUpdateInput,
): Promise<Result<WebhookRecord>> {
  requireScope(context, 'CONFIG_WRITE');
  const name = input.name === undefined ? ok(undefined) : checkWebhookName(input.name);
  const url = input.url === undefined ? ok(undefined) : checkWebhookUrl(input.url, allowPrivateUpstreams);
  if (!name.ok || !url.ok) return problemsOf([name, url]);
  return database.workspace(context.actor.workspaceId).$transaction(async (tx) => {
    await lockLimits(tx, context.actor.workspaceId);
    const before = await findWebhook(tx, id);
    if (!before) return webhookNotFound();
    const after: WebhookRecord = {
      ...before,
      name: name.value ?? before.name,
      url: url.value ?? before.url,
      enabled: input.enabled ?? before.enabled,
      updatedAt: clock.now(),
    };
    await updateWebhook(tx, after);
    await audit(tx, context, clock, {
      action: 'webhook.update',
      subjectId: id,
      subjectName: after.name,
      changes: changesBetween(shown(before), shown(after)),
    });
    return ok(after);
  });
}

async function remove(
  { database, clock }: AdminDeps,
  context: AdminContext,
  id: string,
): Promise<Result<string>> {
  requireScope(context, 'CONFIG_WRITE');
  return database.workspace(context.actor.workspaceId).$transaction(async (tx) => {
    const webhook = await findWebhook(tx, id);
    if (!webhook) return webhookNotFound();
    await deleteWebhook(tx, id);
    await audit(tx, context, clock, {
      action: 'webhook.delete',
      subjectId: id,
      subjectName: webhook.name,
      changes: [],
    });
    return ok(id);
  });
}

async function test(
  { database, clock }: AdminDeps,
  context: AdminContext,
  webhookId: string,
): Promise<Result<WebhookRecord>> {
  requireScope(context, 'CONFIG_WRITE');
  const { workspaceId } = context.actor;
  return database.workspace(workspaceId).$transaction(async (tx) => {
    const webhook = await findWebhook(tx, webhookId);
    if (!webhook) return webhookNotFound();
    if (!webhook.enabled) return fail('INVALID_STATE', 'The webhook is disabled.', ['id']);
    const now = clock.now();
    const id = newId('delivery', now);
    const event = 'test';
    const body = JSON.stringify({ id, type: event, createdAt: new Date(now).toISOString(), workspaceId });
    await insertDelivery(tx, { id, workspaceId, webhookId, event, body, createdAt: now });
    await audit(tx, context, clock, {
      action: 'webhook.test',
      subjectId: webhookId,
      subjectName: webhook.name,
      changes: [],
    });
    return ok(webhook);
  });
}

/** Without the query, which may hold a secret of the receiver's. */
function shown({ name, url, enabled }: WebhookRecord) {
  return { name, url: url.replace(/\?.*$/, '?…'), enabled };
}
