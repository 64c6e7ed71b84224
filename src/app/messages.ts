/** What the supervisor and its processes say to each other over their channel. */

import type { Answer, Seed, Unseeded } from '../admission/counter.js';
import type { CounterCall } from '../admission/remote-counters.js';
import type { CooldownChange } from '../domain/cooldown.js';
import type { HeaderReading } from '../domain/quota.js';
import type { JournalTrouble } from '../journal/writer.js';

export type ProcessRole = 'control' | 'gateway';

/** From a process to its supervisor. */
export type ProcessReport =
  /** It serves; `port` is null when it has no listener. */
  | { readonly kind: 'ready'; readonly port: number | null }
  /** A new routing snapshot is on disk. */
  | { readonly kind: 'snapshot'; readonly version: number }
  /** A gateway works on this routing snapshot from now on. */
  | { readonly kind: 'in-force'; readonly version: number }
  /** A gateway found out where not to send requests, or that it may again. */
  | { readonly kind: 'cooldown'; readonly change: CooldownChange }
  /** An answer said what its plan still has. */
  | { readonly kind: 'quota'; readonly reading: HeaderReading }
  /** A gateway's part of the journal has news. */
  | { readonly kind: 'journal'; readonly trouble: JournalTrouble }
  /** A gateway admits a request or says what it used; the control process says it of one whose gateway died. */
  | { readonly kind: 'count'; readonly call: CounterCall }
  /** A gateway met counters that need to know what was used before they began. */
  | { readonly kind: 'unseeded'; readonly counters: readonly Unseeded[] }
  /** The control process found out what was used before counting began. */
  | { readonly kind: 'seeds'; readonly seeds: readonly Seed[] }
  /** It cannot start, for a reason its operator can mend; with `mayPass` it may also mend itself. */
  | { readonly kind: 'startup-failed'; readonly message: string; readonly mayPass: boolean };

/** From the supervisor to a process. */
export type ProcessOrder =
  | { readonly kind: 'snapshot'; readonly version: number }
  /** Every gateway of this node works on this routing snapshot or on a later one. */
  | { readonly kind: 'in-force'; readonly version: number }
  /** What another gateway of this node found out. */
  | { readonly kind: 'cooldown'; readonly change: CooldownChange }
  /** What an answer that a gateway passed on said about its plan. */
  | { readonly kind: 'quota'; readonly reading: HeaderReading }
  /** What a gateway process, which may be gone by now, last said of its part of the journal. */
  | { readonly kind: 'journal'; readonly pid: number; readonly trouble: JournalTrouble }
  /** Whether a request is admitted. */
  | { readonly kind: 'counted'; readonly id: string; readonly answer: Answer }
  /** Counters that need to know what was used before they began. */
  | { readonly kind: 'unseeded'; readonly counters: readonly Unseeded[] }
  /** Finish what is running, then exit. */
  | { readonly kind: 'stop' };

/** Known from the start, because by the time somebody asks, the supervisor may be gone already. */
const supervised = process.connected;

/** Sends a report; a process that runs without a supervisor, or has just lost it, has nobody to tell. */
export function report(message: ProcessReport, sent: () => void = () => undefined): void {
  if (process.connected) process.send?.(message, undefined, undefined, sent);
}

/** Calls `handle` for each order, and with `stop` when the supervisor is gone. */
export function onOrder(handle: (order: ProcessOrder) => void): void {
  // Terminals and service managers signal every process of a group; the supervisor alone knows in which order to stop.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  process.on('message', (message) => handle(message as ProcessOrder));
  process.once('disconnect', () => handle({ kind: 'stop' }));
  if (supervised && !process.connected) handle({ kind: 'stop' });
}
