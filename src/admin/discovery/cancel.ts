/** Stops a discovery run that has not ended. What it found until then stays. */
import type { DiscoveryRunRecord } from '../../domain/records.js';
import { findRuns } from '../../persistence/discovery-runs.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit } from '../audit.js';
import { fail, ok, type Result } from '../result.js';

/** Answers the run as it then is; one that was cancelled before stays cancelled. */
export async function cancelDiscovery(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
): Promise<Result<DiscoveryRunRecord>> {
  requireScope(context, 'CONFIG_WRITE');
  const { workspaceId } = context.actor;
  const rows = deps.database.workspace(workspaceId);
  const cancelled = await rows.$transaction(async (tx) => {
    if (!(await deps.discovery.cancel(tx, id))) return false;
    await audit(tx, context, deps.clock, {
      action: 'discovery.cancel',
      subjectId: id,
      subjectName: id,
      changes: [],
    });
    return true;
  });
  if (cancelled) deps.discovery.stop(workspaceId, id);
  const [run] = await findRuns(rows, [id]);
  if (run === undefined) return fail('NOT_FOUND', 'There is no such discovery run.', ['id']);
  return run.status === 'CANCELLED'
    ? ok(run)
    : fail('INVALID_STATE', 'The discovery run has ended; only an open one can be cancelled.', ['id']);
}
