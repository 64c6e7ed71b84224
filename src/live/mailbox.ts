/**
 * A bounded queue between a topic and one subscriber. The slow side loses the oldest and is told how many.
 *
 * It is an iterator with its own `return`, not an async generator: a generator parked on a pending promise runs its
 * `finally` only after the next item, so every client that leaves while idle would leak its subscription.
 */

export interface Delivery<T> {
  readonly item: T;
  /** Items lost to this subscriber just before this one. */
  readonly droppedBefore: number;
}

export interface Mailbox<T> extends AsyncIterableIterator<Delivery<T>> {
  push(item: T): void;
  /** The next item where one is queued: what `next` would answer without waiting. */
  ready(): Delivery<T> | undefined;
  /** Ends the iteration after what is queued. */
  close(): void;
  readonly size: number;
}

export interface MailboxOptions<T> {
  /** Most items held for a reader that does not keep up. */
  capacity: number;
  /** Called once when the mailbox ends, by either side. */
  onEnd?: () => void;
  /** Called for each item dropped. */
  onDrop?: (item: T) => void;
  /** Replaces the queue's tail instead of growing when it returns true: for states, where only the latest counts. */
  supersedes?: (queued: T, next: T) => boolean;
}

export function createMailbox<T>(options: MailboxOptions<T>): Mailbox<T> {
  const queue: T[] = [];
  let dropped = 0;
  let ended = false;
  let waiting: ((result: IteratorResult<Delivery<T>>) => void) | null = null;

  const deliver = (item: T): Delivery<T> => {
    const droppedBefore = dropped;
    dropped = 0;
    return { item, droppedBefore };
  };
  const end = (): void => {
    if (ended) return;
    ended = true;
    options.onEnd?.();
    if (waiting) {
      waiting({ done: true, value: undefined });
      waiting = null;
    }
  };

  return {
    get size() {
      return queue.length;
    },
    push(item) {
      if (ended) return;
      if (waiting) {
        const resolve = waiting;
        waiting = null;
        resolve({ done: false, value: deliver(item) });
        return;
      }
      const superseded = options.supersedes
        ? queue.findIndex((queued) => options.supersedes?.(queued, item))
        : -1;
      if (superseded >= 0) {
        queue[superseded] = item;
        return;
      }
      if (queue.length >= options.capacity) {
        const oldest = queue.shift();
        dropped++;
        if (oldest !== undefined) options.onDrop?.(oldest);
      }
      queue.push(item);
    },
    ready() {
      const item = queue.shift();
      return item === undefined ? undefined : deliver(item);
    },
    close: end,
    next() {
      const item = queue.shift();
      if (item !== undefined) return Promise.resolve({ done: false, value: deliver(item) });
      if (ended) return Promise.resolve({ done: true, value: undefined });
      return new Promise((resolve) => {
        waiting = resolve;
      });
    },
    return() {
      queue.length = 0;
      end();
      return Promise.resolve({ done: true, value: undefined });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
