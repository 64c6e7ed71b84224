/** Cuts a stream of bytes into its server-sent frames, wherever the bytes happen to be split. */
import { STREAM_FRAME_MAX_BYTES } from '../config/limits.js';
import { dataOf } from './sse.js';

/** One frame's data. Comments and bare events make none. */
export type OnFrame = (data: string) => void;

export interface FrameSplitter {
  push(chunk: Buffer): void;
  /** The stream is over: what is left is a frame that lacks its blank line. */
  end(): void;
}

const EMPTY = Buffer.alloc(0);
const LF = 0x0a;
const CR = 0x0d;

/** A frame longer than the bound is given up on, so that a provider that never ends one cannot fill memory. */
export function createFrameSplitter(onFrame: OnFrame, maxFrameBytes = STREAM_FRAME_MAX_BYTES): FrameSplitter {
  let held: Buffer[] = [];
  let heldBytes = 0;
  /** Inside a frame that was given up on. */
  let skipping = false;
  const give = (frame: Buffer): void => {
    if (skipping) {
      skipping = false;
      return;
    }
    const data = dataOf(frame);
    if (data !== null) onFrame(data);
  };
  const hold = (bytes: Buffer): void => {
    if (bytes.length > 0) held.push(bytes);
    heldBytes += bytes.length;
  };
  const bound = (): void => {
    if (heldBytes <= maxFrameBytes) return;
    skipping = true;
    // The end of a blank line may already be here.
    const tail = Buffer.concat(held).subarray(-3);
    held = [tail];
    heldBytes = tail.length;
  };
  const release = (): Buffer => {
    const [only] = held;
    const bytes =
      only !== undefined && held.length === 1 ? only : held.length === 0 ? EMPTY : Buffer.concat(held);
    held = [];
    heldBytes = 0;
    return bytes;
  };
  return {
    push(chunk) {
      hold(chunk);
      // Without a line end nothing got complete. Joining the pieces each time would make a long frame quadratic.
      if (!chunk.includes(LF)) return bound();
      const bytes = release();
      let start = 0;
      for (let end = endOfFrame(bytes, start); end > 0; end = endOfFrame(bytes, start)) {
        give(bytes.subarray(start, end));
        start = end;
      }
      hold(start === 0 ? bytes : bytes.subarray(start));
      bound();
    },
    end() {
      const rest = release();
      if (rest.length > 0) give(rest);
    },
  };
}

/** End of the first blank line at or after `from`; 0 when there is none. */
function endOfFrame(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(LF, from);
  while (at >= 0) {
    const next = bytes[at + 1];
    if (next === LF) return at + 2;
    if (next === CR && bytes[at + 2] === LF) return at + 3;
    at = bytes.indexOf(LF, at + 1);
  }
  return 0;
}
