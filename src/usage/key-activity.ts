/** Notes when access keys were last used: gathered from recorded usage and written now and then, not per request. */
import { KEY_ACTIVITY_WRITE_MS } from '../config/usage-limits.js';
import type { Bus } from '../live/bus.js';
import type { Logger } from '../observability/logger.js';

export interface KeyActivityOptions {
  readonly bus: Bus;
  /** Stores the moments; never moves one back. */
  readonly write: (lastUsed: ReadonlyMap<string, number>) => Promise<void>;
  readonly logger: Logger;
  readonly intervalMs?: number;
}

export interface KeyActivity {
  /** Writes what is left and ends. */
  close(): Promise<void>;
}

export function followKeyActivity({
  bus,
  write,
  logger,
  intervalMs = KEY_ACTIVITY_WRITE_MS,
}: KeyActivityOptions): KeyActivity {
  let pending = new Map<string, number>();
  let writing = Promise.resolve();

  const flush = (): Promise<void> => {
    if (pending.size === 0) return writing;
    const batch = pending;
    pending = new Map();
    // What a failed write held is no loss: the next use of the key says more.
    writing = writing.then(() =>
      write(batch).catch((error: unknown) =>
        logger.warn({ err: error }, 'the last use of keys was not written'),
      ),
    );
    return writing;
  };
  const unsubscribe = bus.subscribe('usage.recorded', ({ events }) => {
    for (const { accessKeyId, occurredAt } of events) {
      pending.set(accessKeyId, Math.max(occurredAt, pending.get(accessKeyId) ?? 0));
    }
  });
  const timer = setInterval(() => void flush(), intervalMs);
  timer.unref();
  return {
    async close() {
      unsubscribe();
      clearInterval(timer);
      await flush();
    },
  };
}
