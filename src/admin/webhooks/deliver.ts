/** Sends messages to webhooks: signed, to addresses under the policy, again and again until they are taken or given up. */
import {
  WEBHOOK_ATTEMPTS_MAX,
  WEBHOOK_BACK_OFF,
  WEBHOOK_BATCH,
  WEBHOOK_CHECK_MS,
  WEBHOOK_LEASE_MS,
  WEBHOOK_TIMEOUT_MS,
} from '../../config/admission-limits.js';
import { ERROR_BODY_MAX_BYTES } from '../../config/limits.js';
import { backOffMs } from '../../domain/back-off.js';
import type { Clock } from '../../domain/clock.js';
import type { Bus } from '../../live/bus.js';
import type { Logger } from '../../observability/logger.js';
import {
  noteDelivery,
  takeDueDeliveries,
  type DeliveryOutcome,
  type DueDelivery,
} from '../../persistence/webhooks.js';
import type { Sql } from '../../persistence/sql.js';
import type { Vault } from '../../secrets/vault.js';
import { signWebhook, webhookSecretBinding } from '../../secrets/webhook-secret.js';
import type { HttpGet } from '../../upstream/http-get.js';

export interface DeliverDeps {
  readonly database: Sql;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly vault: Vault;
  readonly http: HttpGet;
  readonly checkEveryMs?: number;
}

export interface Deliveries {
  /** Sends what is due now. */
  send(): Promise<void>;
  /** Stops, and waits for what is being sent. */
  close(): Promise<void>;
}

export function deliverWebhooks(deps: DeliverDeps): Deliveries {
  const { database, bus, clock, logger, checkEveryMs = WEBHOOK_CHECK_MS } = deps;
  let sending: Promise<void> | null = null;
  const sendDue = async (): Promise<void> => {
    for (;;) {
      const due = await takeDueDeliveries(database, clock.now(), WEBHOOK_LEASE_MS, WEBHOOK_BATCH);
      await Promise.all(
        due.map(async (delivery) => {
          const outcome = await attempt(deps, delivery);
          await noteDelivery(database, delivery.id, outcome, clock.now());
        }),
      );
      if (due.length < WEBHOOK_BATCH) return;
    }
  };
  const send = (): Promise<void> => {
    sending ??= sendDue()
      .catch((error: unknown) => logger.warn({ err: error }, 'messages to webhooks wait'))
      .finally(() => {
        sending = null;
      });
    return sending;
  };
  const unsubscribe = bus.subscribe('alert.changed', () => void send());
  const timer = setInterval(() => void send(), checkEveryMs);
  timer.unref();
  return {
    async send() {
      // What is being sent may have been looked for before the message that this is about.
      await sending;
      await send();
    },
    async close() {
      unsubscribe();
      clearInterval(timer);
      await sending;
    },
  };
}

async function attempt(deps: DeliverDeps, delivery: DueDelivery): Promise<DeliveryOutcome> {
  const { vault, http, clock, logger } = deps;
  const { id, workspaceId, webhookId, url, envelope, body, event, attempts } = delivery;
  try {
    const now = clock.now();
    const secret = vault.open(envelope, webhookSecretBinding(workspaceId, webhookId));
    const answer = await http.get({
      url,
      body,
      headers: {
        'content-type': 'application/json',
        'x-switchyard-event': event,
        'x-switchyard-delivery': id,
        'x-switchyard-signature': signWebhook(secret, body, now),
      },
      billing: 'METERED',
      timeoutMs: WEBHOOK_TIMEOUT_MS,
      maxBytes: ERROR_BODY_MAX_BYTES,
    });
    if (!answer.ok) return again(attempts, clock.now(), null, answer.message);
    const { status } = answer;
    if (status >= 200 && status < 300) return { httpStatus: status, message: null, nextAttemptAt: null };
    return again(attempts, clock.now(), status, `It answered with status ${status}.`);
  } catch (error) {
    logger.error({ err: error, webhookId }, 'a message to a webhook could not be signed');
    return {
      httpStatus: null,
      message: 'Its secret does not open; make the webhook anew.',
      nextAttemptAt: null,
    };
  }
}

function again(attempts: number, now: number, httpStatus: number | null, message: string): DeliveryOutcome {
  const nextAttemptAt = attempts >= WEBHOOK_ATTEMPTS_MAX ? null : now + backOffMs(attempts, WEBHOOK_BACK_OFF);
  return { httpStatus, message, nextAttemptAt };
}
