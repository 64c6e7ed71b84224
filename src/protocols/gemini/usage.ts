/** Token counts out of Gemini's answers. Output there leaves thoughts out, and what tools brought in is not in the prompt. */
import { isObject } from '../fields.js';
import { countOf, NOTHING_STATED, type StatedUsage } from '../usage.js';

/** The counts as Gemini has them; each frame of a stream restates some or all. */
export interface GeminiUsage {
  readonly prompt: number | null;
  readonly toolPrompt: number | null;
  readonly cached: number | null;
  readonly candidates: number | null;
  readonly thoughts: number | null;
  readonly total: number | null;
}

export const NO_USAGE: GeminiUsage = {
  prompt: null,
  toolPrompt: null,
  cached: null,
  candidates: null,
  thoughts: null,
  total: null,
};

/** With what a `usageMetadata` states: field by field the later word holds, but zeros throughout say nothing. */
export function withStated(before: GeminiUsage, usageMetadata: unknown): GeminiUsage {
  if (!isObject(usageMetadata)) return before;
  const stated: GeminiUsage = {
    prompt: countOf(usageMetadata['promptTokenCount']),
    toolPrompt: countOf(usageMetadata['toolUsePromptTokenCount']),
    cached: countOf(usageMetadata['cachedContentTokenCount']),
    candidates: countOf(usageMetadata['candidatesTokenCount']),
    thoughts: countOf(usageMetadata['thoughtsTokenCount']),
    total: countOf(usageMetadata['totalTokenCount']),
  };
  if (Object.values(stated).every((count) => count === null || count === 0) && before !== NO_USAGE)
    return before;
  return {
    prompt: stated.prompt ?? before.prompt,
    toolPrompt: stated.toolPrompt ?? before.toolPrompt,
    cached: stated.cached ?? before.cached,
    candidates: stated.candidates ?? before.candidates,
    thoughts: stated.thoughts ?? before.thoughts,
    total: stated.total ?? before.total,
  };
}

/** The same as everybody counts: thoughts are output, what tools brought in is input. */
export function statedUsage({
  prompt,
  toolPrompt,
  cached,
  candidates,
  thoughts,
  total,
}: GeminiUsage): StatedUsage {
  return {
    ...NOTHING_STATED,
    prompt: sumOf(prompt, toolPrompt),
    cacheRead: cached,
    output: sumOf(candidates, thoughts),
    reasoning: thoughts,
    total,
  };
}

/** Null when neither is said. */
function sumOf(a: number | null, b: number | null): number | null {
  return a === null && b === null ? null : (a ?? 0) + (b ?? 0);
}
