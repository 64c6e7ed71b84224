/** Counters that another process of this node keeps, asked over a channel that delivers in order. */
import { ADMISSION_ANSWER_TIMEOUT_MS } from '../config/admission-limits.js';
import type { Answer, Counters, Reservation, Settlement } from './counter.js';

/** What is said to whoever keeps the counters. */
export type CounterCall =
  | { readonly kind: 'reserve'; readonly reservation: Reservation }
  | { readonly kind: 'settle'; readonly settlement: Settlement };

export interface RemoteCounters extends Counters {
  /** Takes the answer to a reservation. */
  answered(id: string, answer: Answer): void;
}

export function createRemoteCounters(send: (call: CounterCall) => void): RemoteCounters {
  const waiting = new Map<string, (answer: Answer) => void>();
  return {
    reserve: (reservation) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(reservation.id);
          reject(new Error('the counters of this node do not answer'));
        }, ADMISSION_ANSWER_TIMEOUT_MS);
        waiting.set(reservation.id, (answer) => {
          clearTimeout(timer);
          resolve(answer);
        });
        send({ kind: 'reserve', reservation });
      }),
    settle: (settlement) => send({ kind: 'settle', settlement }),
    answered(id, answer) {
      const resolve = waiting.get(id);
      waiting.delete(id);
      resolve?.(answer);
    },
  };
}
