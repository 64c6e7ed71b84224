/** Seals every stored secret with the key in use now, so that the one before is no longer needed. */
import { healthAfterProbe } from '../../discovery/health.js';
import { RESEAL_BATCH_MAX_SECRETS } from '../../config/limits.js';
import { findConnection, recordHealth } from '../../persistence/connections.js';
import {
  countSecretsOfOtherKeys,
  findSecretsOfOtherKeys,
  NO_KEY,
  replaceSealedSecrets,
  type SecretReplacement,
  type StoredSecret,
} from '../../persistence/sealed-secrets.js';
import { connectionSecretBinding } from '../../secrets/connection-secret.js';
import { VaultError, withKeyId, type SealBinding, type Vault } from '../../secrets/vault.js';
import { webhookSecretBinding } from '../../secrets/webhook-secret.js';
import type { OperatorDeps } from '../operator.js';

export interface ResealDeps extends OperatorDeps {
  readonly vault: Vault;
  /** Resolves once the gateways of this node work on what is stored now. Never rejects. */
  readonly configInForce: () => Promise<void>;
}

export interface ResealProgress {
  readonly done: number;
  readonly total: number;
}

/** A secret that no key at hand opens. */
export type UnreadableSecret = (
  | { readonly connectionId: string; readonly connection: string }
  | { readonly webhookId: string; readonly webhook: string }
) & {
  readonly reason: string;
  /** Whether another key might: then that key is still needed. */
  readonly keyMissing: boolean;
};

export interface ResealOutcome {
  readonly resealed: number;
  readonly unreadable: readonly UnreadableSecret[];
}

/**
 * In batches, beside whoever uses and changes secrets meanwhile. Stopped anywhere, it goes on where it was the next time;
 * run again, it finds nothing to do.
 */
export async function resealSecrets(
  deps: ResealDeps,
  onProgress: (progress: ResealProgress) => void,
): Promise<ResealOutcome> {
  const { prisma } = deps.database;
  const { keyId } = deps.vault;
  const total = await countSecretsOfOtherKeys(prisma, keyId);
  const unreadable: UnreadableSecret[] = [];
  const workspaces = new Set<string>();
  let [resealed, done, afterId] = [0, 0, ''];
  for (;;) {
    if (total > 0) onProgress({ done: Math.min(done, total), total });
    const batch = await findSecretsOfOtherKeys(prisma, keyId, afterId, RESEAL_BATCH_MAX_SECRETS);
    const last = batch.at(-1);
    if (last === undefined) break;
    const replacements: SecretReplacement[] = [];
    for (const secret of batch) {
      workspaces.add(secret.workspaceId);
      const opened = open(deps, secret);
      if ('envelope' in opened) replacements.push(opened);
      else unreadable.push(await noteUnreadable(deps, secret, opened.reason));
    }
    resealed += await replaceSealedSecrets(prisma, replacements);
    done += batch.length;
    afterId = last.ownerId;
  }
  for (const workspaceId of workspaces) deps.bus.publish('config.changed', { workspaceId });
  await deps.configInForce();
  return { resealed, unreadable };
}

function open({ vault }: ResealDeps, secret: StoredSecret): SecretReplacement | { readonly reason: string } {
  const { owner, ownerId, envelope: before } = secret;
  const binding = bindingOf(secret);
  try {
    const envelope = vault.seal(vault.open(before, binding), binding);
    return { owner, ownerId, before, keyId: vault.keyId, envelope };
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return { reason: error.message };
  }
}

function bindingOf({ owner, ownerId, workspaceId }: StoredSecret): SealBinding {
  return owner === 'WEBHOOK'
    ? webhookSecretBinding(workspaceId, ownerId)
    : connectionSecretBinding(workspaceId, ownerId);
}

/** A text that no key will ever open is not waited for. */
async function noteUnreadable(
  deps: ResealDeps,
  secret: StoredSecret,
  reason: string,
): Promise<UnreadableSecret> {
  const { owner, ownerId, ownerName, keyId, envelope } = secret;
  const keyMissing = keyId !== NO_KEY && !deps.vault.knows(keyId);
  if (!keyMissing && keyId !== NO_KEY) {
    // A connection's key is noted beside its text, a webhook's in it.
    const closed = owner === 'WEBHOOK' ? withKeyId(envelope, NO_KEY) : envelope;
    await replaceSealedSecrets(deps.database.prisma, [
      { owner, ownerId, before: envelope, keyId: NO_KEY, envelope: closed },
    ]);
  }
  if (owner === 'WEBHOOK') return { webhookId: ownerId, webhook: ownerName, reason, keyMissing };
  await noteHealth(deps, secret, reason);
  return { connectionId: ownerId, connection: ownerName, reason, keyMissing };
}

async function noteHealth(
  deps: ResealDeps,
  { ownerId: connectionId, workspaceId }: StoredSecret,
  reason: string,
): Promise<void> {
  await deps.database.workspace(workspaceId).$transaction(async (tx) => {
    if ((await findConnection(tx, connectionId)) === null) return;
    const message = `The stored secret cannot be read: ${reason} Store it again.`;
    const failure = { class: 'AUTHENTICATION' as const, httpStatus: null, message, retryAt: null };
    await recordHealth(tx, connectionId, healthAfterProbe(failure, deps.clock.now()));
  });
  deps.bus.publish('connection.health', { workspaceId, connectionId });
}
