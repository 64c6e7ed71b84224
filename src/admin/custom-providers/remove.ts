/** Removes a custom provider that nothing is connected to, and the limits over it. Its usage history stays. */
import { countConnectionsOf } from '../../persistence/connections.js';
import {
  deleteCustomProvider,
  findCustomProvider,
  lockCustomProvider,
} from '../../persistence/custom-providers.js';
import { slugOfProviderId } from '../../providers/provider-id.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit } from '../audit.js';
import { fail, ok, type Result } from '../result.js';
import { announceEnded, changesOfEnded, endLimitsOver, type EndedLimits } from '../limits/end-limits.js';
import { customProviderNotFound } from './not-found.js';

/** Answers the id of what was removed. */
export async function removeCustomProvider(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
): Promise<Result<string>> {
  requireScope(context, 'CONFIG_WRITE');
  const { workspaceId } = context.actor;
  const slug = slugOfProviderId(id) ?? '';
  const removed = await deps.database
    .workspace(workspaceId)
    .$transaction(async (tx): Promise<Result<EndedLimits>> => {
      // New connections hold the provider: none can appear behind the count.
      if (!(await lockCustomProvider(tx, workspaceId, slug))) return customProviderNotFound();
      const provider = await findCustomProvider(tx, slug);
      if (provider === null) return customProviderNotFound();
      const connections = await countConnectionsOf(tx, slug);
      if (connections > 0) {
        const which = connections === 1 ? 'a connection' : `${connections} connections`;
        return fail('IN_USE', `${provider.name} still has ${which}; remove them first.`, ['id']);
      }
      await deleteCustomProvider(tx, slug);
      const ended = await endLimitsOver(tx, deps, workspaceId, { provider: slug });
      await audit(tx, context, deps.clock, {
        action: 'custom_provider.delete',
        subjectId: id,
        subjectName: provider.name,
        changes: changesOfEnded(ended),
      });
      return ok(ended);
    });
  if (!removed.ok) return removed;
  announceEnded(deps, workspaceId, removed.value);
  deps.bus.publish('config.changed', { workspaceId });
  return ok(id);
}
