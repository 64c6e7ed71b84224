/** How much to think: read from every form that clients of chat send it in, and written in the one a provider takes. */
import { REASONING_EFFORTS, type ReasoningWish } from '../canonical.js';
import type { JsonObject } from '../dialect.js';
import {
  isObject,
  optionalBoolean,
  optionalCount,
  optionalObject,
  optionalWord,
  text,
  wrong,
} from '../fields.js';
import { budgetOfEffort, effortOfBudget, nearestEffort } from '../repairs.js';
import type { Target } from '../target.js';

/** The fields it may be said in. */
export const REASONING_FIELDS = [
  'reasoning_effort',
  'reasoning',
  'include_reasoning',
  'thinking',
  'enable_thinking',
  'thinking_budget',
] as const;

const NOTHING_SAID: ReasoningWish = { effort: null, budgetTokens: null, visible: null };

/** What the caller said about thinking; null when nothing. Of several forms the more exact word counts. */
export function readReasoning(body: JsonObject): ReasoningWish | null {
  const wishes = [readEffort(body), readObject(body), readThinking(body), readFlags(body)].filter(
    (wish) => wish !== null,
  );
  if (wishes.length === 0) return null;
  return wishes.reduce(
    (known, wish) => ({
      effort: known.effort ?? wish.effort,
      budgetTokens: known.budgetTokens ?? wish.budgetTokens,
      visible: known.visible ?? wish.visible,
    }),
    NOTHING_SAID,
  );
}

function readEffort(body: JsonObject): ReasoningWish | null {
  const effort = optionalWord(body, 'reasoning_effort', REASONING_EFFORTS);
  return effort === null ? null : { ...NOTHING_SAID, effort };
}

/** OpenRouter's form. */
function readObject(body: JsonObject): ReasoningWish | null {
  const reasoning = optionalObject(body, 'reasoning');
  if (reasoning === null) return null;
  const effort = optionalWord(reasoning, 'effort', REASONING_EFFORTS, 'reasoning');
  const exclude = optionalBoolean(reasoning, 'exclude', 'reasoning');
  return {
    effort: optionalBoolean(reasoning, 'enabled', 'reasoning') === false ? 'none' : effort,
    budgetTokens: optionalCount(reasoning, 'max_tokens', 'reasoning'),
    visible: exclude === null ? null : !exclude,
  };
}

/** Anthropic's form, which Z.ai, DeepSeek and Moonshot took over. */
function readThinking(body: JsonObject): ReasoningWish | null {
  const thinking = optionalObject(body, 'thinking');
  if (thinking === null) return null;
  const type = text(thinking['type']);
  if (type === 'disabled') return { ...NOTHING_SAID, effort: 'none' };
  if (type !== 'enabled' && type !== 'adaptive' && type !== 'auto') {
    throw wrong('thinking.type', 'one of enabled, disabled, adaptive');
  }
  return { ...NOTHING_SAID, budgetTokens: optionalCount(thinking, 'budget_tokens', 'thinking') };
}

/** Qwen's form, and OpenRouter's older one. */
function readFlags(body: JsonObject): ReasoningWish | null {
  const enabled = optionalBoolean(body, 'enable_thinking');
  const budgetTokens = optionalCount(body, 'thinking_budget');
  const visible = optionalBoolean(body, 'include_reasoning');
  if (enabled === null && budgetTokens === null && visible === null) return null;
  return { effort: enabled === false ? 'none' : null, budgetTokens, visible };
}

export interface ReasoningFields {
  readonly fields: JsonObject;
  /** Whether the target cannot be asked. */
  readonly dropped: boolean;
  /** Whether it gets another effort than was wished for. */
  readonly mapped: boolean;
}

/** The fields that ask a target for it. */
export function writeReasoning(wish: ReasoningWish | null, target: Target): ReasoningFields {
  if (wish === null) return { fields: {}, dropped: false, mapped: false };
  const { reasoningControl, efforts } = target.quirks;
  const wished = wish.effort ?? (wish.budgetTokens === null ? null : effortOfBudget(wish.budgetTokens));
  const effort = wished === null ? null : nearestEffort(wished, efforts);
  const mapped = effort !== wished;
  const written = (fields: JsonObject): ReasoningFields => ({ fields, dropped: false, mapped });
  const effortField = effort === null ? {} : { reasoning_effort: effort };
  switch (reasoningControl) {
    case 'thinking-type': {
      const off = wished === 'none';
      const type = { thinking: { type: off ? 'disabled' : 'enabled' } };
      // A provider whose efforts are known takes one beside the switch.
      return written(off || efforts === undefined ? type : { ...type, ...effortField });
    }
    case 'reasoning-object':
      return written({ reasoning: reasoningObject(wish, effort) });
    case 'enable-thinking':
      return written(flags(wish, wished === 'none', target));
    case 'none':
      return { fields: {}, dropped: true, mapped: false };
    default:
      return written(effortField);
  }
}

function reasoningObject(wish: ReasoningWish, effort: ReasoningWish['effort']): JsonObject {
  const visible = wish.visible === false ? { exclude: true } : {};
  // One of the two; a budget that was stated is the more exact word.
  if (wish.effort === null && wish.budgetTokens !== null && wish.budgetTokens > 0) {
    return { max_tokens: wish.budgetTokens, ...visible };
  }
  return effort === null ? { enabled: true, ...visible } : { effort, ...visible };
}

function flags(wish: ReasoningWish, off: boolean, target: Target): JsonObject {
  if (off) return { enable_thinking: false };
  const ofEffort = wish.effort === null ? null : budgetOfEffort(wish.effort, target.maxOutputTokens);
  const budget = wish.budgetTokens ?? ofEffort;
  return budget === null || budget === 0
    ? { enable_thinking: true }
    : { enable_thinking: true, thinking_budget: budget };
}

/** Whether a body says anything about thinking in another form than the target's own. */
export function isForeignForm(field: string, target: Target): boolean {
  return !ownFields(target).includes(field);
}

function ownFields({ quirks }: Target): readonly string[] {
  switch (quirks.reasoningControl) {
    case 'thinking-type':
      return quirks.efforts === undefined ? ['thinking'] : ['thinking', 'reasoning_effort'];
    case 'reasoning-object':
      return ['reasoning'];
    case 'enable-thinking':
      return ['enable_thinking', 'thinking_budget'];
    case 'none':
      return [];
    default:
      return ['reasoning_effort'];
  }
}

/** Whether the body's own word about effort is one the target knows. */
export function knowsEffort(body: JsonObject, target: Target): boolean {
  const efforts = target.quirks.efforts;
  if (efforts === undefined) return true;
  const reasoning = body['reasoning'];
  const stated = body['reasoning_effort'] ?? (isObject(reasoning) ? reasoning['effort'] : null) ?? null;
  return stated === null || efforts.some((effort) => effort === stated);
}
