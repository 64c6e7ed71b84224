/**
 * What a gateway knows about where not to send requests now: from its own failures, from those of the other gateways, and
 * from the snapshot. In memory only; whoever owns it passes changes on.
 */
import {
  COOLDOWNS_REMEMBERED_MAX,
  PROBE_PATIENCE_MS,
  RETURN_SPREAD_MAX_MS,
} from '../config/routing-limits.js';
import type { Clock } from '../domain/clock.js';
import type { Cooldown, CooldownChange } from '../domain/cooldown.js';
import type { UpstreamFailure } from '../domain/failure.js';
import type { Hold } from './decision.js';
import type { ConnectionSnapshot } from './snapshot.js';
import { isSoft, kindOf, scopeOf, wallUntil } from './walls.js';

export interface CooldownBook {
  /** What keeps requests away from a model through a connection; null when nothing does. */
  hold(connectionId: string, modelRef: string): Hold | null;
  /** A request is about to be sent. The first one after a cool-down is its probe: others wait for what it finds. */
  sent(connectionId: string, modelRef: string): Trial;
  /** Another gateway's change. */
  learn(change: CooldownChange): void;
  /** The snapshot's word on all connections: what they cool down from, and what operators forgot. */
  restore(connections: readonly RestoredConnection[]): void;
}

/** One request under way. The first of its ends counts. */
export interface Trial {
  /** `quotaResetsAt`: when the plan's used-up windows start afresh as far as its quota says; null when unknown. */
  failed(failure: UpstreamFailure, quotaResetsAt: number | null): void;
  /** Call it as soon as the answer is one: a long stream would keep others waiting. */
  succeeded(): void;
  /** It ended without saying anything about the connection: its caller left. */
  unclear(): void;
}

export type RestoredConnection = Pick<ConnectionSnapshot, 'id' | 'cooldowns' | 'cooldownsClearedAt'>;

export interface CooldownBookOptions {
  readonly clock: Clock;
  /** Tells this gateway from the others, so that they do not all come back in the same millisecond; left out by who only asks. */
  readonly name?: string;
  readonly onChange: (change: CooldownChange) => void;
}

/** Failures in a row of one scope, and the cool-down they led to. */
interface Entry {
  readonly connectionId: string;
  /** Null for all of the connection. */
  readonly modelRef: string | null;
  failures: number;
  /** Kind of failure that is counted. */
  kind: string;
  /** Trials up to this number were sent before the last failure was known: theirs is the same failure, or old news. */
  countedUpTo: number;
  cooldown: Cooldown | null;
  /** What its cool-down keeps away until this gateway comes back. */
  hold: Hold | null;
  /** The trial that finds out whether the cool-down is over; null when none does. */
  probe: { readonly trial: number; readonly sentAt: number } | null;
  /** When a cool-down last ended; 0 when none did. Word of an older one is stale. */
  endedAt: number;
}

export function createCooldownBook({ clock, name, onChange }: CooldownBookOptions): CooldownBook {
  /** By connection, then by model: every decision asks for each of its ways, and a key to write for each would be the most of it. */
  const entries = new Map<string, Map<string | null, Entry>>();
  /** Those that failed first come first. */
  const inOrder = new Set<Entry>();
  /** What the last snapshot said, by connection. */
  let restored = new Map<string, RestoredConnection>();
  let trials = 0;

  const find = (connectionId: string, modelRef: string | null): Entry | undefined =>
    entries.get(connectionId)?.get(modelRef);
  const remove = (entry: Entry): void => {
    inOrder.delete(entry);
    const ofConnection = entries.get(entry.connectionId);
    ofConnection?.delete(entry.modelRef);
    if (ofConnection?.size === 0) entries.delete(entry.connectionId);
  };
  const entryAt = (connectionId: string, modelRef: string | null): Entry => {
    const known = find(connectionId, modelRef);
    if (known) return known;
    const entry: Entry = {
      connectionId,
      modelRef,
      failures: 0,
      kind: '',
      countedUpTo: 0,
      cooldown: null,
      hold: null,
      probe: null,
      endedAt: 0,
    };
    inOrder.add(entry);
    const ofConnection = entries.get(connectionId);
    if (ofConnection) ofConnection.set(modelRef, entry);
    else entries.set(connectionId, new Map([[modelRef, entry]]));
    const [oldest] = inOrder;
    if (inOrder.size > COOLDOWNS_REMEMBERED_MAX && oldest !== undefined) remove(oldest);
    return entry;
  };
  const spreadOf = (connectionId: string, { since, until }: Cooldown): number =>
    name === undefined ? 0 : spread(`${name} ${connectionId}`, until - since);
  const begin = (entry: Entry, cooldown: Cooldown): void => {
    const until = cooldown.until + spreadOf(entry.connectionId, cooldown);
    Object.assign(entry, {
      cooldown,
      failures: cooldown.failures,
      kind: kindOf(cooldown.class),
      countedUpTo: trials,
      hold: { class: cooldown.class, until, soft: isSoft(cooldown.class) },
      probe: null,
    });
  };
  const end = (entry: Entry, at: number): void => {
    Object.assign(entry, { cooldown: null, hold: null, failures: 0, probe: null, endedAt: at });
  };
  const holdOf = (entry: Entry | undefined): Hold | null => {
    if (!entry?.hold) return null;
    const now = clock.now();
    if (entry.hold.until > now) return entry.hold;
    const left = entry.probe === null ? 0 : entry.probe.sentAt + PROBE_PATIENCE_MS - clock.monotonic();
    return left > 0 ? { ...entry.hold, until: now + left, probing: true } : null;
  };
  const isDue = (entry: Entry): boolean => entry.cooldown !== null && holdOf(entry) === null;

  const learn = (change: CooldownChange): void => {
    const { connectionId } = change;
    if (change.kind === 'ended') {
      const entry = find(connectionId, change.modelRef);
      if (entry?.cooldown && entry.cooldown.since <= change.at) end(entry, change.at);
      return;
    }
    const { cooldown } = change;
    if (cooldown.since <= (restored.get(connectionId)?.cooldownsClearedAt ?? 0)) return;
    const entry = entryAt(connectionId, cooldown.modelRef);
    if (cooldown.since > Math.max(entry.cooldown?.since ?? 0, entry.endedAt)) begin(entry, cooldown);
  };
  const forget = (connectionId: string, clearedAt: number): void => {
    for (const entry of entries.get(connectionId)?.values() ?? []) {
      if (entry.cooldown === null || entry.cooldown.since <= clearedAt) remove(entry);
    }
  };
  /** What the snapshot held before and holds no longer, although it would last, ended at another node. */
  const endMissing = (before: RestoredConnection, now: RestoredConnection): void => {
    for (const { modelRef, since, until } of before.cooldowns) {
      const entry = find(before.id, modelRef);
      const isPresent = now.cooldowns.some((cooldown) => cooldown.modelRef === modelRef);
      if (!isPresent && until > clock.now() && entry?.cooldown?.since === since) end(entry, clock.now());
    }
  };

  return {
    hold(connectionId, modelRef) {
      const ofConnection = entries.get(connectionId);
      if (!ofConnection) return null;
      const account = holdOf(ofConnection.get(null));
      const model = holdOf(ofConnection.get(modelRef));
      if (!account || !model) return account ?? model;
      // Both have to be over; a refusal weighs more than a fault.
      return { ...(account.soft ? model : account), until: Math.max(account.until, model.until) };
    },
    sent(connectionId, modelRef) {
      const trial = ++trials;
      const scopes = [null, modelRef];
      for (const about of scopes) {
        const entry = find(connectionId, about);
        if (entry && isDue(entry)) entry.probe = { trial, sentAt: clock.monotonic() };
      }
      let ended = false;
      /** True the first time. */
      const finish = (): boolean => {
        if (ended) return false;
        ended = true;
        for (const about of scopes) {
          const entry = find(connectionId, about);
          if (entry?.probe?.trial === trial) entry.probe = null;
        }
        return true;
      };
      return {
        failed(failure, quotaResetsAt) {
          const scope = scopeOf(failure);
          if (!finish() || scope === 'REQUEST') return;
          const about = scope === 'MODEL' ? modelRef : null;
          const entry = entryAt(connectionId, about);
          const kind = kindOf(failure.class);
          const isNews = trial > entry.countedUpTo;
          if (!isNews && entry.kind === kind) return;
          const failures = entry.kind === kind ? entry.failures + 1 : 1;
          const now = clock.now();
          const until = wallUntil(failure, { now, failures, quotaResetsAt });
          // Of what failed together, the longest wall is the one that stands.
          if (!isNews && (until ?? 0) <= (entry.cooldown?.until ?? 0)) return;
          Object.assign(entry, { failures, kind, countedUpTo: trials });
          if (until === null) return;
          const since = Math.max(now, entry.endedAt + 1, (entry.cooldown?.since ?? 0) + 1);
          const cooldown = { modelRef: about, class: failure.class, since, until, failures };
          begin(entry, cooldown);
          onChange({ kind: 'began', connectionId, cooldown, message: failure.message });
        },
        succeeded() {
          if (!finish()) return;
          for (const about of scopes) {
            const entry = find(connectionId, about);
            // What was sent before the wall was hit went through before it as well.
            if (!entry || trial <= entry.countedUpTo) continue;
            const at = Math.max(clock.now(), (entry.cooldown?.since ?? 0) + 1);
            const wasCooling = entry.cooldown !== null;
            end(entry, wasCooling ? at : entry.endedAt);
            if (wasCooling) onChange({ kind: 'ended', connectionId, modelRef: about, at });
          }
        },
        unclear: () => void finish(),
      };
    },
    learn,
    restore(connections) {
      const before = restored;
      restored = new Map(connections.map((connection) => [connection.id, connection]));
      for (const connection of connections) {
        const { id, cooldowns, cooldownsClearedAt } = connection;
        const last = before.get(id);
        if (cooldownsClearedAt > (last?.cooldownsClearedAt ?? 0)) forget(id, cooldownsClearedAt);
        if (last) endMissing(last, connection);
        for (const cooldown of cooldowns) learn({ kind: 'began', connectionId: id, cooldown, message: '' });
      }
    },
  };
}

/** Share of a pause by which a return may be put off. */
const SPREAD_SHARE = 0.1;

/** Puts a return off by a little that depends on who returns where, and is the same every time. */
function spread(seed: string, pauseMs: number): number {
  // FNV-1a: any even spread of short strings will do.
  let hash = 0x811c9dc5;
  for (let index = 0; index < seed.length; index++) {
    hash = Math.imul(hash ^ seed.charCodeAt(index), 0x01000193);
  }
  const share = (hash >>> 0) / 2 ** 32;
  return Math.round(share * Math.min(pauseMs * SPREAD_SHARE, RETURN_SPREAD_MAX_MS));
}
