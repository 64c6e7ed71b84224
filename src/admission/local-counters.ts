/** Counters of a process of its own, such as one that runs without a supervisor. */
import type { CounterBook } from './counter-book.js';
import type { Counters } from './counter.js';

/** Counts in `book` under this name. */
export function createLocalCounters(book: CounterBook, owner: string): Counters {
  return {
    reserve: (reservation) => Promise.resolve(book.reserve(owner, reservation)),
    settle: (settlement) => book.settle(settlement),
  };
}
