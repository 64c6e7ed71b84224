/** Writes the segments of one epoch: whole frames only, in files that end at their size or their age. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { JOURNAL_AGED_SEGMENTS_MAX } from '../config/usage-limits.js';
import type { Clock } from '../domain/clock.js';
import type { JournalFiles } from './files.js';
import { SEGMENT_HEADER } from './format.js';
import type { FrameQueue } from './frame-queue.js';
import { segmentName } from './layout.js';
import type { Syncer } from './syncer.js';

export interface SegmentWriterOptions {
  /** The epoch's folder. */
  readonly epoch: string;
  readonly clock: Clock;
  readonly files: JournalFiles;
  readonly syncer: Syncer;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** A new segment was begun. */
  readonly onBegin: () => void;
}

export interface SegmentWriter {
  /**
   * Ends a segment that is over, and writes what waits. Throws what the disk says when it refuses; what it took until
   * then is gone from the queue.
   */
  write(queue: FrameQueue): void;
  /** Waits for the disk where the policy says so. */
  settle(): void;
  /** Whether there is something that age will end. */
  readonly aging: boolean;
  readonly writtenRecords: number;
  readonly writtenBytes: number;
}

interface Segment {
  readonly fd: number;
  /** End of the last whole frame. */
  position: number;
  /** When its first frame was written, by the monotonic clock; null before. */
  startedAt: number | null;
}

export function createSegmentWriter(options: SegmentWriterOptions): SegmentWriter {
  const { epoch, clock, files, syncer, maxBytes, maxAgeMs, onBegin } = options;
  let current: Segment | null = null;
  let made = 0;
  let writtenRecords = 0;
  let writtenBytes = 0;

  const begin = (): Segment => {
    const path = join(epoch, segmentName(made + 1));
    const fd = files.create(path);
    made++;
    syncer.opened(fd, path);
    onBegin();
    return (current = { fd, position: 0, startedAt: null });
  };

  const isOver = (segment: Segment): boolean => {
    if (segment.position >= maxBytes) return true;
    if (segment.startedAt === null || clock.monotonic() - segment.startedAt < maxAgeMs) return false;
    // With a reader that does not keep up nothing is gained; its time begins anew.
    segment.startedAt = clock.monotonic();
    return readdirSync(epoch).length <= JOURNAL_AGED_SEGMENTS_MAX;
  };

  /** Writes from the segment's position on; answers what was written even when the disk then refused. */
  const put = (segment: Segment, bytes: Buffer): { done: number; error: unknown } => {
    let done = 0;
    try {
      while (done < bytes.length) {
        const count = files.write(segment.fd, bytes.subarray(done), segment.position + done);
        if (count === 0) throw new Error('the disk took no bytes');
        done += count;
      }
      return { done, error: null };
    } catch (error) {
      return { done, error };
    }
  };

  const putHeader = (segment: Segment): void => {
    const { done, error } = put(segment, SEGMENT_HEADER);
    if (error !== null) throw error;
    segment.position = done;
  };

  const putFrames = (segment: Segment, queue: FrameQueue): void => {
    const { done, error } = put(segment, queue.pending());
    const whole = queue.take(done);
    segment.position += whole.bytes;
    segment.startedAt ??= clock.monotonic();
    writtenRecords += whole.records;
    writtenBytes += whole.bytes;
    syncer.written(segment.fd);
    if (error === null) return;
    // Half a frame would be overwritten by one of another length and then read as damage.
    files.truncate(segment.fd, segment.position);
    throw error;
  };

  return {
    get aging() {
      return current !== null && current.startedAt !== null;
    },
    get writtenRecords() {
      return writtenRecords;
    },
    get writtenBytes() {
      return writtenBytes;
    },
    write(queue) {
      if (current && isOver(current)) {
        syncer.retire(current.fd);
        current = null;
      }
      const segment = current ?? begin();
      // Also with nothing to write: the new file tells the reader that the one before it is complete.
      if (segment.position === 0) putHeader(segment);
      if (queue.records > 0) putFrames(segment, queue);
    },
    settle() {
      if (current) syncer.settle(current.fd);
    },
  };
}
