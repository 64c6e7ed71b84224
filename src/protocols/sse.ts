/**
 * Reads server-sent frames out of a stream of bytes as they complete, but only those worth it: a marker is searched in
 * the whole of what arrived, and just the frames around its hits are cut out. Bytes that pass on stay the ones that came.
 * Lines may end with LF or CR LF; a lone CR, which nobody sends, does not end a frame here.
 */

/** Reads one frame, its blank line included, and returns the bytes to pass on in its place. */
export type FrameVisitor = (frame: Buffer) => Buffer;

export interface FrameScannerOptions {
  /** What a frame worth reading contains. Global, and matching within one line. */
  readonly marker: RegExp;
  readonly visit: FrameVisitor;
  /** Called with the text (one character a byte) of everything that is complete, before its frames are visited. */
  readonly onText: (text: string) => void;
  /** A longer frame is given up on, so that a provider that never ends one cannot fill memory. */
  readonly maxFrameBytes: number;
}

export interface FrameScanner {
  /** Reads a chunk; returns what of it and of what was held is complete, with replacements made. */
  push(chunk: Buffer): Buffer;
  /** Reads what is left: the last frame may lack its blank line. */
  end(): Buffer;
}

const EMPTY = Buffer.alloc(0);
const LF = 0x0a;
const CR = 0x0d;
const LINE_END = /\r\n|\n|\r/;

export function createFrameScanner(options: FrameScannerOptions): FrameScanner {
  /** The unfinished frame, in the pieces it came in. */
  let held: Buffer[] = [];
  let heldBytes = 0;
  const hold = (bytes: Buffer): void => {
    if (bytes.length > 0) held.push(bytes);
    heldBytes += bytes.length;
  };
  const release = (): Buffer => {
    const bytes = joined(held);
    held = [];
    heldBytes = 0;
    return bytes;
  };

  const scan = (bytes: Buffer): Buffer => {
    const { marker, visit, onText } = options;
    const text = bytes.toString('latin1');
    onText(text);
    // Hardly anyone ends lines with CR LF; looking for that around every hit would cost more than the rest.
    const blankLines = text.includes('\r') ? ['\n\n', '\n\r\n'] : ['\n\n'];
    const parts: Buffer[] = [];
    let passed = 0;
    marker.lastIndex = 0;
    for (let hit = marker.exec(text); hit !== null; hit = marker.exec(text)) {
      const start = frameStart(text, hit.index, blankLines);
      const end = frameEnd(text, hit.index, blankLines);
      const frame = bytes.subarray(start, end);
      const replacement = visit(frame);
      if (replacement !== frame) {
        parts.push(bytes.subarray(passed, start), replacement);
        passed = end;
      }
      marker.lastIndex = end;
    }
    if (parts.length === 0) return bytes;
    parts.push(bytes.subarray(passed));
    return Buffer.concat(parts);
  };

  return {
    push(chunk) {
      hold(chunk);
      // Without a line end nothing got complete. Joining the pieces each time would make a long frame quadratic.
      if (!chunk.includes(LF)) return heldBytes > options.maxFrameBytes ? release() : EMPTY;
      const bytes = release();
      const end = endOfLastFrame(bytes);
      const complete = end === bytes.length ? bytes : bytes.subarray(0, end);
      const passed = end === 0 ? EMPTY : scan(complete);
      const rest = bytes.subarray(end);
      if (rest.length > options.maxFrameBytes) return Buffer.concat([passed, rest]);
      hold(rest);
      return passed;
    },
    end() {
      const rest = release();
      return rest.length === 0 ? EMPTY : scan(rest);
    },
  };
}

function joined(pieces: readonly Buffer[]): Buffer {
  const [only] = pieces;
  return only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces);
}

/** End of the last blank line; 0 when there is none. */
function endOfLastFrame(bytes: Buffer): number {
  let at = bytes.lastIndexOf(LF);
  while (at > 0) {
    const before = bytes[at - 1];
    if (before === LF || (before === CR && bytes[at - 2] === LF)) return at + 1;
    at = bytes.lastIndexOf(LF, at - 1);
  }
  return 0;
}

function frameStart(text: string, at: number, blankLines: readonly string[]): number {
  let start = 0;
  for (const blank of blankLines) {
    const found = text.lastIndexOf(blank, at);
    if (found >= 0) start = Math.max(start, found + blank.length);
  }
  return start;
}

function frameEnd(text: string, at: number, blankLines: readonly string[]): number {
  let end = text.length;
  for (const blank of blankLines) {
    const found = text.indexOf(blank, at);
    if (found >= 0) end = Math.min(end, found + blank.length);
  }
  return end;
}

/** How often a word occurs. */
export function countOccurrences(text: string, word: string): number {
  let count = 0;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + word.length)) count++;
  return count;
}

/** Whether a frame is a line of data and a blank one, as nearly all are. */
function isOneLine(text: string): boolean {
  const end = text.indexOf('\n');
  return end === text.length - 2 && text.endsWith('\n') && text.startsWith('data:') && !text.includes('\r');
}

/** The frame with other data; its further lines and their ends stay. */
export function withData(frame: Buffer, data: string): Buffer {
  if (isOneLine(frame.toString('latin1')) && !LINE_END.test(data))
    return Buffer.from(`data: ${data}\n\n`, 'utf8');
  const [lineEnd = '\n'] = /\r?\n/.exec(frame.toString('latin1')) ?? [];
  const lines = frame.toString('utf8').split(LINE_END);
  const first = lines.findIndex((line) => line.startsWith('data:'));
  const others = lines.filter((line, at) => at === first || !line.startsWith('data:'));
  others[first] = data
    .split(LINE_END)
    .map((line) => `data: ${line}`)
    .join(lineEnd);
  return Buffer.from(others.join(lineEnd), 'utf8');
}

/** The `data` of a frame, its lines joined; null when it has none (a comment, a bare event). */
export function dataOf(frame: Buffer): string | null {
  const text = frame.toString('utf8');
  if (isOneLine(text)) return text.slice(text.charCodeAt(5) === 0x20 ? 6 : 5, -2);
  let data: string | null = null;
  for (const line of text.split(LINE_END)) {
    if (!line.startsWith('data:')) continue;
    const value = line.charCodeAt(5) === 0x20 ? line.slice(6) : line.slice(5);
    data = data === null ? value : `${data}\n${value}`;
  }
  return data;
}
