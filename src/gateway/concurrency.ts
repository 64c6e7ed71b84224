/** Bounds the requests that are under way through each connection at a time; what comes on top waits for a short while. */

/** Gives the place back; calling it again does nothing. */
export type Leave = () => void;

export interface Place {
  readonly connectionId: string;
  readonly leave: Leave;
}

/** A connection and its bound; null for none. */
export interface BoundedConnection {
  readonly connectionId: string;
  readonly max: number | null;
}

export interface Concurrency {
  /** A place at once, or null when all are taken. */
  tryEnter(connection: BoundedConnection): Leave | null;
  /** The first place that comes free at any of the connections; null when none does in time or too many wait already. */
  enter(
    connections: readonly BoundedConnection[],
    options: { readonly timeoutMs: number; readonly waitingMax: number; readonly signal: AbortSignal },
  ): Promise<Place | null>;
  /** Requests under way. */
  running(connectionId: string): number;
}

interface Waiter {
  readonly connections: readonly BoundedConnection[];
  readonly take: (place: Place | null) => void;
}

/** In the order of asking: nobody overtakes on the same connection. */
export function createConcurrency(): Concurrency {
  const running = new Map<string, number>();
  const waiting = new Set<Waiter>();

  const isFree = ({ connectionId, max }: BoundedConnection): boolean =>
    max === null || (running.get(connectionId) ?? 0) < max;
  const occupy = (connectionId: string): Leave => {
    running.set(connectionId, (running.get(connectionId) ?? 0) + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const still = (running.get(connectionId) ?? 1) - 1;
      if (still === 0) running.delete(connectionId);
      else running.set(connectionId, still);
      letIn(connectionId);
    };
  };
  const letIn = (connectionId: string): void => {
    for (const waiter of waiting) {
      const wanted = waiter.connections.find((connection) => connection.connectionId === connectionId);
      if (!wanted) continue;
      if (isFree(wanted)) waiter.take({ connectionId, leave: occupy(connectionId) });
      return;
    }
  };

  return {
    tryEnter: (connection) => (isFree(connection) ? occupy(connection.connectionId) : null),
    enter(connections, { timeoutMs, waitingMax, signal }) {
      const free = connections.find(isFree);
      if (free) return Promise.resolve({ connectionId: free.connectionId, leave: occupy(free.connectionId) });
      if (waiting.size >= waitingMax || signal.aborted) return Promise.resolve(null);
      return new Promise((resolve) => {
        const take = (place: Place | null): void => {
          clearTimeout(timer);
          signal.removeEventListener('abort', giveUp);
          waiting.delete(waiter);
          resolve(place);
        };
        const giveUp = (): void => take(null);
        const waiter: Waiter = { connections, take };
        const timer = setTimeout(giveUp, timeoutMs);
        signal.addEventListener('abort', giveUp, { once: true });
        waiting.add(waiter);
      });
    },
    running: (connectionId) => running.get(connectionId) ?? 0,
  };
}
