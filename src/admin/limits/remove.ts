/** Stops watching a limit. */
import { deleteLimit, findLimits } from '../../persistence/limits.js';
import { findOpenAlerts, resolveAlert } from '../../persistence/alerts.js';
import type { AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit } from '../audit.js';
import { ok, type Result } from '../result.js';
import { changeLimits } from './change-limits.js';
import { limitNotFound } from './check-limit.js';

/** Its alerts stay, and are over: nobody watches any more whether the value falls. Answers the id of what was removed. */
export async function removeLimit(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
): Promise<Result<string>> {
  const { workspaceId } = context.actor;
  const over: string[] = [];
  const removed = await changeLimits(deps, context, async (tx) => {
    const [limit] = await findLimits(tx, [id]);
    if (!limit) return limitNotFound();
    for (const alert of await findOpenAlerts(tx)) {
      if (alert.limitId !== id) continue;
      await resolveAlert(tx, alert.id, deps.clock.now());
      over.push(alert.id);
    }
    await deleteLimit(tx, id);
    await audit(tx, context, deps.clock, {
      action: 'usage_limit.delete',
      subjectId: id,
      subjectName: limit.name,
      changes: [],
    });
    return ok(id);
  });
  if (removed.ok) for (const alertId of over) deps.bus.publish('alert.changed', { workspaceId, alertId });
  return removed;
}
