/** Quota of plans as it changes: the present state of each first, then every change. */
import type { GraphqlContext } from '../context.js';
import { followConnections } from '../shared/follow-connections.js';
import { mapIterator } from '../shared/iterators.js';
import { planOf, type PlanSource } from './values.js';

export async function followQuota(
  context: GraphqlContext,
  connectionIds: readonly string[] | null,
): Promise<AsyncIterableIterator<PlanSource>> {
  const { services, caller, loaders } = context;
  const changed = await followConnections({
    bus: services.bus,
    workspaceId: caller.actor.workspaceId,
    topic: 'quota.changed',
    connectionIds,
    present: () => services.admin.connections.plans(caller),
  });
  return mapIterator(changed, async ({ item: id }) => planOf(await loaders.connection.load(id)));
}
