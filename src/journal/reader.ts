/**
 * Follows every epoch of the journal and hands out requests once they are closed.
 *
 * Places are remembered in memory only: whatever is still on disk at start is read again, and committing it again has to
 * change nothing. A segment goes only when every request with a record in it was committed.
 */
import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  JOURNAL_REPLAY_WINDOW_MS,
  JOURNAL_SWEEP_MS,
  RECORDER_BATCH_MAX_EVENTS,
} from '../config/usage-limits.js';
import type { Clock } from '../domain/clock.js';
import type { Logger } from '../observability/logger.js';
import { createEpochReader, type ClosedRequest, type EpochReader } from './epoch-reader.js';
import { COMMITTED_FOLDER, isEpochName } from './layout.js';

export type { ClosedRequest } from './epoch-reader.js';

/** Records that may be read in one poll without a single request being closed by them. */
const RECORDS_PER_REQUEST = 8;
/** Measured size of an ended request's records, to tell a backlog in bytes as a number of records. */
const TYPICAL_RECORD_BYTES = 800;

export interface JournalReaderOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Keeps committed segments for a while and hands them out again at the next start, for databases that may lose commits. */
  readonly keep: boolean;
  readonly replayWindowMs?: number;
}

export interface JournalBatch {
  /** In order within each epoch. */
  readonly requests: readonly ClosedRequest[];
  /** Whether there is more to read at once. */
  readonly more: boolean;
}

export interface JournalLag {
  /** Read but not committed, and an estimate of what is not read yet. */
  readonly records: number;
  /** When the oldest request that waits for its commit was over; null when none does. */
  readonly oldestAt: number | null;
  /** Stretches of bytes that could not be read as records, since start. */
  readonly damaged: number;
}

export interface EpochStatus {
  readonly name: string;
  readonly writerAlive: boolean;
  /** Requests that began and have not ended. */
  readonly openRequests: number;
}

export interface JournalReader {
  /** Closed requests that were not handed out before, at most `maxRequests`. */
  poll(maxRequests?: number): JournalBatch;
  /** The batch's requests are in the database for good. */
  committed(batch: JournalBatch): void;
  lag(): JournalLag;
  epochs(): EpochStatus[];
  close(): void;
}

export function createJournalReader(options: JournalReaderOptions): JournalReader {
  const { directory, clock, logger, keep, replayWindowMs = JOURNAL_REPLAY_WINDOW_MS } = options;
  const committedFolder = join(directory, COMMITTED_FOLDER);
  const epochs = new Map<string, EpochReader>();
  const waiting = new Map<ClosedRequest, EpochReader>();
  let turn = 0;
  let sweepAt = 0;
  let damagedBefore = 0;

  const follow = (name: string): void => {
    if (epochs.has(name)) return;
    const committedPath = keep ? join(committedFolder, name) : null;
    epochs.set(name, createEpochReader({ path: join(directory, name), committedPath, logger }));
  };

  const followAll = (): void => {
    for (const name of readdirSync(directory).filter(isEpochName).sort()) follow(name);
  };

  const forget = (name: string, epoch: EpochReader): void => {
    epoch.close();
    damagedBefore += epoch.damaged;
    epochs.delete(name);
    rmSync(join(directory, name), { recursive: true, force: true });
  };

  /** Removes kept segments whose time is over. */
  const expire = (nowMs: number): void => {
    for (const name of readdirSync(committedFolder)) {
      const folder = join(committedFolder, name);
      const files = readdirSync(folder);
      const expired = files.filter((file) => {
        // It may be gone: a gateway deletes kept segments when it needs their room.
        const found = statSync(join(folder, file), { throwIfNoEntry: false });
        return found === undefined || found.mtimeMs < nowMs - replayWindowMs;
      });
      for (const file of expired) rmSync(join(folder, file), { force: true });
      if (expired.length === files.length) rmdirSync(folder);
    }
  };

  const sweep = (): void => {
    const now = clock.now();
    for (const [name, epoch] of epochs) {
      epoch.sweep(now);
      if (epoch.finished) forget(name, epoch);
    }
    if (keep && clock.monotonic() >= sweepAt) {
      sweepAt = clock.monotonic() + JOURNAL_SWEEP_MS;
      expire(now);
    }
  };

  mkdirSync(keep ? committedFolder : directory, { recursive: true, mode: 0o700 });
  if (keep) {
    sweep();
    for (const name of readdirSync(committedFolder).filter(isEpochName).sort()) follow(name);
  }

  return {
    poll(maxRequests = RECORDER_BATCH_MAX_EVENTS) {
      followAll();
      const readers = [...epochs.values()];
      const requests: ClosedRequest[] = [];
      let budget = maxRequests * RECORDS_PER_REQUEST;
      // Each epoch goes first in its turn, so that a long backlog of one delays no other for good.
      turn++;
      for (let i = 0; i < readers.length; i++) {
        const epoch = readers[(i + turn) % readers.length];
        epoch?.refresh();
        while (epoch && budget > 0 && requests.length < maxRequests) {
          const step = epoch.step();
          if (step === null) break;
          budget--;
          if (step === 'record') continue;
          requests.push(step);
          waiting.set(step, epoch);
        }
      }
      if (requests.length === 0) sweep();
      return { requests, more: budget === 0 || requests.length === maxRequests };
    },
    committed({ requests }) {
      for (const request of requests) {
        waiting.get(request)?.committed(request);
        waiting.delete(request);
      }
      sweep();
    },
    lag() {
      // While the database is away nobody polls; a folder that cannot be read is what the next poll says.
      if (existsSync(directory)) followAll();
      let oldestAt: number | null = null;
      for (const request of waiting.keys()) {
        const at = request.kind === 'ended' ? request.end.occurredAt : request.occurredAt;
        if (oldestAt === null || at < oldestAt) oldestAt = at;
      }
      let unread = 0;
      let damaged = damagedBefore;
      for (const epoch of epochs.values()) {
        unread += epoch.unreadBytes;
        damaged += epoch.damaged;
      }
      return { records: waiting.size + Math.ceil(unread / TYPICAL_RECORD_BYTES), oldestAt, damaged };
    },
    epochs: () =>
      [...epochs].map(([name, { writerAlive, openRequests }]) => ({ name, writerAlive, openRequests })),
    close() {
      for (const epoch of epochs.values()) epoch.close();
      epochs.clear();
    },
  };
}
