/** Replaces a connection's secret, keeping its id, label and history. */
import { healthAfterProbe, planActiveAfterProbe } from '../../discovery/health.js';
import type { UpstreamFailure } from '../../domain/failure.js';
import type { ConnectionRecord, DiscoveryRunRecord } from '../../domain/records.js';
import { findConnection, recordHealth, replaceSecret } from '../../persistence/connections.js';
import { clearCooldowns } from '../../persistence/cooldowns.js';
import { maskSecret } from '../../secrets/tokens.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit, SECRET_SET } from '../audit.js';
import { fail, ok, type Result } from '../result.js';
import { checkSecret } from './check-settings.js';
import { planRediscovery } from './rediscover.js';
import { refusalOf } from './refusal.js';
import { sealSecret } from './seal-secret.js';
import { connectionNotFound, offeringOf } from './stored-connection.js';

/** The old secret stays unless the answer is the connection. */
export async function rotateConnectionSecret(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
  input: { readonly secret: string; readonly verify: boolean },
): Promise<Result<ConnectionRecord>> {
  requireScope(context, 'CONFIG_WRITE');
  const { workspaceId } = context.actor;
  const rows = deps.database.workspace(workspaceId);
  const before = await findConnection(rows, id);
  if (before === null) return connectionNotFound();
  const known = await offeringOf(rows, before);
  if (!known.ok) return known;
  const { provider, offering } = known.value;
  const secret = checkSecret(provider, offering, input.secret);
  if (!secret.ok) return secret;
  const plaintext = secret.value;
  if (plaintext === null)
    return fail('INVALID_STATE', `${provider.name} ${offering.name} takes no secret.`, ['id']);

  let checked: { readonly failure: UpstreamFailure | null } | null = null;
  if (input.verify) {
    checked = {
      failure: await deps.probe({ offering, settings: before, secret: plaintext }, context.signal),
    };
    const refusal = checked.failure && refusalOf(provider, offering, checked.failure);
    if (refusal) return refusal;
  }

  const changed = await rows.$transaction(async (tx): Promise<Changed | null> => {
    const now = deps.clock.now();
    const sealed = sealSecret(deps.vault, before, plaintext);
    const replaced = await replaceSecret(tx, before, sealed, maskSecret(plaintext), now);
    if (replaced === null) return null;
    // What was known of the old secret says nothing about the new one.
    await clearCooldowns(tx, id, now);
    const health = checked
      ? healthAfterProbe(checked.failure, now)
      : { ...before.health, state: 'UNKNOWN' as const, reason: null, message: null, checkedAt: null };
    const planActive = checked && planActiveAfterProbe(offering, checked.failure);
    const connection = await recordHealth(tx, id, health, planActive);
    await audit(tx, context, deps.clock, {
      action: 'connection.rotate_secret',
      subjectId: id,
      subjectName: before.label,
      changes: [SECRET_SET],
    });
    return connection && { connection, run: await planRediscovery(deps, tx, connection) };
  });
  if (changed === null) return connectionNotFound();
  deps.bus.publish('config.changed', { workspaceId });
  deps.bus.publish('connection.health', { workspaceId, connectionId: id });
  if (changed.run) deps.discovery.launch(changed.run);
  return ok(changed.connection);
}

interface Changed {
  readonly connection: ConnectionRecord;
  readonly run: DiscoveryRunRecord | null;
}
