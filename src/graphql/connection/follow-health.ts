/** Health of connections as it changes: the present state of each first, then changes only. */
import { requireScope } from '../../admin/actor.js';
import type { ConnectionRecord } from '../../domain/records.js';
import type { HealthState } from '../../domain/vocabulary.js';
import type { GraphqlContext } from '../context.js';
import { followConnections } from '../shared/follow-connections.js';
import { mapIterator } from '../shared/iterators.js';
import { healthOf, type ShownHealth } from './health.js';
import { allConnections } from './pages.js';

export interface HealthChange {
  readonly connection: ConnectionRecord;
  readonly health: ShownHealth;
  /** Null in the snapshot. */
  readonly previousState: HealthState | null;
}

export async function followHealth(
  context: GraphqlContext,
  connectionIds: readonly string[] | null,
): Promise<AsyncIterableIterator<HealthChange>> {
  const { services, caller, loaders } = context;
  requireScope(caller, 'CONFIG_READ');
  const changed = await followConnections({
    bus: services.bus,
    workspaceId: caller.actor.workspaceId,
    topic: 'connection.health',
    connectionIds,
    async present() {
      if (!connectionIds) return allConnections(context);
      const found = await services.admin.connections.byIds(caller, [...new Set(connectionIds)]);
      return found.filter((connection) => connection !== null);
    },
  });
  const known = new Map<string, ShownHealth>();
  return mapIterator(changed, async ({ item: id }) => {
    const connection = await loaders.connection.load(id);
    if (!connection) return null;
    const health = await healthOf(connection, context);
    const before = known.get(id);
    if (before && sameHealth(before, health)) return null;
    known.set(id, health);
    return { connection, health, previousState: before?.state ?? null };
  });
}

/** The error rate alone is no news: it changes with every request. */
function sameHealth(a: ShownHealth, b: ShownHealth): boolean {
  return (
    a.state === b.state &&
    a.reason === b.reason &&
    a.message === b.message &&
    a.cooldownUntil === b.cooldownUntil
  );
}
