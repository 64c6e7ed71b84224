/** Puts what happened into the queue of every webhook, in the transaction in which it happened. */
import { newId } from '../../domain/ids.js';
import { formatUsd } from '../../domain/money.js';
import type { AlertRecord, UsageLimitRecord } from '../../domain/records.js';
import { insertDelivery, listWebhooks } from '../../persistence/webhooks.js';
import type { ScopedTransaction } from '../../persistence/workspace-scope.js';

export async function announce(
  tx: ScopedTransaction,
  event: 'alert.fired' | 'alert.resolved',
  alert: AlertRecord,
  limit: UsageLimitRecord,
  now: number,
): Promise<void> {
  for (const { id: webhookId, enabled } of await listWebhooks(tx)) {
    if (!enabled) continue;
    const id = newId('delivery', now);
    const { workspaceId } = alert;
    const said = { alert: shownAlert(alert), limit: shownLimit(limit) };
    const body = JSON.stringify({ id, type: event, createdAt: shownTime(now), workspaceId, ...said });
    await insertDelivery(tx, { id, workspaceId, webhookId, event, body, createdAt: now });
  }
}

function shownAlert({ id, message, value, firedAt, resolvedAt }: AlertRecord) {
  return {
    id,
    message,
    value: formatUsd(value),
    firedAt: shownTime(firedAt),
    resolvedAt: shownTime(resolvedAt),
  };
}

function shownLimit({ id, name, metric, window, threshold, action }: UsageLimitRecord) {
  return { id, name, metric, window, threshold: formatUsd(threshold), action };
}

function shownTime(time: number | null): string | null {
  return time === null ? null : new Date(time).toISOString();
}
