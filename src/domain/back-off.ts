/** How long to wait before what failed is tried again. */

/** The first wait and the longest. */
export interface BackOff {
  readonly minMs: number;
  readonly maxMs: number;
}

/** After that many failures in a row: doubled each time up to the longest; half of it is random, so that many do not come back at once. */
export function backOffMs(failures: number, { minMs, maxMs }: BackOff): number {
  const longest = Math.min(minMs * 2 ** (failures - 1), maxMs);
  return longest * (0.5 + Math.random() / 2);
}
