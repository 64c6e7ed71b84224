/**
 * Exact counts in memory. Everything is decided in one turn of the event loop, so that whatever asks at the same time is
 * admitted one after the other.
 */
import { ADMISSION_ORPHANS_MAX, ADMISSION_SWEEP_MS } from '../config/admission-limits.js';
import type { Clock } from '../domain/clock.js';
import {
  nameOf,
  type Answer,
  type Bound,
  type Counter,
  type Reservation,
  type Seed,
  type Settlement,
  type Unseeded,
  type WindowCounter,
} from './counter.js';
import { createSlidingMinute, type SlidingMinute } from './sliding-minute.js';

export interface CounterBook {
  /** `owner`: who runs the request, and whose end ends it. */
  reserve(owner: string, reservation: Reservation): Answer;
  /** A request that was neither set aside nor let go of before is left alone, so that nothing is settled twice. */
  settle(settlement: Settlement): void;
  /** Lets go of everything an owner set aside, because it is gone. What was really used may still be settled. */
  release(owner: string): void;
  /** Adds what was used before a counter was kept; a second time it changes nothing. */
  seed(seed: Seed): void;
  /** Counters that wait for their seed. */
  unseeded(): readonly Unseeded[];
  /** What a counter stands at: really used, and set aside on top. For whoever looks. */
  standing(counter: Counter): { readonly used: number; readonly reserved: number };
}

export interface CounterBookOptions {
  readonly clock: Clock;
  /** Called when a counter begins that needs to know what was used before it. */
  readonly onUnseeded?: (unseeded: Unseeded) => void;
  /** Whether nothing was used before; then no counter waits for a seed. */
  readonly fromNothing?: boolean;
}

interface WindowState {
  readonly counter: WindowCounter;
  readonly since: number;
  /** Null while unknown. */
  seed: number | null;
  settled: number;
  reserved: number;
}

interface Open {
  readonly owner: string;
  readonly at: number;
  readonly bounds: readonly Bound[];
}

export function createCounterBook(options: CounterBookOptions): CounterBook {
  const { clock, onUnseeded, fromNothing = false } = options;
  const windows = new Map<string, WindowState>();
  const minutes = new Map<string, SlidingMinute>();
  const running = new Map<string, number>();
  const open = new Map<string, Open>();
  /** Requests whose owner is gone, oldest first. */
  const orphans = new Set<string>();
  let sweptAt = clock.now();

  const windowOf = (counter: WindowCounter, since: number): WindowState => {
    const name = nameOf(counter);
    let state = windows.get(name);
    if (!state) {
      state = { counter, since, seed: fromNothing ? 0 : null, settled: 0, reserved: 0 };
      windows.set(name, state);
      if (!fromNothing) onUnseeded?.({ counter, since });
    }
    return state;
  };
  const minuteOf = (name: string): SlidingMinute => {
    let minute = minutes.get(name);
    if (!minute) minutes.set(name, (minute = createSlidingMinute()));
    return minute;
  };
  const run = (name: string, more: number): void => {
    const count = (running.get(name) ?? 0) + more;
    if (count > 0) running.set(name, count);
    else running.delete(name);
  };

  const refusal = ({ counter, max, amount }: Bound, bound: number, now: number): Answer | null => {
    switch (counter.kind) {
      case 'RUNNING': {
        if ((running.get(nameOf(counter)) ?? 0) + amount <= max) return null;
        return { kind: 'REFUSED', bound, retryAt: now + 1_000, held: false };
      }
      case 'MINUTE': {
        const minute = minuteOf(nameOf(counter));
        const total = minute.total(now);
        // One that is too large for any minute has one to itself.
        if (total + amount <= max || total === 0) return null;
        return { kind: 'REFUSED', bound, retryAt: minute.roomAt(now, amount, max), held: false };
      }
      case 'WINDOW': {
        const { seed, settled, reserved } = windowOf(counter, now);
        const used = (seed ?? 0) + settled;
        // What is left is there to be used, by one request at a time when it may not be enough for it.
        if (used < max && (used + reserved + amount <= max || reserved === 0)) return null;
        const held = used < max;
        return { kind: 'REFUSED', bound, retryAt: held ? now + 1_000 : counter.to, held };
      }
    }
  };

  const setAside = (owner: string, { id, bounds }: Reservation, now: number): void => {
    const before = open.get(id) ?? { at: now, bounds: [] };
    open.set(id, { owner, at: before.at, bounds: [...before.bounds, ...bounds] });
    for (const { counter, amount } of bounds) {
      if (counter.kind === 'WINDOW') windowOf(counter, now).reserved += amount;
      else if (counter.kind === 'MINUTE') minuteOf(nameOf(counter)).add(now, amount);
      else run(nameOf(counter), amount);
    }
  };
  const putBack = ({ bounds }: Open, now: number): void => {
    for (const { counter, amount } of bounds) {
      if (counter.kind === 'WINDOW') windowOf(counter, now).reserved -= amount;
      else if (counter.kind === 'RUNNING') run(nameOf(counter), -amount);
    }
  };

  /** Forgets windows that are over and minutes in which nothing happened. */
  const sweep = (now: number): void => {
    if (now - sweptAt < ADMISSION_SWEEP_MS) return;
    sweptAt = now;
    for (const [name, { counter, reserved }] of windows) {
      if (counter.to + ADMISSION_SWEEP_MS < now && reserved === 0) windows.delete(name);
    }
    for (const [name, minute] of minutes) if (minute.total(now) === 0) minutes.delete(name);
  };

  const forgetIdle = (): void => {
    for (const [name, { reserved }] of windows) if (reserved === 0) windows.delete(name);
  };

  return {
    reserve(owner, reservation) {
      const now = clock.now();
      sweep(now);
      if (reservation.anew) forgetIdle();
      const counted = reservation.bounds.flatMap(({ counter }) =>
        counter.kind === 'WINDOW' ? [windowOf(counter, now)] : [],
      );
      if (!reservation.unseeded && counted.some(({ seed }) => seed === null)) return { kind: 'UNSEEDED' };
      for (const [index, bound] of reservation.bounds.entries()) {
        const refused = refusal(bound, index, now);
        if (refused) return refused;
      }
      setAside(owner, reservation, now);
      return { kind: 'RESERVED' };
    },
    settle({ id, at, amounts }) {
      const now = clock.now();
      const reserved = open.get(id);
      if (!reserved && !orphans.delete(id)) return;
      open.delete(id);
      if (reserved) putBack(reserved, now);
      for (const { counter, amount } of amounts) {
        // A counter that begins with this is seeded with what was recorded before it.
        if (counter.kind === 'WINDOW') windowOf(counter, at).settled += amount;
        else if (counter.kind === 'MINUTE' && reserved) correctMinute(reserved, counter, amount);
      }
    },
    release(owner) {
      const now = clock.now();
      for (const [id, reserved] of open) {
        if (reserved.owner !== owner) continue;
        open.delete(id);
        putBack(reserved, now);
        orphans.add(id);
      }
      for (const id of orphans) {
        if (orphans.size <= ADMISSION_ORPHANS_MAX) break;
        orphans.delete(id);
      }
    },
    seed({ counter, amount }) {
      const state = windows.get(nameOf(counter));
      if (state) state.seed ??= amount;
    },
    unseeded: () =>
      [...windows.values()]
        .filter(({ seed }) => seed === null)
        .map(({ counter, since }) => ({ counter, since })),
    standing(counter) {
      const name = nameOf(counter);
      if (counter.kind === 'RUNNING') return { used: 0, reserved: running.get(name) ?? 0 };
      if (counter.kind === 'MINUTE') return { used: minutes.get(name)?.total(clock.now()) ?? 0, reserved: 0 };
      const state = windows.get(name);
      return { used: (state?.seed ?? 0) + (state?.settled ?? 0), reserved: state?.reserved ?? 0 };
    },
  };

  /** Corrects the minute in which a request was admitted, as long as that counts. */
  function correctMinute(reserved: Open, counter: Counter, amount: number): void {
    const name = nameOf(counter);
    const before = reserved.bounds.find((bound) => nameOf(bound.counter) === name)?.amount ?? 0;
    minuteOf(name).correct(reserved.at, amount - before);
  }
}
