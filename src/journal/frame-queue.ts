/** Frames waiting for the disk, back to back in one buffer so that all of them go out in one write. */
import { JOURNAL_RECORD_MAX_BYTES } from '../config/usage-limits.js';
import { FRAME_PREFIX_BYTES, sealFrame } from './format.js';
import type { JournalRecord } from './record.js';

const FIRST_BUFFER_BYTES = 64 * 1024;
/** A UTF-16 unit takes at most three bytes in UTF-8. */
const BYTES_PER_UNIT_MAX = 3;
/** A buffer that grew while the disk refused writes is given back once it is empty. */
const IDLE_BUFFER_MAX_BYTES = 1024 * 1024;

export interface FrameQueue {
  /** Appends a record. When full the oldest is dropped; one too large to ever be read back is dropped at once. */
  push(record: JournalRecord): void;
  /** Every waiting frame; valid until the next call that changes the queue. */
  pending(): Buffer;
  /** Removes the whole frames within the first `bytes` bytes. */
  take(bytes: number): { records: number; bytes: number };
  readonly records: number;
  readonly dropped: number;
}

export function createFrameQueue(maxRecords: number): FrameQueue {
  let buffer = Buffer.allocUnsafe(FIRST_BUFFER_BYTES);
  let head = 0;
  let tail = 0;
  let dropped = 0;
  // Frame lengths in order; those before `first` are gone already.
  let lengths: number[] = [];
  let first = 0;

  const makeRoom = (needed: number): void => {
    if (tail + needed <= buffer.length) return;
    const used = tail - head;
    const target =
      used + needed <= buffer.length / 2
        ? buffer
        : Buffer.allocUnsafe(Math.max(buffer.length * 2, (used + needed) * 2));
    buffer.copy(target, 0, head, tail);
    buffer = target;
    head = 0;
    tail = used;
  };

  const takeFirst = (): number => {
    const length = lengths[first] ?? 0;
    head += length;
    first++;
    if (first === lengths.length) {
      head = tail = first = 0;
      lengths = [];
      if (buffer.length > IDLE_BUFFER_MAX_BYTES) buffer = Buffer.allocUnsafe(FIRST_BUFFER_BYTES);
    } else if (first > maxRecords) {
      lengths = lengths.slice(first);
      first = 0;
    }
    return length;
  };

  return {
    get records() {
      return lengths.length - first;
    },
    get dropped() {
      return dropped;
    },
    push(record) {
      if (lengths.length - first >= maxRecords) {
        takeFirst();
        dropped++;
      }
      const json = JSON.stringify(record);
      makeRoom(FRAME_PREFIX_BYTES + json.length * BYTES_PER_UNIT_MAX);
      const length = buffer.write(json, tail + FRAME_PREFIX_BYTES);
      if (length > JOURNAL_RECORD_MAX_BYTES) {
        dropped++;
        return;
      }
      sealFrame(buffer, tail, length);
      lengths.push(FRAME_PREFIX_BYTES + length);
      tail += FRAME_PREFIX_BYTES + length;
    },
    pending: () => buffer.subarray(head, tail),
    take(bytes) {
      let taken = 0;
      let records = 0;
      while (first < lengths.length && taken + (lengths[first] ?? 0) <= bytes) {
        taken += lengths[first] ?? 0;
        records++;
        takeFirst();
      }
      return { records, bytes: taken };
    },
  };
}
