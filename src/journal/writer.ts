/**
 * Appends one gateway process's records to its epoch of the journal. Never in a request's way: a disk that refuses
 * writes makes records wait in bounded memory, and at worst be dropped and counted.
 */
import { closeSync, ftruncateSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  JOURNAL_PENDING_MAX_RECORDS,
  JOURNAL_RETRY_MS,
  JOURNAL_SEGMENT_MAX_BYTES,
} from '../config/limits.js';
import type { Clock } from '../domain/clock.js';
import { StartupError } from '../domain/errors.js';
import type { Logger } from '../observability/logger.js';
import { SEGMENT_HEADER } from './format.js';
import { createFrameQueue } from './frame-queue.js';
import { closeEpoch, createEpoch, segmentName } from './layout.js';
import type { JournalRecord } from './record.js';

export interface JournalWriterOptions {
  /** The journal's folder; made when missing. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly segmentMaxBytes?: number;
  readonly pendingMaxRecords?: number;
  /** For tests of a failing disk. */
  readonly write?: typeof writeSync;
}

export interface JournalWriterStats {
  readonly appended: number;
  /** Records handed to the kernel. */
  readonly written: number;
  readonly bytes: number;
  /** Records lost because the disk refused writes for too long, or because they were too large. */
  readonly dropped: number;
  /** Whether the last write failed. */
  readonly failing: boolean;
}

export interface JournalWriter {
  /** Takes a record; it is on its way to the disk by the next turn of the event loop. Never throws. */
  append(record: JournalRecord): void;
  /** Hands everything appended so far to the kernel before it returns, unless the disk refuses. Never throws. */
  flush(): void;
  /** Flushes and says that this epoch is complete. */
  close(): void;
  stats(): JournalWriterStats;
}

interface Segment {
  readonly fd: number;
  /** End of the last whole frame. */
  position: number;
}

/** Opens a new epoch under `directory`. A folder that cannot be written is a {@link StartupError}. */
export function createJournalWriter(options: JournalWriterOptions): JournalWriter {
  const {
    directory,
    clock,
    logger,
    segmentMaxBytes = JOURNAL_SEGMENT_MAX_BYTES,
    write = writeSync,
  } = options;
  const epoch = openEpoch(directory, clock.now());
  const queue = createFrameQueue(options.pendingMaxRecords ?? JOURNAL_PENDING_MAX_RECORDS);
  let segment: Segment | null = null;
  let segmentsMade = 0;
  let appended = 0;
  let written = 0;
  let bytes = 0;
  let failing = false;
  let retryAt = 0;
  let scheduled: NodeJS.Immediate | null = null;
  let retryTimer: NodeJS.Timeout | null = null;
  let closed = false;

  const openSegment = (): Segment => {
    const fd = openSync(join(epoch, segmentName(segmentsMade + 1)), 'wx', 0o600);
    segmentsMade++;
    const opened = { fd, position: 0 };
    segment = opened;
    return opened;
  };

  /** Writes `chunk` from the segment's position on; returns what was written even when the disk then refused. */
  const writeChunk = (to: Segment, chunk: Buffer): { done: number; error: unknown } => {
    let done = 0;
    try {
      while (done < chunk.length) {
        const count = write(to.fd, chunk, done, chunk.length - done, to.position + done);
        if (count === 0) throw new Error('the disk took no bytes');
        done += count;
      }
      return { done, error: null };
    } catch (error) {
      return { done, error };
    }
  };

  const writeHeader = (to: Segment): void => {
    const { done, error } = writeChunk(to, SEGMENT_HEADER);
    if (error !== null) throw error;
    to.position = done;
  };

  const writeFrames = (to: Segment): void => {
    const { done, error } = writeChunk(to, queue.pending());
    const whole = queue.take(done);
    to.position += whole.bytes;
    written += whole.records;
    bytes += whole.bytes;
    if (error === null) return;
    // Half a frame would be overwritten by one of another length and then read as damage.
    ftruncateSync(to.fd, to.position);
    throw error;
  };

  const drain = (): void => {
    let current = segment;
    if (current && current.position >= segmentMaxBytes) {
      closeSync(current.fd);
      segment = current = null;
    }
    current ??= openSegment();
    if (current.position === 0) writeHeader(current);
    writeFrames(current);
  };

  const attempt = (): void => {
    if (queue.records === 0) return;
    try {
      drain();
      if (failing) logger.info({ dropped: queue.dropped }, 'the usage journal is written again');
      failing = false;
    } catch (error) {
      if (!failing)
        logger.error({ err: error }, 'the usage journal cannot be written; records wait in memory');
      failing = true;
      retryAt = clock.monotonic() + JOURNAL_RETRY_MS;
      retryTimer ??= setTimeout(() => {
        retryTimer = null;
        attempt();
      }, JOURNAL_RETRY_MS).unref();
    }
  };

  const flush = (): void => {
    if (closed || (failing && clock.monotonic() < retryAt)) return;
    attempt();
  };

  return {
    append(record) {
      if (closed) return;
      appended++;
      queue.push(record);
      scheduled ??= setImmediate(() => {
        scheduled = null;
        flush();
      });
    },
    flush,
    close() {
      if (closed) return;
      closed = true;
      attempt();
      if (queue.records > 0)
        logger.error(
          { records: queue.records },
          'usage records are lost: the journal refused them to the end',
        );
      if (scheduled) clearImmediate(scheduled);
      if (retryTimer) clearTimeout(retryTimer);
      if (segment) closeSync(segment.fd);
      segment = null;
      closeEpoch(epoch);
    },
    stats: () => ({ appended, written, bytes, dropped: queue.dropped, failing }),
  };
}

function openEpoch(directory: string, nowMs: number): string {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return createEpoch(directory, nowMs);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartupError(
      `The usage journal cannot be written (${reason}); make ${directory} writable for this user.`,
    );
  }
}
