/** How much a model may think, in Anthropic's form: a budget of tokens, or an effort where the model decides itself. */
import type { CanonicalMessage, CanonicalRequest, ReasoningEffort, ReasoningWish } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import { isFrom } from '../reasoning-seal.js';
import { budgetOfEffort, effortOfBudget, nearestEffort, THINKING_BUDGET_MIN_TOKENS } from '../repairs.js';
import type { Target } from '../target.js';
import type { Notes } from '../notes.js';

export interface Thinking {
  /** The `thinking` member; null when nothing is to be said. */
  readonly config: JsonObject | null;
  /** For `output_config`; null when nothing is to be said. */
  readonly effort: ReasoningEffort | null;
  readonly on: boolean;
}

/** Efforts that every model with efforts knows. */
const EFFORTS: readonly ReasoningEffort[] = ['none', 'low', 'medium', 'high', 'max'];
const SILENT: Thinking = { config: null, effort: null, on: false };
const OFF: Thinking = { config: { type: 'disabled' }, effort: null, on: false };

export function writeThinking(
  request: CanonicalRequest,
  target: Target,
  maxTokens: number,
  notes: Notes,
): Thinking {
  const wish = request.reasoning;
  const forced = request.toolChoice?.kind === 'required' || request.toolChoice?.kind === 'tool';
  // Such models think unless they are told not to, whether or not anybody asked for it.
  if (forced && target.quirks.forcedToolsEndThinking === true) {
    notes.repair('thinking_off');
    return OFF;
  }
  if (wish === null || (wish.effort === null && wish.budgetTokens === null)) return SILENT;
  const unwanted = wish.effort === 'none' || wish.budgetTokens === 0;
  const { quirks, capabilities } = target;
  if (
    quirks.reasoningControl === 'none' ||
    (capabilities.length > 0 && !capabilities.includes('REASONING'))
  ) {
    if (!unwanted) notes.drop('reasoning');
    return SILENT;
  }
  if (quirks.reasoningControl === 'adaptive') return adaptive(wish, target, forced, notes);
  if (unwanted) return OFF;
  // Refused by the format itself: a call that is forced leaves nothing to think about.
  if (forced) {
    notes.drop('reasoning');
    return SILENT;
  }
  if (quirks.replays === 'signature' && isAmidUnexplainedCalls(request.messages, target)) {
    notes.repair('thinking_paused');
    return SILENT;
  }
  return budgeted(wish, maxTokens, notes);
}

function adaptive(wish: ReasoningWish, target: Target, forced: boolean, notes: Notes): Thinking {
  const wanted = wish.effort ?? effortOfBudget(wish.budgetTokens ?? 0);
  const effort = nearestEffort(wanted, target.quirks.efforts ?? EFFORTS);
  if (effort !== wanted) notes.repair('reasoning_effort');
  if (effort === 'none') return OFF;
  if (forced) {
    notes.drop('reasoning');
    return { config: null, effort, on: false };
  }
  // Newer models keep their thoughts to themselves unless asked.
  const display = wish.visible === false ? 'omitted' : 'summarized';
  return { config: { type: 'adaptive', display }, effort, on: true };
}

/** The budget has to be less than the bound on output, and there is a least one. */
function budgeted(wish: ReasoningWish, maxTokens: number, notes: Notes): Thinking {
  const room = budgetOfEffort('max', maxTokens);
  if (room < THINKING_BUDGET_MIN_TOKENS) {
    notes.drop('reasoning');
    return SILENT;
  }
  const wanted = wish.budgetTokens ?? budgetOfEffort(wish.effort ?? 'none', maxTokens);
  const most = Math.max(wish.budgetTokens === null ? room : maxTokens - 1, THINKING_BUDGET_MIN_TOKENS);
  const budget = Math.min(Math.max(wanted, THINKING_BUDGET_MIN_TOKENS), most);
  if (budget !== wanted) notes.repair('thinking_budget');
  return { config: { type: 'enabled', budget_tokens: budget }, effort: null, on: true };
}

/**
 * Whether the model is in the middle of its turn, its calls just answered, and the thoughts that led to them are not there
 * to be shown: a model that demands them refuses to think on.
 */
function isAmidUnexplainedCalls(messages: readonly CanonicalMessage[], target: Target): boolean {
  let at = messages.length - 1;
  // The turn began after the last message in which the user spoke, not only tools.
  while (at >= 0 && !isSpoken(messages[at])) at--;
  const turn = messages.slice(at + 1).filter((message) => message.role === 'assistant');
  const first = turn.flatMap((message) => message.content)[0];
  if (first === undefined) return false;
  return first.type !== 'reasoning' || !isFrom(first.origin, target.model);
}

function isSpoken(message: CanonicalMessage | undefined): boolean {
  return (
    message?.role === 'user' &&
    message.content.length > 0 &&
    message.content.some((part) => part.type !== 'tool_result')
  );
}
