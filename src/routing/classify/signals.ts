/** Measures a request: the value of every signal, and its strength between 0 and 1 that a weight is multiplied with. */
import { SIDE_JOB } from './phrases.js';
import { readSaid, type Said } from './said.js';
import type { ConversationView } from './view.js';
import type { SignalName } from './weights.js';

export interface Measurement {
  readonly name: SignalName;
  readonly value: number;
  readonly strength: number;
}

export interface Measured {
  readonly said: Said;
  /** Only what is there. */
  readonly measurements: readonly Measurement[];
}

const CONTEXT_FROM_BYTES = 32 * 1024;
const CONTEXT_DOUBLINGS = 5;
const LENGTH_FROM = 80;
const LENGTH_TO = 2_000;
const BRIEF_UP_TO = 50;
const BRIEF_BELOW = 140;
const TERSE_UP_TO = 20;
const TERSE_BELOW = 50;
const SMALL_OUTPUT_TOKENS = 64;
const SMALL_OUTPUT_BELOW = 512;
const OPENING_CHARS = 300;
const SYSTEM_FULL_BYTES = 64 * 1024;

export function measure(view: ConversationView): Measured {
  const said = readSaid(view.text);
  const { words } = said;
  const brevity = between(0, (BRIEF_BELOW - said.length) / (BRIEF_BELOW - BRIEF_UP_TO), 1);
  const contextBytes = Math.max(0, view.totalBytes - view.systemBytes - view.toolBytes);
  const openings = `${view.systemOpening}\n${view.text.slice(0, OPENING_CHARS)}`.toLowerCase();
  const measurements: Measurement[] = [{ name: 'baseline', value: 1, strength: 1 }];
  const add = (name: SignalName, value: number, strength: number): void => {
    const bounded = between(-1, strength, 1);
    if (value !== 0 && (bounded !== 0 || UNWEIGHED.has(name))) {
      measurements.push({ name, value, strength: bounded });
    }
  };
  add('proof_demand', words.demand, saturating(0.3, words.demand));
  add('formal_words', words.formal, saturating(0.7, words.formal));
  add('formulas', said.formulas, saturating(0.6, said.formulas));
  add('deep_words', words.deep, saturating(0.65, words.deep));
  add('action_words', words.action, saturating(0.8, words.action - 1));
  add('constraint_words', words.constraint, saturating(0.75, words.constraint));
  add('sequence_words', words.sequence, saturating(0.6, words.sequence));
  add('thinking_words', words.thinking, saturating(0.4, words.thinking));
  add('points', said.points, said.points / 6);
  add('clauses', said.clauses, Math.max(0, said.clauses - 1) / 6);
  add('questions', said.questions, Math.max(0, said.questions - 1) / 3);
  add('length', said.length, doublings(said.length, LENGTH_FROM) / Math.log2(LENGTH_TO / LENGTH_FROM));
  add('code_lines', said.codeLines, Math.log2(1 + said.codeLines) / 6);
  add('stack_frames', said.stackFrames, said.stackFrames / 3);
  add('effort', view.effort, view.effort);
  add('context_bytes', contextBytes, doublings(contextBytes, CONTEXT_FROM_BYTES) / CONTEXT_DOUBLINGS);
  add('images', view.images, view.images / 3);
  add('turns', view.turns, doublings(view.turns, 1) / 5);
  add('tool_results', view.toolResults, view.toolResults / 20);
  add('tool_count', view.toolCount, view.toolCount / 40);
  add('system_bytes', view.systemBytes, view.systemBytes / SYSTEM_FULL_BYTES);
  if (said.greets) add('greeting', 1, brevity);
  else if (said.looksUp) add('look_up', 1, brevity);
  else if (said.isChore) add('chore', 1, brevity);
  else if (isTerse(said))
    add('terse', said.length, (TERSE_BELOW - said.length) / (TERSE_BELOW - TERSE_UP_TO));
  if (SIDE_JOB.test(openings)) add('side_job', 1, 1);
  if (view.maxOutputTokens !== null) {
    const below = Math.log2(SMALL_OUTPUT_BELOW / view.maxOutputTokens);
    const full = Math.log2(SMALL_OUTPUT_BELOW / SMALL_OUTPUT_TOKENS);
    add('small_output', view.maxOutputTokens, Math.max(0, below / full));
  }
  return { said, measurements };
}

function isTerse({ length, words, goesOn, asksWhy, pastedLines }: Said): boolean {
  const asked = words.action + words.deep + words.formal + words.demand + words.thinking > 0;
  return length > 0 && length < TERSE_BELOW && pastedLines === 0 && !asked && !goesOn && !asksWhy;
}

/** Shown even when they count for nothing: that is worth knowing. */
const UNWEIGHED: ReadonlySet<SignalName> = new Set(['tool_count', 'system_bytes']);

/** From 0 towards 1 with every further one, each worth less. */
function saturating(rest: number, count: number): number {
  return 1 - rest ** Math.max(0, count);
}

function doublings(value: number, from: number): number {
  return value <= from ? 0 : Math.log2(value / from);
}

function between(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
