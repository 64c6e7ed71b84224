/** A webhook's signing secret: what it is bound to while sealed, and the signature made with it. */
import { createHmac, randomBytes } from 'node:crypto';
import type { SealBinding } from './vault.js';

const PREFIX = 'whsec_';
const BYTES = 32;

/** Binding of a webhook's signing secret. */
export function webhookSecretBinding(workspaceId: string, webhookId: string): SealBinding {
  return { workspaceId, subjectId: webhookId, purpose: 'webhook.secret' };
}

/** A new signing secret. */
export function makeWebhookSecret(): string {
  return PREFIX + randomBytes(BYTES).toString('base64url');
}

/** `t=<seconds>,v1=<HMAC-SHA256 over "<seconds>.<body>", hexadecimal>`: the time is signed too, so that old messages show. */
export function signWebhook(secret: string, body: string, now: number): string {
  const seconds = Math.floor(now / 1_000);
  const signature = createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
  return `t=${seconds},v1=${signature}`;
}
