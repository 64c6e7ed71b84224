/** Stops watching a limit. */
import { findLimits } from '../../persistence/limits.js';
import type { AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit } from '../audit.js';
import { ok, type Result } from '../result.js';
import { changeLimits } from './change-limits.js';
import { limitNotFound } from './check-limit.js';
import { announceEnded, endLimits } from './end-limits.js';

/** Answers the id of what was removed. */
export async function removeLimit(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
): Promise<Result<string>> {
  const { workspaceId } = context.actor;
  const removed = await changeLimits(deps, context, async (tx) => {
    const [limit] = await findLimits(tx, [id]);
    if (!limit) return limitNotFound();
    const ended = await endLimits(tx, deps.clock, [limit]);
    await audit(tx, context, deps.clock, {
      action: 'usage_limit.delete',
      subjectId: id,
      subjectName: limit.name,
      changes: [],
    });
    return ok(ended);
  });
  if (!removed.ok) return removed;
  announceEnded(deps, workspaceId, removed.value);
  return ok(id);
}
