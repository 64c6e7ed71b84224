/** A map that forgets: what was not used for a while, and what was not used for longest when it grows too large. */

export interface BoundedMapOptions {
  readonly maxEntries: number;
  /** Over keys and values, as `sizeOf` has them. */
  readonly maxBytes: number;
  readonly ttlMs: number;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export interface BoundedMap<V> {
  readonly size: number;
  /** A hit renews its time. */
  get(key: string): V | undefined;
  /** A value larger than the bound is not kept. */
  set(key: string, value: V, bytes: number): void;
}

interface Entry<V> {
  readonly value: V;
  readonly bytes: number;
  expiresAt: number;
}

export function createBoundedMap<V>({ maxEntries, maxBytes, ttlMs, now }: BoundedMapOptions): BoundedMap<V> {
  /** Least recently used first, which is also the order in which they expire. */
  const entries = new Map<string, Entry<V>>();
  let bytesHeld = 0;
  const forget = (key: string, entry: Entry<V>): void => {
    entries.delete(key);
    bytesHeld -= entry.bytes;
  };
  const makeRoom = (): void => {
    const time = now();
    for (const [key, entry] of entries) {
      const full = entries.size > maxEntries || bytesHeld > maxBytes;
      if (!full && entry.expiresAt > time) return;
      forget(key, entry);
    }
  };
  return {
    get size() {
      return entries.size;
    },
    get(key) {
      const entry = entries.get(key);
      if (!entry) return undefined;
      const time = now();
      entries.delete(key);
      if (entry.expiresAt <= time) {
        bytesHeld -= entry.bytes;
        return undefined;
      }
      entry.expiresAt = time + ttlMs;
      entries.set(key, entry);
      return entry.value;
    },
    set(key, value, bytes) {
      const before = entries.get(key);
      if (before) forget(key, before);
      if (bytes > maxBytes) return;
      entries.set(key, { value, bytes, expiresAt: now() + ttlMs });
      bytesHeld += bytes;
      makeRoom();
    },
  };
}
