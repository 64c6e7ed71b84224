/** Calls the provider with a stored credential; the outcome, good or bad, becomes the connection's health. */
import { healthAfterProbe, planActiveAfterProbe } from '../../discovery/health.js';
import type { UpstreamFailure } from '../../domain/failure.js';
import type { ConnectionRecord } from '../../domain/records.js';
import { findConnection, findSealedSecret, recordHealth } from '../../persistence/connections.js';
import { clearCooldowns, findCooldowns } from '../../persistence/cooldowns.js';
import type { ScopedTransaction } from '../../persistence/workspace-scope.js';
import type { OfferingDefinition } from '../../providers/define-provider.js';
import { connectionSecretBinding } from '../../secrets/connection-secret.js';
import { VaultError } from '../../secrets/vault.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { changesBetween, audit } from '../audit.js';
import { ok, type Result } from '../result.js';
import { connectionNotFound, offeringOf } from './stored-connection.js';

/** A failed check is a result, not an error. */
export async function verifyConnection(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
): Promise<Result<ConnectionRecord>> {
  requireScope(context, 'CONFIG_WRITE');
  const { workspaceId } = context.actor;
  const rows = deps.database.workspace(workspaceId);
  const before = await findConnection(rows, id);
  if (before === null) return connectionNotFound();
  const known = await offeringOf(rows, before);
  if (!known.ok) return known;
  const { offering } = known.value;

  const failure = await probeStored(deps, context, before, offering);
  const health = healthAfterProbe(failure, deps.clock.now());
  const connection = await rows.$transaction(async (tx) => {
    const after = await recordHealth(tx, id, health, planActiveAfterProbe(offering, failure));
    if (after === null) return null;
    // Otherwise the gateways would stay away for hours from a key that was just proven.
    if (failure === null && (await isHeldAsRefused(tx, id)))
      await clearCooldowns(tx, id, health.checkedAt ?? 0);
    await audit(tx, context, deps.clock, {
      action: 'connection.verify',
      subjectId: id,
      subjectName: before.label,
      changes: changesBetween(
        { state: before.health.state, reason: before.health.reason },
        { state: health.state, reason: health.reason },
      ),
    });
    return after;
  });
  if (connection === null) return connectionNotFound();
  deps.bus.publish('config.changed', { workspaceId });
  deps.bus.publish('connection.health', { workspaceId, connectionId: id });
  return ok(connection);
}

async function isHeldAsRefused(tx: ScopedTransaction, id: string): Promise<boolean> {
  const [cooldowns = []] = await findCooldowns(tx, [id]);
  return cooldowns.some((cooldown) => cooldown.modelRef === null && cooldown.class === 'AUTHENTICATION');
}

async function probeStored(
  deps: AdminDeps,
  context: AdminContext,
  connection: ConnectionRecord,
  offering: OfferingDefinition,
): Promise<UpstreamFailure | null> {
  const { workspaceId, id } = connection;
  const sealed = await findSealedSecret(deps.database.workspace(workspaceId), id);
  try {
    const secret = sealed === null ? null : deps.vault.open(sealed, connectionSecretBinding(workspaceId, id));
    return await deps.probe({ offering, settings: connection, secret }, context.signal);
  } catch (error) {
    if (!(error instanceof VaultError)) throw error;
    const message = `The stored secret cannot be read: ${error.message} Store it again.`;
    return { class: 'AUTHENTICATION', httpStatus: null, message, retryAt: null };
  }
}
