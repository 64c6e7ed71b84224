/** Reads one epoch of the journal: joins records into requests, and knows which segments are still needed. */
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { timeOfId } from '../domain/ids.js';
import type { Logger } from '../observability/logger.js';
import { epochIsOpen, segmentName, segmentNumber } from './layout.js';
import type { AttemptRecord, EndRecord, JournalRecord, RequestRecord } from './record.js';
import { openSegmentReader, type SegmentReader } from './segment-reader.js';

/** A request that nothing more will be written about. */
export type ClosedRequest =
  | { readonly kind: 'ended'; readonly end: EndRecord }
  /** Its gateway died first; this is what it had written down until then. */
  | {
      readonly kind: 'interrupted';
      readonly request: RequestRecord;
      readonly attempts: readonly AttemptRecord[];
      readonly firstTokenMs: number | null;
      /** When its gateway is last known to have lived. */
      readonly occurredAt: number;
    };

export interface EpochReaderOptions {
  readonly path: string;
  /** Where its committed segments are kept, and found again at start; null to delete them. */
  readonly committedPath: string | null;
  readonly logger: Logger;
}

/** What one step found: a closed request, a record that closed none, or nothing for now. */
export type EpochStep = ClosedRequest | 'record' | null;

export interface EpochReader {
  /** Looks at what is on disk; to be called before a round of steps. */
  refresh(): void;
  step(): EpochStep;
  /** The request is in the database. */
  committed(request: ClosedRequest): void;
  /** Deletes, or moves aside, the segments nothing waits for any more. */
  sweep(nowMs: number): void;
  /** Everything was read and swept, and no writer is left. */
  readonly finished: boolean;
  readonly writerAlive: boolean;
  readonly openRequests: number;
  /** What is on disk now, whether it was looked at or not. */
  readonly unreadBytes: number;
  readonly damaged: number;
  close(): void;
}

interface Segment {
  readonly number: number;
  path: string;
  /** Already in the folder of committed segments. */
  aside: boolean;
  read: boolean;
  /** Not ours to delete, because it was not understood. */
  foreign: boolean;
  /** Uncommitted requests with a record in it. */
  holds: number;
}

interface OpenRequest {
  readonly request: RequestRecord;
  attempts: readonly AttemptRecord[];
  firstTokenMs: number | null;
  readonly segments: Set<Segment>;
}

export function createEpochReader({ path, committedPath, logger }: EpochReaderOptions): EpochReader {
  const segments = new Map<number, Segment>();
  const open = new Map<string, OpenRequest>();
  const segmentsOf = new Map<ClosedRequest, Set<Segment>>();
  let interrupted: ClosedRequest[] = [];
  let current: { segment: Segment; reader: SegmentReader } | null = null;
  let writerAlive = true;
  let settled = false;
  let lastNumber = 0;
  let lastKnown = 0;
  let damaged = 0;

  const list = (folder: string, aside: boolean): void => {
    for (const name of namesIn(folder)) {
      const number = segmentNumber(name);
      if (number === null || segments.has(number)) continue;
      const file = join(folder, name);
      segments.set(number, { number, path: file, aside, read: false, foreign: false, holds: 0 });
      lastNumber = Math.max(lastNumber, number);
    }
  };
  if (committedPath !== null) list(committedPath, true);

  const nextUnread = (): Segment | null => {
    let first: Segment | null = null;
    for (const segment of segments.values()) {
      if (!segment.read && (first === null || segment.number < first.number)) first = segment;
    }
    return first;
  };

  const finish = (segment: Segment, reader: SegmentReader): void => {
    segment.read = true;
    segment.foreign = reader.foreign;
    damaged += reader.damaged;
    reader.close();
    current = null;
    if (reader.foreign)
      logger.error({ segment: segment.path }, 'a journal segment is of an unknown format and stays unread');
    if (reader.damaged > 0)
      logger.error(
        { segment: segment.path, places: reader.damaged },
        'a journal segment is damaged; the records there are lost',
      );
  };

  /** Leaves a segment that the disk cannot read where it is, for the next start, and goes on behind it. */
  const attempt = <T>(segment: Segment, read: () => T): T | 'unreadable' => {
    try {
      return read();
    } catch (error) {
      if (isPassing(error)) throw error;
      logger.error({ err: error, segment: segment.path }, 'a journal segment cannot be read');
      damaged += 1 + (current?.reader.damaged ?? 0);
      current?.reader.close();
      current = null;
      segment.read = segment.foreign = true;
      return 'unreadable';
    }
  };

  const closeInterrupted = (): void => {
    settled = true;
    interrupted = [...open.values()].map((request) => {
      const closed: ClosedRequest = {
        kind: 'interrupted',
        request: request.request,
        attempts: request.attempts,
        firstTokenMs: request.firstTokenMs,
        occurredAt: lastKnown,
      };
      segmentsOf.set(closed, request.segments);
      return closed;
    });
    open.clear();
  };

  const hold = (held: Set<Segment>, segment: Segment): void => {
    if (held.has(segment)) return;
    held.add(segment);
    segment.holds++;
  };

  const take = (record: JournalRecord, segment: Segment): EpochStep => {
    if (record.kind === 'begin') {
      const opened = {
        request: record.request,
        attempts: [],
        firstTokenMs: null,
        segments: new Set<Segment>(),
      };
      hold(opened.segments, segment);
      open.set(record.request.id, opened);
      lastKnown = Math.max(lastKnown, timeOfId(record.request.id));
      return 'record';
    }
    if (record.kind === 'progress') {
      const request = open.get(record.id);
      if (!request) return 'record';
      hold(request.segments, segment);
      request.attempts = record.attempts;
      request.firstTokenMs = record.firstTokenMs;
      return 'record';
    }
    const closed: ClosedRequest = { kind: 'ended', end: record };
    const held = open.get(record.request.id)?.segments ?? new Set<Segment>();
    hold(held, segment);
    open.delete(record.request.id);
    segmentsOf.set(closed, held);
    lastKnown = Math.max(lastKnown, record.occurredAt);
    return closed;
  };

  return {
    get finished() {
      return (
        settled &&
        interrupted.length === 0 &&
        segmentsOf.size === 0 &&
        [...segments.values()].every((segment) => segment.aside)
      );
    },
    get writerAlive() {
      return writerAlive;
    },
    get openRequests() {
      return open.size;
    },
    get unreadBytes() {
      let bytes = current?.reader.unread ?? 0;
      for (const segment of segments.values())
        if (!segment.read && segment !== current?.segment) bytes += sizeOf(segment.path);
      if (settled) return bytes;
      // While the database is away nobody looks for new ones.
      for (const name of namesIn(path)) {
        const number = segmentNumber(name);
        if (number !== null && !segments.has(number)) bytes += sizeOf(join(path, name));
      }
      return bytes;
    },
    get damaged() {
      return damaged + (current?.reader.damaged ?? 0);
    },
    refresh() {
      // In this order: what a writer left is complete only if it was dead before we looked.
      writerAlive &&= epochIsOpen(path);
      if (!settled) list(path, false);
    },
    step() {
      for (;;) {
        const closed = interrupted.shift();
        if (closed) return closed;
        if (!current) {
          const segment = nextUnread();
          if (!segment) {
            if (writerAlive || settled) return null;
            closeInterrupted();
            continue;
          }
          const reader = attempt(segment, () => openSegmentReader(segment.path));
          if (reader === 'unreadable') continue;
          if (!reader) {
            segments.delete(segment.number);
            continue;
          }
          current = { segment, reader };
        }
        const { segment, reader } = current;
        const final = !writerAlive || segment.aside || segment.number < lastNumber;
        const record = attempt(segment, () => reader.next(final));
        if (record === 'unreadable') continue;
        if (record) return take(record, segment);
        if (!final) return null;
        finish(segment, reader);
      }
    },
    committed(request) {
      for (const segment of segmentsOf.get(request) ?? []) segment.holds--;
      segmentsOf.delete(request);
    },
    sweep(nowMs) {
      // In order, so that a crash in between leaves no beginning behind whose end is gone.
      for (const segment of [...segments.values()].sort((a, b) => a.number - b.number)) {
        if (!segment.read || segment.holds > 0 || segment.aside || segment.foreign) continue;
        if (committedPath === null) {
          rmSync(segment.path, { force: true });
          segments.delete(segment.number);
        } else if (moveAside(segment.path, committedPath, segment.number, nowMs)) {
          segment.path = join(committedPath, segmentName(segment.number));
          segment.aside = true;
        } else segments.delete(segment.number);
      }
    },
    close() {
      current?.reader.close();
      current = null;
    },
  };
}

/** Nothing when the segment is gone. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** False when the segment is gone: a gateway may have needed its room. */
function moveAside(path: string, folder: string, number: number, nowMs: number): boolean {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const kept = join(folder, segmentName(number));
  try {
    renameSync(path, kept);
    utimesSync(kept, nowMs / 1_000, nowMs / 1_000);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Whether an error says something about this process's means instead of the file. */
function isPassing(error: unknown): boolean {
  return ['EMFILE', 'ENFILE', 'ENOMEM'].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
