/** Quota of plans as it changes: the present state of each first, then every change. */
import { createMailbox } from '../../live/mailbox.js';
import type { GraphqlContext } from '../context.js';
import { checkListLength } from '../shared/args.js';
import { mapIterator } from '../shared/iterators.js';
import { planOf, type PlanSource } from './values.js';

/** Only the latest state of each plan waits for a slow reader, so nothing is ever dropped. */
export async function followQuota(
  context: GraphqlContext,
  connectionIds: readonly string[] | null,
): Promise<AsyncIterableIterator<PlanSource>> {
  checkListLength('connectionIds', connectionIds);
  const { services, caller, loaders } = context;
  const wanted = connectionIds && new Set(connectionIds);
  const mailbox = createMailbox<string>({
    capacity: Number.POSITIVE_INFINITY,
    supersedes: (queued, next) => queued === next,
    onEnd: () => unsubscribe(),
  });
  // Before the snapshot is read, so that no change falls between the two.
  const unsubscribe = services.bus.subscribe('quota.changed', ({ workspaceId, connectionId }) => {
    if (workspaceId === caller.actor.workspaceId && (!wanted || wanted.has(connectionId))) {
      mailbox.push(connectionId);
    }
  });
  try {
    for (const { id } of await services.admin.connections.plans(caller)) {
      if (!wanted || wanted.has(id)) mailbox.push(id);
    }
  } catch (error) {
    mailbox.close();
    throw error;
  }
  return mapIterator(mailbox, async ({ item: id }) => planOf(await loaders.connection.load(id)));
}
