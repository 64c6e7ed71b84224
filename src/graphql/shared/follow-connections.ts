/** Which connections there are and which changed since, for subscriptions that show the state of each, then its changes. */
import type { Bus } from '../../live/bus.js';
import { createMailbox, type Delivery } from '../../live/mailbox.js';
import { checkListLength } from './args.js';

export interface FollowConnectionsOptions {
  readonly bus: Bus;
  readonly workspaceId: string;
  /** Tells of every change. */
  readonly topic: 'connection.health' | 'quota.changed';
  /** Null for all. */
  readonly connectionIds: readonly string[] | null;
  /** Those that are there now; which of them are wanted is not its concern. */
  readonly present: () => Promise<readonly { readonly id: string }[]>;
}

/** Only the latest state of each connection waits for a slow reader, so nothing is ever dropped. */
export async function followConnections(
  options: FollowConnectionsOptions,
): Promise<AsyncIterableIterator<Delivery<string>>> {
  const { bus, workspaceId, topic, connectionIds, present } = options;
  checkListLength('connectionIds', connectionIds);
  const wanted = connectionIds && new Set(connectionIds);
  const mailbox = createMailbox<string>({
    capacity: Number.POSITIVE_INFINITY,
    supersedes: (queued, next) => queued === next,
    onEnd: () => unsubscribe(),
  });
  const tell = (id: string): void => {
    if (!wanted || wanted.has(id)) mailbox.push(id);
  };
  // Before the snapshot is read, so that no change falls between the two.
  const unsubscribe = bus.subscribe(topic, (message) => {
    if (message.workspaceId === workspaceId) tell(message.connectionId);
  });
  try {
    for (const { id } of await present()) tell(id);
  } catch (error) {
    mailbox.close();
    throw error;
  }
  return mailbox;
}
