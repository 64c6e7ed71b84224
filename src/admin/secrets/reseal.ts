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
import { VaultError, type Vault } from '../../secrets/vault.js';
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
export interface UnreadableSecret {
  readonly connectionId: string;
  readonly connection: string;
  readonly reason: string;
  /** Whether another key might: then that key is still needed. */
  readonly keyMissing: boolean;
}

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
    afterId = last.connectionId;
  }
  for (const workspaceId of workspaces) deps.bus.publish('config.changed', { workspaceId });
  await deps.configInForce();
  return { resealed, unreadable };
}

function open({ vault }: ResealDeps, secret: StoredSecret): SecretReplacement | { readonly reason: string } {
  const { connectionId, workspaceId, envelope: before } = secret;
  const binding = connectionSecretBinding(workspaceId, connectionId);
  try {
    return {
      connectionId,
      before,
      keyId: vault.keyId,
      envelope: vault.seal(vault.open(before, binding), binding),
    };
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    return { reason: error.message };
  }
}

/** Says so in the connection's health; a text that no key will ever open is not waited for. */
async function noteUnreadable(
  deps: ResealDeps,
  { connectionId, workspaceId, keyId, envelope }: StoredSecret,
  reason: string,
): Promise<UnreadableSecret> {
  const keyMissing = keyId !== NO_KEY && !deps.vault.knows(keyId);
  if (!keyMissing && keyId !== NO_KEY) {
    await replaceSealedSecrets(deps.database.prisma, [
      { connectionId, before: envelope, keyId: NO_KEY, envelope },
    ]);
  }
  const connection = await deps.database.workspace(workspaceId).$transaction(async (tx) => {
    const present = await findConnection(tx, connectionId);
    if (present === null) return null;
    const message = `The stored secret cannot be read: ${reason} Store it again.`;
    const failure = { class: 'AUTHENTICATION' as const, httpStatus: null, message, retryAt: null };
    return recordHealth(tx, connectionId, healthAfterProbe(failure, deps.clock.now()));
  });
  deps.bus.publish('connection.health', { workspaceId, connectionId });
  const name = connection === null ? connectionId : `${connection.provider} "${connection.label}"`;
  return { connectionId, connection: name, reason, keyMissing };
}
