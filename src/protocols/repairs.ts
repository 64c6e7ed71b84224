/**
 * The small rules that make a provider take a request: one place for each, used by every dialect, so that the same wish
 * becomes the same number everywhere. Whoever applies one reports it under its name in docs/dialects.md.
 */
import { createHash } from 'node:crypto';
import type { ReasoningEffort } from './canonical.js';
import type { JsonObject } from './dialect.js';
import { cleanGeminiSchema } from './gemini-schema.js';
import type { Quirks, Target } from './target.js';

/** The bound on output that a target takes: what was wanted, but no more than it can write. */
export function clampOutput(
  wanted: number | null,
  target: Target,
): { readonly value: number | null; readonly clamped: boolean } {
  const most = target.maxOutputTokens;
  if (wanted === null || most === null || wanted <= most) return { value: wanted, clamped: false };
  return { value: most, clamped: true };
}

/** From least to most; `none` does not think at all and is near to nothing but itself. */
const LADDER: readonly ReasoningEffort[] = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max'];

/**
 * The effort that comes closest among those a model knows; of two as close the higher, because an answer thought over too
 * little is the worse mistake. A wish to think stays one as long as the model knows any way to think; a wish not to think
 * becomes the least it knows.
 */
export function nearestEffort(
  effort: ReasoningEffort,
  efforts: readonly ReasoningEffort[] | undefined,
): ReasoningEffort {
  if (efforts === undefined || efforts.length === 0 || efforts.includes(effort)) return effort;
  const known = LADDER.filter((step) => efforts.includes(step));
  const wanted = LADDER.indexOf(effort);
  let nearest: ReasoningEffort = known[0] ?? 'none';
  for (const step of known) {
    const distance = Math.abs(LADDER.indexOf(step) - wanted);
    if (wanted >= 0 && distance <= Math.abs(LADDER.indexOf(nearest) - wanted)) nearest = step;
  }
  return nearest;
}

/** Thinking tokens that an effort stands for where a provider counts tokens. */
const BUDGETS: Readonly<Record<ReasoningEffort, number>> = {
  none: 0,
  minimal: 1024,
  low: 4096,
  medium: 8192,
  high: 16_384,
  xhigh: 32_768,
  max: 65_536,
};

/** The least budget that providers take: Anthropic's documented minimum. */
export const THINKING_BUDGET_MIN_TOKENS = 1024;

/** Share of the bound on output that thinking may take; the rest is left for the answer. */
const THINKING_SHARE = 0.8;

/**
 * The effort that a budget of thinking tokens stands for: the one whose own budget is closest. Only efforts that every
 * provider with efforts knows come out, so that a large budget is no error where `high` is the most there is.
 */
export function effortOfBudget(tokens: number): ReasoningEffort {
  if (tokens <= 0) return 'none';
  if (tokens <= (BUDGETS.low + BUDGETS.medium) / 2) return 'low';
  return tokens <= (BUDGETS.medium + BUDGETS.high) / 2 ? 'medium' : 'high';
}

/**
 * The budget of thinking tokens that an effort stands for, within a bound on output (thoughts included; null for none).
 * 0 for `none`, and where the bound leaves no room for the least budget there is.
 */
export function budgetOfEffort(effort: ReasoningEffort, maxOutputTokens: number | null): number {
  const budget = BUDGETS[effort];
  if (maxOutputTokens === null) return budget;
  const room = Math.floor(maxOutputTokens * THINKING_SHARE);
  return room < THINKING_BUDGET_MIN_TOKENS ? 0 : Math.min(budget, room);
}

const NINE_ALPHANUMERICS = /^[a-zA-Z0-9]{9}$/;

/**
 * The id of a tool call in the only form a provider takes. The same id always becomes the same one, so that a result
 * finds its call without anything being remembered; what is in the right form already is kept.
 */
export function toolIdFor(id: string, form: Quirks['toolIds']): string {
  if (form === undefined || NINE_ALPHANUMERICS.test(id)) return id;
  return digestOf(id, 9);
}

/** Longest tool call id that every dialect's own provider takes: OpenAI's chat refuses a 41st character. */
const TOOL_ID_MAX_CHARS = 40;
const WORD = /^[a-zA-Z0-9_-]+$/;

/**
 * The id of a tool call in the form that dialects themselves ask for: letters, digits, `_` and `-` (Anthropic refuses
 * others, and Kimi's own ids have dots and colons), at most 40 characters. Deterministic, and the id itself where it fits.
 */
export function plainToolId(id: string): string {
  if (id.length <= TOOL_ID_MAX_CHARS && WORD.test(id)) return id;
  return `call_${digestOf(id, 24)}`;
}

/** Lower-case letters and digits that stand for a text. */
function digestOf(text: string, chars: number): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return BigInt(`0x${hex}`).toString(36).padStart(chars, '0').slice(-chars);
}

/** A JSON Schema cut down to what a provider takes; `changed` when anything had to be. */
export function cleanSchema(
  schema: JsonObject,
  kind: Quirks['schema'],
): { readonly schema: JsonObject; readonly changed: boolean } {
  return kind === undefined ? { schema, changed: false } : cleanGeminiSchema(schema);
}
