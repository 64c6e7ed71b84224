/**
 * Splits a stream of bytes into server-sent frames as they complete. Frames keep their bytes, blank line included, so
 * that passing them on is passing on what came.
 */

const LF = 0x0a;
const CR = 0x0d;

/** A whole frame: its bytes with the blank line that ended it, or without one at the end of a stream. */
export type FrameVisitor = (frame: Buffer) => void;

export interface FrameSplitter {
  push(chunk: Buffer, visit: FrameVisitor): void;
  /** Hands out what is left: the last frame may lack its blank line. */
  end(visit: FrameVisitor): void;
  /** Bytes of the frame that is still incomplete. */
  readonly pending: number;
}

/**
 * @param maxFrameBytes a longer frame is handed out in pieces, so that a provider that never ends one cannot fill memory
 */
export function createFrameSplitter(maxFrameBytes: number): FrameSplitter {
  let carry: Buffer | null = null;
  return {
    get pending() {
      return carry?.length ?? 0;
    },
    push(chunk, visit) {
      // A boundary may lie across the seam: look again from three bytes before it.
      const from = carry === null ? 0 : Math.max(0, carry.length - 3);
      const bytes: Buffer = carry === null ? chunk : Buffer.concat([carry, chunk]);
      let start = 0;
      let end = frameEnd(bytes, from);
      while (end > 0) {
        visit(bytes.subarray(start, end));
        start = end;
        end = frameEnd(bytes, start);
      }
      if (bytes.length - start > maxFrameBytes) {
        visit(bytes.subarray(start));
        start = bytes.length;
      }
      carry = start === bytes.length ? null : bytes.subarray(start);
    },
    end(visit) {
      if (carry !== null) visit(carry);
      carry = null;
    },
  };
}

/** End of the first blank line at or after `from`: LF LF, CR LF CR LF, or a mix; -1 when there is none. */
function frameEnd(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(LF, from);
  while (at >= 0) {
    const next = bytes[at + 1];
    if (next === LF) return at + 2;
    if (next === CR && bytes[at + 2] === LF) return at + 3;
    at = bytes.indexOf(LF, at + 1);
  }
  return -1;
}

/** The `data` of a frame, its lines joined; null when it has none (a comment, a bare event). */
export function dataOf(frame: Buffer): string | null {
  let data: string | null = null;
  for (const line of frame.toString('utf8').split(/\r\n|\n|\r/)) {
    if (!line.startsWith('data:')) continue;
    const value = line.charCodeAt(5) === 0x20 ? line.slice(6) : line.slice(5);
    data = data === null ? value : `${data}\n${value}`;
  }
  return data;
}
