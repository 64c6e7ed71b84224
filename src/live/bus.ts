/** Typed topics within one process. Publishing is synchronous and never throws: it runs right after a commit. */
import type { StoredUsageEvent } from '../domain/usage.js';
import type { FailureClass } from '../domain/vocabulary.js';
import type { Logger } from '../observability/logger.js';

/** What one call to a provider says about its connection. */
export interface RecordedAttempt {
  readonly connectionId: string;
  /** Null when it was answered. */
  readonly failure: FailureClass | null;
  /** When its request came, and when that was answered, in milliseconds since the epoch. */
  readonly sentAt: number;
  readonly endedAt: number;
}

export interface Topics {
  /** Events of one workspace that this node just committed, in order. */
  'usage.recorded': { readonly workspaceId: string; readonly events: readonly StoredUsageEvent[] };
  /** Calls to providers of the events that were just committed. */
  'attempts.recorded': { readonly workspaceId: string; readonly attempts: readonly RecordedAttempt[] };
  /**
   * Events of one workspace, by whichever node: each once and in commit order. They are read for listeners that name
   * their workspace.
   */
  'usage.arrived': { readonly workspaceId: string; readonly events: readonly StoredUsageEvent[] };
  /** A discovery run changed; `resultId` names the outcome that caused it, null for the run itself. */
  'discovery.progress': {
    readonly workspaceId: string;
    readonly runId: string;
    readonly resultId: string | null;
  };
  /** A connection's health was observed anew. */
  'connection.health': { readonly workspaceId: string; readonly connectionId: string };
  /** Quota windows of a plan were read anew and differ. */
  'quota.changed': { readonly workspaceId: string; readonly connectionId: string };
  /** An admin token was revoked by this process. */
  'admin_token.revoked': { readonly tokenId: string };
  /** An alert fired, resolved or was acknowledged. */
  'alert.changed': { readonly workspaceId: string; readonly alertId: string };
  /** Something the routing snapshot is built from changed. */
  'config.changed': { readonly workspaceId: string };
}

export type Topic = keyof Topics;

export interface Bus {
  publish<K extends Topic>(topic: K, message: Topics[K]): void;
  /** Calls `listener` for each message, or for each of one workspace, until the returned function is called. */
  subscribe<K extends Topic>(
    topic: K,
    listener: (message: Topics[K]) => void,
    workspaceId?: string,
  ): () => void;
  /** Listeners on a topic now. */
  listeners(topic: Topic): number;
  /** Workspaces that listeners on a topic have asked for. */
  workspaces(topic: Topic): readonly string[];
}

interface Listener {
  readonly workspaceId: string | undefined;
  readonly hear: (message: never) => void;
}

export function createBus(logger: Logger): Bus {
  const listenersByTopic = new Map<Topic, Set<Listener>>();
  const of = (topic: Topic): Set<Listener> => {
    let listeners = listenersByTopic.get(topic);
    if (!listeners) listenersByTopic.set(topic, (listeners = new Set()));
    return listeners;
  };
  return {
    publish(topic, message) {
      for (const { workspaceId, hear } of of(topic)) {
        if (workspaceId !== undefined && !isOf(message, workspaceId)) continue;
        try {
          hear(message as never);
        } catch (error) {
          logger.error({ err: error, topic }, 'a live subscriber failed');
        }
      }
    },
    subscribe(topic, listener, workspaceId) {
      const own: Listener = { workspaceId, hear: listener };
      of(topic).add(own);
      return () => {
        of(topic).delete(own);
      };
    },
    listeners: (topic) => of(topic).size,
    workspaces: (topic) => [...new Set([...of(topic)].flatMap(({ workspaceId }) => workspaceId ?? []))],
  };
}

function isOf(message: Topics[Topic], workspaceId: string): boolean {
  return 'workspaceId' in message && message.workspaceId === workspaceId;
}
