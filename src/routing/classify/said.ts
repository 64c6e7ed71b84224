/** Reads what a person said: their own words apart from what they pasted, and what stands in either. */
import { countWords } from './find-words.js';
import {
  CHORE,
  CHORE_ANYWHERE,
  GO_ON,
  GREETING,
  LOOK_UP,
  LOOK_UP_ANYWHERE,
  MORE_THAN_A_FACT,
} from './phrases.js';
import type { WordKind } from './words.js';

export interface Said {
  /** Length of the person's own words, in letters of English: ideographs say more each. */
  readonly length: number;
  /** Different words of each kind. */
  readonly words: Readonly<Record<WordKind, number>>;
  /** Lines of code, logs and the like among the text. */
  readonly pastedLines: number;
  readonly codeLines: number;
  readonly stackFrames: number;
  /** Numbered or bulleted points. */
  readonly points: number;
  readonly questions: number;
  /** Parts of a long sentence: what is listed there is to be done. */
  readonly clauses: number;
  /** Places that look like mathematics. */
  readonly formulas: number;
  readonly greets: boolean;
  readonly goesOn: boolean;
  readonly looksUp: boolean;
  readonly isChore: boolean;
  /** Briefly asks for reasons or for an explanation. */
  readonly asksWhy: boolean;
}

const FENCE = /^\s*(?:```|~~~)/;
const STACK_FRAME =
  /^\s*(?:at .+[:(]|File ".+", line \d+|Traceback |Caused by: |\d+: 0x[0-9a-f]+|thread '.+' panicked|goroutine \d+)/;
const LOG_LINE =
  /^\s*(?:\[?\d{4}-\d\d-\d\d[T ]|\[?\d\d:\d\d:\d\d|\w{3} +\d+ \d\d:\d\d:\d\d|\[(?:INFO|WARN|ERROR|DEBUG)\])/;
const CODE_LINE =
  /^(?:\s{4,}\S|\t|@@ |diff --git|\s*(?:import|export|from|const|let|var|function|class|def|return|#include|package|using)\b.*[;{(:'"]\s*$)|[;{}]\s*$/;
const TABLE_LINE = /^[^\s,|]*(?:[,|][^\s,|]*){3,}$/;
const POINT = /^\s*(?:[-*•]|\d{1,2}[.)])\s/;
const INLINE_POINT = /(?:^|\s)\d[.)]\s/g;
/** What is quoted is talked about, not asked for. */
const QUOTATION = /"[^"\n]{1,200}"|“[^”\n]{1,200}”|«[^»\n]{1,200}»|„[^“”\n]{1,200}[“”]|`[^`\n]{1,200}`/g;
const IDEOGRAPH = /[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]/g;
const FORMULA =
  /[\w)]\^|\b[a-z]\([\w+-]*\)|[∈∉∀∃∑∏∫√≤≥≠≡∞⇒⊂∪∩]|\b[a-z] ?= ?[-\w(]|\b\d+[a-z]\b ?[-+]|\bsqrt\(/g;
const QUESTION = /[?？]/g;
const CLAUSE = /[,;:.，、；。](?=\s|[\u3040-\u9fff]|$)/g;

/** Letters of English that an ideograph or a syllable block is worth. */
const IDEOGRAPH_LETTERS = 3;
/** A paragraph longer than this, beside others, was pasted: people write shorter ones to machines. */
const PASTED_PARAGRAPH_CHARS = 800;
/** The same behind a line that ends in a colon. */
const ANNOUNCED_PARAGRAPH_CHARS = 150;
/** What is shorter says nothing of a paragraph beside it. */
const LEAST_REQUEST_CHARS = 16;

export function readSaid(text: string): Said {
  const own: string[] = [];
  let pastedLines = 0;
  let codeLines = 0;
  let stackFrames = 0;
  let points = 0;
  let fenced = false;
  const lines = text.split('\n');
  for (const line of lines) {
    if (FENCE.test(line)) fenced = !fenced;
    else if (fenced) codeLines++;
    else if (STACK_FRAME.test(line)) stackFrames++;
    else if (LOG_LINE.test(line) || TABLE_LINE.test(line)) pastedLines++;
    else if (CODE_LINE.test(line) && lines.length > 1) codeLines++;
    else {
      if (POINT.test(line)) points++;
      if (line.length > 0) own.push(line);
    }
  }
  const spoken = withoutPasted(own);
  pastedLines += own.length - spoken.length;
  const words = withoutOuterQuotes(spoken.join('\n').trim()).toLowerCase();
  const length = words.length + (IDEOGRAPH_LETTERS - 1) * countMatches(IDEOGRAPH, words);
  const counts = countWords(words.replaceAll(QUOTATION, '""'));
  const isBrief = length <= BRIEF_LETTERS && counts.demand === 0;
  const asksWhy = isBrief && MORE_THAN_A_FACT.test(words);
  return {
    length,
    words: counts,
    pastedLines: pastedLines + codeLines + stackFrames,
    codeLines,
    stackFrames,
    points: Math.max(points, countMatches(INLINE_POINT, words)),
    questions: countMatches(QUESTION, words),
    clauses: countMatches(CLAUSE, words),
    formulas: countMatches(FORMULA, words),
    greets: isBrief && pastedLines === 0 && GREETING.test(words),
    goesOn: isBrief && pastedLines === 0 && GO_ON.test(words),
    looksUp: isBrief && (LOOK_UP.test(words) || LOOK_UP_ANYWHERE.test(words)) && !asksWhy,
    asksWhy,
    isChore: isBrief && (CHORE.test(words) || CHORE_ANYWHERE.test(words)),
  };
}

/** Beyond it, no text is only a greeting, a look-up or a chore; nor is one that asks for a proof. */
const BRIEF_LETTERS = 140;

/** Some agents put the whole message into quotes. */
function withoutOuterQuotes(text: string): string {
  return text.length > 1 && text.startsWith('"') && text.indexOf('"', 1) === text.length - 1
    ? text.slice(1, -1)
    : text;
}

/** Unless next to nothing is left: then the paragraphs are what was said. */
function withoutPasted(lines: readonly string[]): readonly string[] {
  const rest = lines.filter((line, i) => !isPasted(line, lines[i - 1], lines.length));
  return rest.join('').length < LEAST_REQUEST_CHARS ? lines : rest;
}

/** A long paragraph beside others, or behind a line that announces it. */
function isPasted(line: string, before: string | undefined, lines: number): boolean {
  if (lines === 1) return false;
  const announced = before !== undefined && /[:：]\s*$/.test(before);
  return line.length > (announced ? ANNOUNCED_PARAGRAPH_CHARS : PASTED_PARAGRAPH_CHARS);
}

function countMatches(pattern: RegExp, text: string): number {
  pattern.lastIndex = 0;
  let count = 0;
  while (pattern.test(text)) count++;
  return count;
}
