/**
 * Appends one gateway process's records to its epoch of the journal. Never in a request's way: a disk that refuses
 * writes makes records wait in bounded memory, and at worst be dropped and counted.
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  JOURNAL_PENDING_MAX_RECORDS,
  JOURNAL_RETRY_MS,
  JOURNAL_SEGMENT_MAX_AGE_MS,
  JOURNAL_SIZE_DEFAULT_BYTES,
  JOURNAL_SYNC_INTERVAL_MS,
} from '../config/usage-limits.js';
import type { Clock } from '../domain/clock.js';
import { StartupError } from '../domain/errors.js';
import type { Logger } from '../observability/logger.js';
import { createJournalBudget, segmentBytesFor } from './budget.js';
import { systemFiles, type JournalFiles } from './files.js';
import { createFrameQueue } from './frame-queue.js';
import { closeEpoch, createEpoch } from './layout.js';
import type { JournalRecord } from './record.js';
import { createSegmentWriter } from './segment-writer.js';
import { createSyncer, type SyncPolicy } from './syncer.js';

export interface JournalWriterOptions {
  /** The journal's folder; made when missing. */
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fsync?: SyncPolicy;
  readonly syncIntervalMs?: number;
  /** What the whole journal may take on disk, and how many writers share that. */
  readonly maxBytes?: number;
  readonly writers?: number;
  readonly segmentMaxBytes?: number;
  readonly segmentMaxAgeMs?: number;
  readonly pendingMaxRecords?: number;
  readonly files?: JournalFiles;
}

/** What an operator has to know of. */
export interface JournalTrouble {
  /** Whether the last write failed. */
  readonly failing: boolean;
  /** Records lost because the disk refused writes for too long, or because they were too large. */
  readonly dropped: number;
  /** Whether usage had to go for the journal to stay within its share of the disk, when it was last looked at. */
  readonly full: boolean;
  readonly lostSegments: number;
  readonly lostBytes: number;
  /** How often the disk said that it could not make safe what it had taken. */
  readonly syncFailures: number;
}

export interface JournalWriterStats extends JournalTrouble {
  readonly appended: number;
  /** Records handed to the kernel. */
  readonly written: number;
  readonly bytes: number;
}

export interface JournalWriter {
  /** Takes a record; it is on its way to the disk by the next turn of the event loop. Never throws. */
  append(record: JournalRecord): void;
  /**
   * Hands everything appended so far to the kernel before it returns, unless the disk refuses; with `fsync: 'each'` to
   * the disk itself. Never throws.
   */
  flush(): void;
  /** Flushes and says that this epoch is complete. */
  close(): void;
  stats(): JournalWriterStats;
}

/** Opens a new epoch under `directory`. A folder that cannot be written is a {@link StartupError}. */
export function createJournalWriter(options: JournalWriterOptions): JournalWriter {
  const {
    directory,
    clock,
    logger,
    maxBytes = JOURNAL_SIZE_DEFAULT_BYTES,
    segmentMaxBytes = segmentBytesFor(maxBytes, options.writers ?? 1),
    segmentMaxAgeMs = JOURNAL_SEGMENT_MAX_AGE_MS,
    files = systemFiles,
  } = options;
  const fsync = options.fsync ?? 'off';
  const epoch = openEpoch(directory, clock.now(), fsync === 'off' ? null : files);
  const queue = createFrameQueue(options.pendingMaxRecords ?? JOURNAL_PENDING_MAX_RECORDS);
  const budget = createJournalBudget({ directory, maxBytes, segmentBytes: segmentMaxBytes, logger });
  const syncer = createSyncer({
    policy: fsync,
    intervalMs: options.syncIntervalMs ?? JOURNAL_SYNC_INTERVAL_MS,
    files,
    logger,
  });
  const segments = createSegmentWriter({
    epoch,
    clock,
    files,
    syncer,
    maxBytes: segmentMaxBytes,
    maxAgeMs: segmentMaxAgeMs,
    onBegin: () => void budget.enforce(),
  });
  let appended = 0;
  let failing = false;
  let retryAt = 0;
  let scheduled: NodeJS.Immediate | null = null;
  let retryTimer: NodeJS.Timeout | null = null;
  let ageTimer: NodeJS.Timeout | null = null;
  let closed = false;

  const attempt = (): void => {
    try {
      segments.write(queue);
      if (segments.aging) watchAge();
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

  const watchAge = (): void => {
    ageTimer ??= setTimeout(() => {
      ageTimer = null;
      if (segments.aging && !failing) attempt();
    }, segmentMaxAgeMs).unref();
  };

  /** Whether a write makes sense now; a disk that refuses is asked again by its timer. */
  const mayWrite = (): boolean => !closed && queue.records > 0 && !(failing && clock.monotonic() < retryAt);

  return {
    append(record) {
      if (closed) return;
      appended++;
      queue.push(record);
      scheduled ??= setImmediate(() => {
        scheduled = null;
        if (mayWrite()) attempt();
      });
    },
    flush() {
      if (mayWrite()) attempt();
      if (!closed) segments.settle();
    },
    close() {
      if (closed) return;
      closed = true;
      if (queue.records > 0) attempt();
      if (queue.records > 0)
        logger.error(
          { records: queue.records },
          'usage records are lost: the journal refused them to the end',
        );
      if (scheduled) clearImmediate(scheduled);
      for (const timer of [retryTimer, ageTimer]) if (timer) clearTimeout(timer);
      syncer.close();
      closeEpoch(epoch);
    },
    stats: () => ({
      appended,
      written: segments.writtenRecords,
      bytes: segments.writtenBytes,
      failing,
      dropped: queue.dropped,
      full: budget.full,
      lostSegments: budget.lostSegments,
      lostBytes: budget.lostBytes,
      syncFailures: syncer.failures,
    }),
  };
}

function openEpoch(directory: string, nowMs: number, files: JournalFiles | null): string {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    const epoch = createEpoch(directory, nowMs);
    for (const folder of [directory, dirname(directory)]) files?.syncFolderNow(folder);
    return epoch;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StartupError(
      `The usage journal cannot be written (${reason}); make ${directory} writable for this user.`,
    );
  }
}
