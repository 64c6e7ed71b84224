/** What the supervisor and its processes say to each other over their channel. */

export type ProcessRole = 'control' | 'gateway';

/** From a process to its supervisor. */
export type ProcessReport =
  /** It serves; `port` is null when it has no listener. */
  | { readonly kind: 'ready'; readonly port: number | null }
  /** A new routing snapshot is on disk. */
  | { readonly kind: 'snapshot'; readonly version: number }
  /** It cannot start, for a reason its operator can mend. */
  | { readonly kind: 'startup-failed'; readonly message: string };

/** From the supervisor to a process. */
export type ProcessOrder =
  | { readonly kind: 'snapshot'; readonly version: number }
  /** Finish what is running, then exit. */
  | { readonly kind: 'stop' };

/** Sends a report; a process that runs without a supervisor has nobody to tell. */
export function report(message: ProcessReport): void {
  if (process.connected) process.send?.(message);
}

/** Calls `handle` for each order, and with `stop` when the supervisor is gone. */
export function onOrder(handle: (order: ProcessOrder) => void): void {
  process.on('message', (message) => handle(message as ProcessOrder));
  process.once('disconnect', () => handle({ kind: 'stop' }));
}
