/** What differs between the generations of Gemini models, told from their names. https://ai.google.dev/gemini-api/docs/thinking */
import type { Target } from '../target.js';

const NUMBERED = /gemini-(\d+)/;
// `gemini-flash-latest` and its like are whatever is newest.
const LATEST = /gemini-.*latest/;

/**
 * Whether the model is of the third generation or later: it thinks by levels instead of budgets, and refuses its own
 * calls without the seal it put on them.
 */
export function isThirdGeneration({ upstreamId }: Target): boolean {
  const number = NUMBERED.exec(upstreamId)?.[1];
  return number === undefined ? LATEST.test(upstreamId) : Number(number) >= 3;
}

/** Whether the model counts its thoughts in tokens. Only the generations before the third do. */
export function thinksByBudget({ upstreamId }: Target): boolean {
  const number = NUMBERED.exec(upstreamId)?.[1];
  return number !== undefined && Number(number) < 3;
}
