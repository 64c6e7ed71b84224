/** Which routing snapshot the gateways work on, for whoever waits until a change is in force. */

export interface InForce {
  /** Every gateway of this node works on this snapshot or on a later one. */
  reached(version: number): void;
  /** Resolves once that is so. */
  at(version: number): Promise<void>;
}

/** Starts with none in force. */
export function createInForce(): InForce {
  let latest = 0;
  const waiting = new Map<() => void, number>();
  return {
    reached(version) {
      latest = version;
      for (const [resolve, wanted] of waiting) {
        if (wanted > latest) continue;
        waiting.delete(resolve);
        resolve();
      }
    },
    at: (version) =>
      new Promise((resolve) => {
        if (version <= latest) resolve();
        else waiting.set(resolve, version);
      }),
  };
}
