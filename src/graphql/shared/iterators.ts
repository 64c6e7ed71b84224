/** Iterators for subscriptions: objects with their own `return`, which ends them even while they wait. */

/** Each item of `source` turned into another; items for which `turn` answers null are left out. */
export function mapIterator<T, U>(
  source: AsyncIterableIterator<T>,
  turn: (item: T) => Promise<U | null> | U | null,
): AsyncIterableIterator<U> {
  return {
    async next() {
      try {
        for (;;) {
          const result = await source.next();
          if (result.done === true) return { done: true, value: undefined };
          const value = await turn(result.value);
          if (value !== null) return { done: false, value };
        }
      } catch (error) {
        await source.return?.();
        throw error;
      }
    },
    async return() {
      await source.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/** An iterator that fails at once: how a subscription that could not begin is told from one that ended. */
export function failing(error: Error): AsyncIterableIterator<never> {
  const iterator: AsyncIterableIterator<never> = {
    next: () => Promise.reject(error),
    return: () => Promise.resolve({ done: true, value: undefined }),
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
