/** The allowance of a simulated plan: every answer uses some of it, and when a window is full the provider says so. */
import type { RecordedFailure, Reply } from './simulation.js';

/** A window of a simulated plan as it is at first. */
export interface SimulatedWindow {
  readonly seconds: number;
  readonly limit: number;
  readonly used: number;
  /** Share of the window that is still to come. */
  readonly left: number;
}

/** A window at one moment. */
export interface WindowState {
  readonly seconds: number;
  readonly limit: number;
  readonly used: number;
  readonly remaining: number;
  /** 0 to 100. */
  readonly percentUsed: number;
  /** Milliseconds since the epoch, as the next ones. */
  readonly startedAt: number;
  readonly resetsAt: number;
  readonly now: number;
}

/** How a plan is used up. */
export interface SimulatedQuota {
  readonly windows: Readonly<Record<string, SimulatedWindow>>;
  /** What an answer uses of each window; 1 when left out. */
  readonly costOf?: (reply: Reply) => number;
  /** What the provider says when a window is full. */
  readonly wall: (name: string, window: WindowState) => RecordedFailure;
}

/** The allowance while the simulation runs. */
export interface QuotaMeter {
  window(name: string): WindowState;
  /** Sets what is used of a window. */
  set(name: string, used: number): void;
  /** The refusal of the first window that is full; null while none is. */
  wall(): RecordedFailure | null;
  /** Counts an answer. */
  count(reply: Reply): void;
}

/** A plan's allowance by a clock. */
export function createQuotaMeter(quota: SimulatedQuota | undefined, now: () => number): QuotaMeter {
  const windows = new Map(
    Object.entries(quota?.windows ?? {}).map(([name, { seconds, limit, used, left }]) => [
      name,
      { seconds, limit, used, resetsAt: now() + Math.round(seconds * 1000 * left) },
    ]),
  );
  const state = (name: string): WindowState => {
    const window = windows.get(name);
    if (!window) throw new Error(`there is no window ${name}`);
    const at = now();
    const lengthMs = window.seconds * 1000;
    if (at >= window.resetsAt) {
      window.used = 0;
      window.resetsAt += Math.ceil((at + 1 - window.resetsAt) / lengthMs) * lengthMs;
    }
    const { seconds, limit, used, resetsAt } = window;
    return {
      seconds,
      limit,
      used,
      remaining: Math.max(0, limit - used),
      percentUsed: Math.min(100, (used / limit) * 100),
      startedAt: resetsAt - lengthMs,
      resetsAt,
      now: at,
    };
  };
  return {
    window: state,
    set(name, used) {
      state(name);
      const window = windows.get(name);
      if (window) window.used = used;
    },
    wall() {
      const full = [...windows.keys()].find((name) => state(name).remaining === 0);
      return full === undefined || !quota ? null : quota.wall(full, state(full));
    },
    count(reply) {
      const cost = quota?.costOf?.(reply) ?? 1;
      for (const [name, window] of windows) {
        state(name);
        window.used += cost;
      }
    },
  };
}

/** An instant as most providers write it. */
export function iso(time: number): string {
  return new Date(time).toISOString();
}
