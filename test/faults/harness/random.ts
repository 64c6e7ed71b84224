/** Chance that can be had again: the same seed makes the same choices. */

export interface Chance {
  readonly seed: number;
  /** A whole number from 0 on, below `bound`. */
  below(bound: number): number;
  oneOf<T>(choices: readonly [T, ...T[]]): T;
}

/** Takes the seed from FAULT_SEED, to replay a failure, or makes one up. */
export function newChance(
  seed = Number(process.env['FAULT_SEED'] ?? Math.floor(Math.random() * 2 ** 31)),
): Chance {
  let state = seed >>> 0;
  // Mulberry32: small, and good enough to spread kills.
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return { seed, below, oneOf: (choices) => choices[below(choices.length)] ?? choices[0] };
}
