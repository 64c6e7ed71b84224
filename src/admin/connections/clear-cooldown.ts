/** Forgets what a connection cools down from, on every gateway: the next request tries it again. */
import type { ConnectionRecord } from '../../domain/records.js';
import { findConnection, recordHealth } from '../../persistence/connections.js';
import { clearCooldowns, findCooldowns } from '../../persistence/cooldowns.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit } from '../audit.js';
import { ok, type Result } from '../result.js';
import { connectionNotFound } from './stored-connection.js';

/** Does no harm to a connection that does not cool down. Once it answers, no gateway of this node holds it back any more. */
export async function clearConnectionCooldown(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
): Promise<Result<ConnectionRecord>> {
  requireScope(context, 'CONFIG_WRITE');
  const { workspaceId } = context.actor;
  const connection = await deps.database.workspace(workspaceId).$transaction(async (tx) => {
    const before = await findConnection(tx, id);
    if (before === null) return null;
    const [cooldowns = []] = await findCooldowns(tx, [id]);
    const now = deps.clock.now();
    await clearCooldowns(tx, id, now);
    await audit(tx, context, deps.clock, {
      action: 'connection.clear_cooldown',
      subjectId: id,
      subjectName: before.label,
      changes: cooldowns
        .filter(({ until }) => until > now)
        .map(({ modelRef, class: reason }) => ({
          field: modelRef === null ? 'cooldown' : `cooldown ${modelRef}`,
          before: reason,
          after: null,
        })),
    });
    const whole = cooldowns.find(({ modelRef }) => modelRef === null);
    // What the forgotten cool-down said about health is forgotten with it; what a check said is not.
    if (!whole || before.health.checkedAt !== whole.since) return before;
    return recordHealth(tx, id, { state: 'UNKNOWN', reason: null, message: null, checkedAt: now });
  });
  if (connection === null) return connectionNotFound();
  deps.bus.publish('config.changed', { workspaceId });
  deps.bus.publish('connection.health', { workspaceId, connectionId: id });
  await deps.configInForce();
  return ok(connection);
}
