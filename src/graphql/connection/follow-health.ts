/** Health of connections as it changes: the present state of each first, then changes only. */
import { requireScope } from '../../admin/actor.js';
import type { ConnectionRecord } from '../../domain/records.js';
import type { HealthState } from '../../domain/vocabulary.js';
import { createMailbox } from '../../live/mailbox.js';
import type { GraphqlContext } from '../context.js';
import { checkListLength } from '../shared/args.js';
import { mapIterator } from '../shared/iterators.js';
import { healthOf, type ShownHealth } from './health.js';
import { allConnections } from './pages.js';

export interface HealthChange {
  readonly connection: ConnectionRecord;
  readonly health: ShownHealth;
  /** Null in the snapshot. */
  readonly previousState: HealthState | null;
}

/** Only the latest state of each connection waits for a slow reader, so nothing is ever dropped. */
export async function followHealth(
  context: GraphqlContext,
  connectionIds: readonly string[] | null,
): Promise<AsyncIterableIterator<HealthChange>> {
  checkListLength('connectionIds', connectionIds);
  const { services, caller, loaders } = context;
  requireScope(caller, 'CONFIG_READ');
  const wanted = connectionIds && new Set(connectionIds);
  const mailbox = createMailbox<string>({
    capacity: Number.POSITIVE_INFINITY,
    supersedes: (queued, next) => queued === next,
    onEnd: () => unsubscribe(),
  });
  // Before the snapshot is read, so that no change falls between the two.
  const unsubscribe = services.bus.subscribe('connection.health', ({ workspaceId, connectionId }) => {
    if (workspaceId === caller.actor.workspaceId && (!wanted || wanted.has(connectionId))) {
      mailbox.push(connectionId);
    }
  });
  try {
    const present = wanted
      ? await services.admin.connections.byIds(caller, [...wanted])
      : await allConnections(context);
    for (const connection of present) if (connection) mailbox.push(connection.id);
  } catch (error) {
    mailbox.close();
    throw error;
  }

  const known = new Map<string, ShownHealth>();
  return mapIterator(mailbox, async ({ item: id }) => {
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
