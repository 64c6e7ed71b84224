/** What the classifier looks at: the last thing a person said, and the size of everything around it. */

export interface ConversationView {
  /** What the user said last, without what agents wrap around it; only the beginning and the end of a long one. */
  readonly text: string;
  /** Its whole length. */
  readonly textBytes: number;
  /** How the system prompt begins; empty without one. Agents name their side jobs there. */
  readonly systemOpening: string;
  /** Times the user spoke; 0 when nothing of the user's is there. */
  readonly turns: number;
  readonly toolCount: number;
  /** Tool results since the user spoke last: the agent is at work. */
  readonly toolResults: number;
  readonly images: number;
  readonly totalBytes: number;
  readonly systemBytes: number;
  readonly toolBytes: number;
  /** Most output the client allowed; null when it did not say. */
  readonly maxOutputTokens: number | null;
  /** How much thought the client asked for: -1 for none to 1 for the most, 0 for what its dialect assumes anyway. */
  readonly effort: number;
}

/** Bytes of English in a token, roughly: for counts that come without a text. */
const BYTES_PER_TOKEN = 4;

/** The view of a prompt without a request around it: what a dry run has. */
export function viewOfPrompt(prompt: string | null, inputTokens: number | null): ConversationView {
  const { text, bytes } = windowOf([Buffer.from(prompt ?? '', 'utf8').toString('latin1')], (part) =>
    Buffer.from(part, 'latin1').toString('utf8'),
  );
  return {
    text,
    textBytes: bytes,
    systemOpening: '',
    turns: bytes > 0 ? 1 : 0,
    toolCount: 0,
    toolResults: 0,
    images: 0,
    totalBytes: Math.max(bytes, (inputTokens ?? 0) * BYTES_PER_TOKEN),
    systemBytes: 0,
    toolBytes: 0,
    maxOutputTokens: null,
    effort: 0,
  };
}

/** Requests stand at the beginning or the end of what is pasted along; more than both would cost more time than the rest. */
const HEAD_BYTES = 1_536;
const TAIL_BYTES = 768;

/** What the cut left of a line, up to its break, be it written out or escaped. */
const CUT_LINE = /^.{0,300}?(?:\n|\\n)/;

/** Beginning and end of a text that comes in parts, one character to the byte. */
export function windowOf(
  parts: readonly string[],
  decode: (part: string) => string,
): { readonly text: string; readonly bytes: number } {
  const bytes = parts.reduce((sum, part) => sum + part.length, 0);
  if (bytes <= HEAD_BYTES + TAIL_BYTES) return { text: parts.map(decode).join('\n'), bytes };
  const head: string[] = [];
  for (let i = 0, left = HEAD_BYTES; i < parts.length && left > 0; i++) {
    const part = (parts[i] ?? '').slice(0, left);
    head.push(part);
    left -= part.length;
  }
  const tail: string[] = [];
  for (let i = parts.length - 1, left = TAIL_BYTES; i >= 0 && left > 0; i--) {
    const part = (parts[i] ?? '').slice(-left);
    tail.unshift(part);
    left -= part.length;
  }
  tail[0] = (tail[0] ?? '').replace(CUT_LINE, '');
  return { text: [...head, ...tail].map(decode).join('\n'), bytes };
}
