/** What is counted to admit requests, and what is said about it: plain values, the same in memory, between processes and in Redis. */
import type { LimitScope, SummedMetric } from '../domain/limits.js';

/**
 * A sum over some traffic within one calendar window. Amounts are whole numbers: nano-dollars, tokens or requests; up to
 * 2^53, which is nine million dollars in a window.
 */
export interface WindowCounter {
  readonly kind: 'WINDOW';
  readonly workspaceId: string;
  readonly metric: SummedMetric;
  readonly scope: LimitScope;
  /** Milliseconds since the epoch. */
  readonly from: number;
  readonly to: number;
}

/** What an access key does in any sixty seconds. */
export interface MinuteCounter {
  readonly kind: 'MINUTE';
  readonly metric: 'TOKENS' | 'REQUESTS';
  readonly accessKeyId: string;
}

/** Requests of an access key that are running. */
export interface RunningCounter {
  readonly kind: 'RUNNING';
  readonly accessKeyId: string;
}

export type Counter = WindowCounter | MinuteCounter | RunningCounter;

/** Equal for equal counters, and for no others. */
export function nameOf(counter: Counter): string {
  switch (counter.kind) {
    case 'WINDOW': {
      const { provider, connectionId, accessKeyId, tierId } = counter.scope;
      const scope = [provider, connectionId, accessKeyId, tierId].map((part) => part ?? '*').join(' ');
      return `w ${counter.metric} ${counter.workspaceId} ${scope} ${counter.from} ${counter.to}`;
    }
    case 'MINUTE':
      return `m ${counter.metric} ${counter.accessKeyId}`;
    case 'RUNNING':
      return `r ${counter.accessKeyId}`;
  }
}

/** A counter, how far it may go, and what is set aside of it. */
export interface Bound {
  readonly counter: Counter;
  readonly max: number;
  readonly amount: number;
}

export interface Reservation {
  /** Id of the request. */
  readonly id: string;
  readonly bounds: readonly Bound[];
  /** Whether to go ahead although what was used before is not known yet. */
  readonly unseeded: boolean;
  /** Whether others have counted meanwhile: then what was used before is to be looked up again. */
  readonly anew?: boolean;
}

export type Answer =
  | { readonly kind: 'RESERVED' }
  | {
      readonly kind: 'REFUSED';
      /** Place of the bound that refused. */
      readonly bound: number;
      /** When asking again is sensible, in milliseconds since the epoch. */
      readonly retryAt: number;
      /** Whether nothing but requests that are running stands in the way, which may come out smaller than set aside. */
      readonly held: boolean;
    }
  /** What was used before these counters were kept is being looked up. */
  | { readonly kind: 'UNSEEDED' };

/** What a request really used. */
export interface Settlement {
  readonly id: string;
  /** When it ended, in milliseconds since the epoch: the windows it counts in are those of this moment. */
  readonly at: number;
  /** Of every counter that its traffic counts in, set aside before or not. */
  readonly amounts: readonly { readonly counter: Counter; readonly amount: number }[];
}

/** What was used in a counter's window before it was kept. */
export interface Seed {
  readonly counter: WindowCounter;
  readonly amount: number;
}

/** A counter that waits for its seed: what was recorded in its window before `since`. */
export interface Unseeded {
  readonly counter: WindowCounter;
  /** Milliseconds since the epoch. */
  readonly since: number;
}

/** Where requests are counted. */
export interface Counters {
  /** Sets aside all of it or nothing; a second time for the same request, on top. Rejects when nobody can tell. */
  reserve(reservation: Reservation): Promise<Answer>;
  /** Puts what was really used in the place of what was set aside. Never fails. */
  settle(settlement: Settlement): void;
}
