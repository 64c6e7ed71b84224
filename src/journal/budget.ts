/**
 * Keeps the journal within its share of the disk. When the database is away for so long that the share is used up, the
 * oldest segments go: requests are served on, and the newest usage is kept.
 */
import { rm } from 'node:fs/promises';
import {
  JOURNAL_SEGMENTS_PER_WRITER_MIN,
  JOURNAL_SEGMENT_MAX_BYTES,
  JOURNAL_SEGMENT_MIN_BYTES,
} from '../config/usage-limits.js';
import type { Logger } from '../observability/logger.js';
import { listSegments } from './disk-use.js';

export interface JournalBudgetOptions {
  readonly directory: string;
  readonly maxBytes: number;
  /** Room that every growing segment may still come to need. */
  readonly segmentBytes: number;
  readonly logger: Logger;
}

export interface JournalBudget {
  /** Deletes what is too much, beside the event loop. Never rejects. */
  enforce(): Promise<void>;
  /** Whether the last look found usage that had to go. */
  readonly full: boolean;
  /** Segments that went before all of their requests were known to be in the database. */
  readonly lostSegments: number;
  readonly lostBytes: number;
}

/** Size at which segments rotate, so that those being written are a small part of the journal however many gateways there are. */
export function segmentBytesFor(maxBytes: number, writers: number): number {
  const share = Math.floor(maxBytes / (writers * JOURNAL_SEGMENTS_PER_WRITER_MIN));
  return Math.max(Math.min(share, JOURNAL_SEGMENT_MAX_BYTES), JOURNAL_SEGMENT_MIN_BYTES);
}

export function createJournalBudget(options: JournalBudgetOptions): JournalBudget {
  const { directory, maxBytes, segmentBytes, logger } = options;
  let full = false;
  let lostSegments = 0;
  let lostBytes = 0;
  let looking: Promise<void> | null = null;
  let lookAgain = false;

  const look = async (): Promise<void> => {
    const segments = await listSegments(directory);
    let total = 0;
    for (const { bytes, growing } of segments) total += growing ? Math.max(bytes, segmentBytes) : bytes;
    let lost = 0;
    for (const { path, bytes, committed, growing } of segments) {
      if (total <= maxBytes) break;
      if (growing) continue;
      await rm(path, { force: true });
      total -= bytes;
      if (committed) continue;
      lost++;
      lostBytes += bytes;
    }
    lostSegments += lost;
    if (lost > 0)
      logger.error(
        { segments: lost, lostSegments, lostBytes, maxBytes },
        'the usage journal has reached JOURNAL_MAX_BYTES; its oldest usage is lost',
      );
    full = lost > 0;
  };

  const lookUntilDone = async (): Promise<void> => {
    // What was begun while it looked is not in what it saw.
    while (lookAgain) {
      lookAgain = false;
      await look().catch((error: unknown) =>
        logger.error({ err: error }, 'the usage journal cannot be measured'),
      );
    }
  };

  return {
    get full() {
      return full;
    },
    get lostSegments() {
      return lostSegments;
    },
    get lostBytes() {
      return lostBytes;
    },
    enforce() {
      lookAgain = true;
      looking ??= lookUntilDone().finally(() => (looking = null));
      return looking;
    },
  };
}
