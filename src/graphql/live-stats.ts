/** How many subscriptions are open, and how many events slow ones have lost: what `health` reports of them. */

export interface LiveStats {
  readonly subscribers: number;
  readonly dropped: number;
  /** Counts `iterator` for as long as it runs; it ends by finishing, by failing or by being returned. */
  track<T>(iterator: AsyncIterableIterator<T>): AsyncIterableIterator<T>;
  /** Counts events lost to a subscriber. */
  lost(events: number): void;
}

export function createLiveStats(): LiveStats {
  let subscribers = 0;
  let dropped = 0;
  return {
    get subscribers() {
      return subscribers;
    },
    get dropped() {
      return dropped;
    },
    track(iterator) {
      let open = true;
      subscribers++;
      const end = (): void => {
        if (open) subscribers--;
        open = false;
      };
      return {
        async next() {
          try {
            const result = await iterator.next();
            if (result.done === true) end();
            return result;
          } catch (error) {
            end();
            throw error;
          }
        },
        async return(value?: unknown) {
          end();
          await iterator.return?.(value);
          return { done: true, value: undefined };
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    },
    lost(events) {
      dropped += events;
    },
  };
}
