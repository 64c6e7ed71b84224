/** How much a Gemini model may think: by levels, or by a budget of tokens where it is older. https://ai.google.dev/gemini-api/docs/thinking */
import type { ReasoningEffort, ReasoningWish } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import { budgetOfEffort, effortOfBudget, nearestEffort } from '../repairs.js';
import type { Target } from '../target.js';
import { thinksByBudget } from './generation.js';
import type { Notes } from '../notes.js';

/** Efforts that a kind of model knows, first match; every kind knows some. */
const LEVELS_OF: readonly (readonly [models: RegExp, levels: readonly ReasoningEffort[]])[] = [
  [/gemini-3-pro/, ['low', 'high']],
  [/pro/, ['low', 'medium', 'high']],
  [/./, ['minimal', 'low', 'medium', 'high']],
];

/** Tokens that a kind of model may be given for thinking; `off` where it can do without. */
const BUDGETS_OF: readonly (readonly [models: RegExp, range: BudgetRange])[] = [
  [/pro/, { min: 128, max: 32_768, off: false }],
  [/flash-lite/, { min: 512, max: 24_576, off: true }],
  [/./, { min: 1, max: 24_576, off: true }],
];

interface BudgetRange {
  readonly min: number;
  readonly max: number;
  readonly off: boolean;
}

/** The words there are. Not thinking at all is no level; the least comes closest. */
const LEVELS: Readonly<Record<ReasoningEffort, string>> = {
  none: 'MINIMAL',
  minimal: 'MINIMAL',
  low: 'LOW',
  medium: 'MEDIUM',
  high: 'HIGH',
  xhigh: 'HIGH',
  max: 'HIGH',
};

/** Null when nothing is to be said. */
export function writeThinking(
  wish: ReasoningWish | null,
  maxOutputTokens: number | null,
  target: Target,
  notes: Notes,
): JsonObject | null {
  if (wish === null) return null;
  const unwanted = wish.effort === 'none' || wish.budgetTokens === 0;
  if (target.capabilities.length > 0 && !target.capabilities.includes('REASONING')) {
    // A model that does not think refuses to be told how much.
    if (!unwanted) notes.drop('reasoning');
    return null;
  }
  const amount = thinksByBudget(target)
    ? budgetFor(wish, maxOutputTokens, target)
    : levelFor(wish, target, notes);
  const config = { ...amount, ...(!unwanted && wish.visible !== false && { includeThoughts: true }) };
  return Object.keys(config).length > 0 ? config : null;
}

function levelFor({ effort, budgetTokens }: ReasoningWish, target: Target, notes: Notes): JsonObject {
  const wanted = effort ?? (budgetTokens === null ? null : effortOfBudget(budgetTokens));
  if (wanted === null) return {};
  const level = nearestEffort(wanted, target.quirks.efforts ?? ofModel(LEVELS_OF, target));
  if (level !== wanted) notes.repair('reasoning_effort');
  return { thinkingLevel: LEVELS[level] };
}

function budgetFor(
  { effort, budgetTokens }: ReasoningWish,
  maxOutputTokens: number | null,
  target: Target,
): JsonObject {
  const budget = budgetTokens ?? (effort === null ? null : budgetOfEffort(effort, maxOutputTokens));
  if (budget === null) return {};
  const range = ofModel(BUDGETS_OF, target);
  if (budget === 0 && (range?.off ?? true)) return { thinkingBudget: 0 };
  return { thinkingBudget: Math.min(Math.max(budget, range?.min ?? 0), range?.max ?? budget) };
}

function ofModel<T>(
  table: readonly (readonly [models: RegExp, value: T])[],
  { upstreamId }: Target,
): T | undefined {
  return table.find(([models]) => models.test(upstreamId))?.[1];
}
