/** Counts the different words of each kind in a text: a look at the first letters of every word rules most of them out. */
import { WORD_KINDS, WORDS, type WordKind } from './words.js';

interface Entry {
  readonly text: string;
  /** Only as a word of its own, not as the beginning of another. */
  readonly whole: boolean;
  readonly kinds: readonly WordKind[];
}

const SPACE = 0x20;
const FIRST_IDEOGRAPH = 0x3040;

/** A power of two, many times the number of words. */
const SLOTS = 1 << 14;
/** By slot, which the first letters give: two where a letter is a syllable or a word, else three. The longest first. */
const ENTRIES = listEntries().toSorted((a, b) => slotOf(a) - slotOf(b) || b.text.length - a.text.length);
const FIRST_OF_SLOT = firstOfSlots(ENTRIES);

/** The text must be in lower case. A word counts once, however often it stands there. */
export function countWords(text: string): Readonly<Record<WordKind, number>> {
  const found = new Set<Entry>();
  let inWord = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    const begins = !inWord || code >= FIRST_IDEOGRAPH;
    inWord = isLetter(code);
    if (!begins || code <= SPACE) continue;
    const entry = entryAt(text, at, code);
    if (entry) found.add(entry);
  }
  const counts = { demand: 0, formal: 0, deep: 0, action: 0, constraint: 0, sequence: 0, thinking: 0 };
  for (const { kinds } of found) for (const kind of kinds) counts[kind]++;
  return counts;
}

function entryAt(text: string, at: number, first: number): Entry | null {
  const slot = slotAt(text, at, first);
  const from = FIRST_OF_SLOT[slot] ?? 0;
  const to = FIRST_OF_SLOT[slot + 1] ?? 0;
  for (let i = from; i < to; i++) {
    const entry = ENTRIES[i];
    if (entry && standsAt(text, at, entry)) return entry;
  }
  return null;
}

function standsAt(text: string, at: number, { text: word, whole }: Entry): boolean {
  // A loop, because startsWith costs more than the few letters that are compared before most words differ.
  for (let i = 0; i < word.length; i++) if (text.charCodeAt(at + i) !== word.charCodeAt(i)) return false;
  return !whole || !isLetter(text.charCodeAt(at + word.length));
}

/** A slot for the first letters; two beginnings may share one, which costs time only. */
function slotAt(text: string, at: number, first: number): number {
  const two = first * 31 + text.charCodeAt(at + 1);
  // NaN past the end becomes 0.
  return (first >= FIRST_IDEOGRAPH ? two : two * 31 + text.charCodeAt(at + 2)) & (SLOTS - 1);
}

/** Latin with its accents, Greek and Cyrillic; NaN past the end is none. */
function isLetter(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0xdf && code < 0x530 && code !== 0xf7);
}

function listEntries(): readonly Entry[] {
  const kindsOf = new Map<string, WordKind[]>();
  for (const kind of WORD_KINDS) {
    for (const word of new Set(WORDS[kind])) kindsOf.set(word, [...(kindsOf.get(word) ?? []), kind]);
  }
  return [...kindsOf].map(([word, kinds]) => ({
    text: word.endsWith('.') ? word.slice(0, -1) : word,
    whole: word.endsWith('.'),
    kinds,
  }));
}

function slotOf({ text }: Entry): number {
  return slotAt(text, 0, text.charCodeAt(0));
}

/** Where the entries of each slot begin, and behind the last slot their number. */
function firstOfSlots(entries: readonly Entry[]): Uint16Array {
  const first = new Uint16Array(SLOTS + 1);
  for (const entry of entries) {
    const next = slotOf(entry) + 1;
    first[next] = (first[next] ?? 0) + 1;
  }
  for (let slot = 1; slot <= SLOTS; slot++) first[slot] = (first[slot] ?? 0) + (first[slot - 1] ?? 0);
  return first;
}
