/** Watches a stream whose bytes pass through as they came: reads the few frames worth it, counts what brings content. */
import { countOccurrences, createFrameScanner, dataOf } from './sse.js';
import type { StreamReader, StreamState } from './protocol.js';
import { newStreamState } from './stream-state.js';

export interface WatchedFormat {
  /** Found in every frame that is worth reading; its place does not matter, it is copied. */
  readonly worthReading: RegExp;
  /** Found once in every frame that brings a piece of the answer. */
  readonly content: string;
  readonly frameMaxBytes: number;
  /** Takes what there is to be known from a frame. */
  note(state: StreamState, data: string): void;
  /** For a stream of its own: whether what comes from here on may be its end. */
  newEndWatch(): (chunk: Buffer) => boolean;
}

const EMPTY = Buffer.alloc(0);

export function createWatchingReader(format: WatchedFormat): StreamReader {
  const state = newStreamState();
  const scanner = createFrameScanner({
    // An expression with the global flag carries its place: each stream needs its own.
    marker: new RegExp(format.worthReading),
    visit(bytes) {
      const data = dataOf(bytes);
      if (data !== null) format.note(state, data);
      return bytes;
    },
    onText(text) {
      state.opened ||= text.includes('data:');
      state.contentFrames += countOccurrences(text, format.content);
    },
    maxFrameBytes: format.frameMaxBytes,
  });
  return Object.assign(state, {
    mayEnd: format.newEndWatch(),
    push(chunk: Buffer) {
      scanner.push(chunk);
      return chunk;
    },
    end() {
      scanner.end();
      return EMPTY;
    },
  });
}
