/**
 * Turns the events of a subscription into its answers. Those that are there together are answered together, so that what
 * their fields load is loaded once for all of them.
 */
import type { ExecutionResult } from 'graphql';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SUBSCRIPTION_BATCH_MAX_EVENTS } from '../config/graphql-limits.js';

/** Events of which some may be had without waiting. */
export interface EventSource extends AsyncIterable<unknown> {
  ready?(): unknown;
}

const DONE = { done: true, value: undefined } as const;

/** Answers in the order of their events. Taking them slowly holds back the source. */
export function answerEvents(
  source: EventSource,
  answer: (event: unknown) => ExecutionResult | Promise<ExecutionResult>,
): AsyncIterableIterator<ExecutionResult> {
  const events = source[Symbol.asyncIterator]();
  let answers: ExecutionResult[] = [];
  let full = false;
  let left = false;
  let endWait = (): void => undefined;

  /** False after the last event. */
  const answerMore = async (): Promise<boolean> => {
    // More may be there already: others first.
    if (full) await nextTurn();
    const first = await events.next();
    if (first.done === true) return false;
    const batch: unknown[] = [first.value];
    while (batch.length < SUBSCRIPTION_BATCH_MAX_EVENTS) {
      const more = source.ready?.();
      if (more === undefined) break;
      batch.push(more);
    }
    full = batch.length === SUBSCRIPTION_BATCH_MAX_EVENTS;
    answers = await Promise.all(batch.map(answer));
    return true;
  };

  const take = async (): Promise<IteratorResult<ExecutionResult>> => {
    try {
      for (;;) {
        const value = left ? undefined : answers.shift();
        if (value) return { done: false, value };
        if (left || !(await answerMore())) return DONE;
      }
    } catch (error) {
      await events.return?.();
      throw error;
    }
  };

  return {
    next: () =>
      left
        ? Promise.resolve(DONE)
        : new Promise((resolve, reject) => {
            // Whoever leaves may use the same id at once: what still waits must be over by then.
            endWait = () => resolve(DONE);
            take().then(resolve, reject);
          }),
    async return() {
      left = true;
      endWait();
      await events.return?.();
      // The loop over this ends in the meantime.
      await nextTurn();
      return DONE;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
