/** Usage as providers state it, merged over the frames of an answer and brought to disjoint token classes. */
import type { TokenCounts } from '../domain/tokens.js';

/** What one usage object states; null is "not said", which is not zero. */
export interface StatedUsage {
  /** Input with cached and written tokens inside, as OpenAI counts. */
  readonly prompt: number | null;
  /** Input without them, as Anthropic counts. */
  readonly input: number | null;
  readonly cacheRead: number | null;
  readonly cacheWrite: number | null;
  readonly output: number | null;
  readonly reasoning: number | null;
  readonly total: number | null;
}

export const NOTHING_STATED: StatedUsage = {
  prompt: null,
  input: null,
  cacheRead: null,
  cacheWrite: null,
  output: null,
  reasoning: null,
  total: null,
};

/** Field by field the later statement wins; one that is zero throughout never overwrites one that is not. */
export function mergeUsage(before: StatedUsage, later: StatedUsage): StatedUsage {
  // Nearly every frame.
  if (later === NOTHING_STATED) return before;
  if (isZero(later) && !isZero(before)) return before;
  return {
    prompt: later.prompt ?? before.prompt,
    input: later.input ?? before.input,
    cacheRead: later.cacheRead ?? before.cacheRead,
    cacheWrite: later.cacheWrite ?? before.cacheWrite,
    output: later.output ?? before.output,
    reasoning: later.reasoning ?? before.reasoning,
    total: later.total ?? before.total,
  };
}

/** Disjoint token classes; null when nothing was stated. */
export function tokensOf(stated: StatedUsage): TokenCounts | null {
  if (stated.prompt === null && stated.input === null && stated.output === null) return null;
  const cacheRead = stated.cacheRead ?? 0;
  const cacheWrite = stated.cacheWrite ?? 0;
  const input = stated.input ?? Math.max(0, (stated.prompt ?? 0) - cacheRead - cacheWrite);
  return { input, cacheRead, cacheWrite, output: outputOf(stated), reasoning: stated.reasoning };
}

/** A count as a provider may write it: a whole number that is not negative, else not said. */
export function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

// xAI leaves reasoning out of its completion count; only the total tells.
function outputOf({ prompt, output, reasoning, total }: StatedUsage): number {
  const completion = output ?? 0;
  const leftOut = reasoning !== null && reasoning > 0 && total === (prompt ?? 0) + completion + reasoning;
  return leftOut ? completion + reasoning : completion;
}

function isZero(usage: StatedUsage): boolean {
  return Object.values(usage).every((count) => count === null || count === 0);
}
