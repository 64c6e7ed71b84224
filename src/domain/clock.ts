/** The one source of time, so that tests can hold it still. */

export interface Clock {
  /** Wall-clock time in milliseconds since the epoch; may step backwards. */
  now(): number;
  /** Monotonic milliseconds, for durations only. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
};
