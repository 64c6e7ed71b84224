/** Typed topics within one process. Publishing is synchronous and never throws: it runs right after a commit. */
import type { StoredUsageEvent } from '../domain/usage.js';
import type { Logger } from '../observability/logger.js';

export interface Topics {
  /** Events of one workspace that were just committed, in order. */
  'usage.recorded': { readonly workspaceId: string; readonly events: readonly StoredUsageEvent[] };
  /** A discovery run changed; `resultId` names the outcome that caused it, null for the run itself. */
  'discovery.progress': {
    readonly workspaceId: string;
    readonly runId: string;
    readonly resultId: string | null;
  };
  /** A connection's health was observed anew. */
  'connection.health': { readonly workspaceId: string; readonly connectionId: string };
  /** Something the routing snapshot is built from changed. */
  'config.changed': { readonly workspaceId: string };
}

export type Topic = keyof Topics;

export interface Bus {
  publish<K extends Topic>(topic: K, message: Topics[K]): void;
  /** Calls `listener` for each message until the returned function is called. */
  subscribe<K extends Topic>(topic: K, listener: (message: Topics[K]) => void): () => void;
  /** Listeners on a topic now. */
  listeners(topic: Topic): number;
}

export function createBus(logger: Logger): Bus {
  const listenersByTopic = new Map<Topic, Set<(message: never) => void>>();
  const of = (topic: Topic): Set<(message: never) => void> => {
    let listeners = listenersByTopic.get(topic);
    if (!listeners) listenersByTopic.set(topic, (listeners = new Set()));
    return listeners;
  };
  return {
    publish(topic, message) {
      for (const listener of of(topic)) {
        try {
          listener(message as never);
        } catch (error) {
          logger.error({ err: error, topic }, 'a live subscriber failed');
        }
      }
    },
    subscribe(topic, listener) {
      const own = (message: never): void => listener(message);
      of(topic).add(own);
      return () => {
        of(topic).delete(own);
      };
    },
    listeners: (topic) => of(topic).size,
  };
}
