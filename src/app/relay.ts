/** What the supervisor does with what its processes report: passes it on to those it concerns, remembers it, counts. */
import { createCounterBook } from '../admission/counter-book.js';
import type { Clock } from '../domain/clock.js';
import type { JournalTrouble } from '../journal/writer.js';
import { createCooldownRelay } from './cooldown-relay.js';
import type { ProcessOrder, ProcessReport, ProcessRole } from './messages.js';

/** A running process, from its start to its end. */
export interface Peer {
  readonly role: ProcessRole;
  readonly pid: number;
  send(order: ProcessOrder): void;
}

/** What a process says of others than itself. */
export type RelayedReport = Exclude<ProcessReport, { kind: 'ready' | 'startup-failed' }>;

export interface Relay {
  /** A process was started. */
  joined(peer: Peer): void;
  /** It serves, and is told what the others found out before. */
  served(peer: Peer): void;
  take(from: Peer, report: RelayedReport): void;
  /** It ended. */
  left(peer: Peer): void;
}

export function createRelay({ clock }: { readonly clock: Clock }): Relay {
  /** Each with the routing snapshot it works on; 0 before its first. */
  const gateways = new Map<Peer, number>();
  let control: Peer | null = null;
  const cooldowns = createCooldownRelay();
  /** What each gateway process, by its id, last said of its journal; kept beyond its death, because losses are. */
  const troubles = new Map<number, JournalTrouble>();
  // Counts are kept here because this process outlives the gateways, and knows first when one dies.
  const counters = createCounterBook({
    clock,
    onUnseeded: (counter) => control?.send({ kind: 'unseeded', counters: [counter] }),
  });

  const toGateways = (order: ProcessOrder, except?: Peer): void => {
    for (const gateway of gateways.keys()) if (gateway !== except) gateway.send(order);
  };
  const noteTrouble = (pid: number, trouble: JournalTrouble): void => {
    troubles.set(pid, trouble);
    control?.send({ kind: 'journal', pid, trouble });
  };
  const ownerOf = ({ role, pid }: Peer): string => `${role} ${pid}`;

  return {
    joined(peer) {
      if (peer.role === 'control') control = peer;
      else gateways.set(peer, 0);
    },
    served(peer) {
      for (const change of cooldowns.all(clock.now())) peer.send({ kind: 'cooldown', change });
      if (peer !== control) return;
      for (const [pid, trouble] of troubles) peer.send({ kind: 'journal', pid, trouble });
      peer.send({ kind: 'unseeded', counters: counters.unseeded() });
    },
    take(from, report) {
      switch (report.kind) {
        case 'snapshot':
          return toGateways(report);
        case 'in-force':
          if (!gateways.has(from)) return;
          gateways.set(from, report.version);
          return control?.send({ kind: 'in-force', version: Math.min(...gateways.values()) });
        case 'cooldown':
          if (!cooldowns.take(report.change)) return;
          if (from !== control) control?.send(report);
          return toGateways(report, from);
        case 'quota':
        case 'unseeded':
          return control?.send(report);
        case 'journal':
          return noteTrouble(from.pid, report.trouble);
        case 'count':
          return count(from, report);
        case 'seeds':
          for (const seed of report.seeds) counters.seed(seed);
      }
    },
    left(peer) {
      if (peer === control) control = null;
      gateways.delete(peer);
      const trouble = troubles.get(peer.pid);
      if (trouble) noteTrouble(peer.pid, { ...trouble, failing: false, full: false });
      counters.release(ownerOf(peer));
    },
  };

  function count(from: Peer, { call }: Extract<RelayedReport, { kind: 'count' }>): void {
    if (call.kind === 'settle') return counters.settle(call.settlement);
    // What a process said last may arrive after its end; then nobody would ever let go of what is set aside.
    if (!gateways.has(from)) return;
    const { reservation } = call;
    const answer = counters.reserve(ownerOf(from), reservation);
    from.send({ kind: 'counted', id: reservation.id, answer });
  }
}
