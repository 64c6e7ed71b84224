/** Token counts in disjoint classes, so that the parts always add up to the total. */

export interface TokenCounts {
  /** Fresh input, without anything read from or written to a cache. */
  readonly input: number;
  /** Input read from a cache. */
  readonly cacheRead: number;
  /** Input written to a cache. */
  readonly cacheWrite: number;
  /** Output, reasoning included. */
  readonly output: number;
  /** Part of `output` spent on reasoning; null when the provider does not say. */
  readonly reasoning: number | null;
}

export const NO_TOKENS: TokenCounts = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: null };

export function totalTokens(tokens: TokenCounts): number {
  return tokens.input + tokens.cacheRead + tokens.cacheWrite + tokens.output;
}

/** Sums class by class; reasoning stays unknown only while it is unknown on both sides. */
export function addTokens(a: TokenCounts, b: TokenCounts): TokenCounts {
  return {
    input: a.input + b.input,
    cacheRead: a.cacheRead + b.cacheRead,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    output: a.output + b.output,
    reasoning: a.reasoning === null && b.reasoning === null ? null : (a.reasoning ?? 0) + (b.reasoning ?? 0),
  };
}
