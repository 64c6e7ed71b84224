/** Reads one segment of the journal, record by record, while it may still grow. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { JOURNAL_RECORD_MAX_BYTES } from '../config/usage-limits.js';
import { decodeFrame, FRAME_PREFIX_BYTES, nextFrame, SEGMENT_HEADER } from './format.js';
import type { JournalRecord } from './record.js';

/** Holds the largest frame whole, whatever comes before it. */
const CHUNK_BYTES = 2 * (JOURNAL_RECORD_MAX_BYTES + FRAME_PREFIX_BYTES);

export interface SegmentReader {
  /**
   * The next record, or null when there is none for now. `final` says that nothing more will be written: then what is
   * incomplete is damage instead of something to wait for, and null means the end.
   */
  next(final: boolean): JournalRecord | null;
  /** Bytes not read yet, now. */
  readonly unread: number;
  /** Stretches of bytes that are no records. */
  readonly damaged: number;
  /** Set when the segment is of another format, or of a later version of this one. */
  readonly foreign: boolean;
  close(): void;
}

/** Null when the file is gone. */
export function openSegmentReader(path: string): SegmentReader | null {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  // The part of the file in memory: `chunk` starts at `base`, and `at` is the place within it.
  let base = 0;
  let chunk: Buffer = Buffer.alloc(0);
  let at = 0;
  let started = false;
  let foreign = false;
  let damaged = 0;
  let inDamage = false;

  /** Reads on from the current place; false when the file holds nothing beyond what is in memory. */
  const refill = (): boolean => {
    const { size } = fstatSync(fd);
    if (base + chunk.length >= size) return false;
    base += at;
    at = 0;
    chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - base));
    chunk = chunk.subarray(0, readSync(fd, chunk, 0, chunk.length, base));
    return chunk.length > 0;
  };

  const start = (final: boolean): boolean => {
    while (chunk.length < SEGMENT_HEADER.length && refill());
    if (chunk.length < SEGMENT_HEADER.length) {
      if (final && chunk.length > 0) damaged++;
      return false;
    }
    foreign = !chunk.subarray(0, SEGMENT_HEADER.length).equals(SEGMENT_HEADER);
    at = SEGMENT_HEADER.length;
    return (started = !foreign);
  };

  /** Steps over bytes that are no record; false when what follows has to be waited for. */
  const skipTo = (next: number, final: boolean): boolean => {
    if (!inDamage) damaged++;
    inDamage = true;
    if (next < chunk.length) {
      at = next;
      return true;
    }
    // The next record may begin in these bytes and end beyond them.
    at = Math.max(at + 1, chunk.length - JOURNAL_RECORD_MAX_BYTES - FRAME_PREFIX_BYTES);
    if (refill()) return true;
    if (final) at = chunk.length;
    return final;
  };

  return {
    get unread() {
      return Math.max(fstatSync(fd).size - base - at, 0);
    },
    get damaged() {
      return damaged;
    },
    get foreign() {
      return foreign;
    },
    next(final) {
      if (foreign || (!started && !start(final))) return null;
      for (;;) {
        const frame = decodeFrame(chunk, at);
        if (frame.type === 'record') {
          at = frame.next;
          inDamage = false;
          return frame.record;
        }
        if (frame.type === 'partial') {
          if (refill()) continue;
          if (!final || at >= chunk.length) return null;
          if (!skipTo(nextFrame(chunk, at), final)) return null;
        } else if (!skipTo(frame.next, final)) return null;
      }
    },
    close: () => closeSync(fd),
  };
}
