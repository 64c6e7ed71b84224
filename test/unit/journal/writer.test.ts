import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { JOURNAL_AGED_SEGMENTS_MAX } from '../../../src/config/usage-limits.js';
import { systemClock } from '../../../src/domain/clock.js';
import { StartupError } from '../../../src/domain/errors.js';
import { decodeFrame, SEGMENT_HEADER } from '../../../src/journal/format.js';
import { epochIsOpen } from '../../../src/journal/layout.js';
import type { JournalRecord } from '../../../src/journal/record.js';
import {
  createJournalWriter,
  type JournalWriter,
  type JournalWriterOptions,
} from '../../../src/journal/writer.js';
import { until } from '../../support/wait.js';
import { simulatedDisk } from './disk.js';
import { beginRecord, endRecord } from './records.js';

let directory: string;
const writers: JournalWriter[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-writer-'));
});

afterEach(() => {
  for (const writer of writers.splice(0)) writer.close();
  rmSync(directory, { recursive: true, force: true });
});

function open(options: Partial<JournalWriterOptions> = {}): JournalWriter {
  const writer = createJournalWriter({
    directory,
    clock: systemClock,
    logger: pino({ level: 'silent' }),
    ...options,
  });
  writers.push(writer);
  return writer;
}

function epochPath(): string {
  const [name] = readdirSync(directory);
  return join(directory, name ?? 'none');
}

function segments(): string[] {
  return readdirSync(epochPath()).filter((name) => name.endsWith('.seg'));
}

function recordsOnDisk(): JournalRecord[] {
  return segments().flatMap((name) => {
    const bytes = readFileSync(join(epochPath(), name));
    expect(bytes.subarray(0, SEGMENT_HEADER.length)).toEqual(SEGMENT_HEADER);
    const records: JournalRecord[] = [];
    for (let offset = SEGMENT_HEADER.length; offset < bytes.length;) {
      const frame = decodeFrame(bytes, offset);
      if (frame.type !== 'record') throw new Error(`${frame.type} at ${offset}`);
      records.push(frame.record);
      offset = frame.next;
    }
    return records;
  });
}

test('after flush returns, everything appended so far is in the file', () => {
  const writer = open();
  const records = [beginRecord('a'), endRecord('a'), beginRecord('b', { requestedModel: 'naïve-模型-🚂' })];
  for (const record of records) writer.append(record);
  writer.flush();
  expect(recordsOnDisk()).toEqual(records);
  expect(writer.stats()).toMatchObject({ appended: 3, written: 3, dropped: 0, failing: false });
});

test('records of one turn of the event loop go out in one write, without a flush', async () => {
  const disk = simulatedDisk();
  const writer = open({ files: disk.files });
  for (let i = 0; i < 100; i++) writer.append(beginRecord(`r${i}`));
  expect(disk.writes).toBe(0);
  await nextTurn();
  await nextTurn();
  expect(disk.writes).toBe(2); // the segment's header and the frames
  expect(recordsOnDisk()).toHaveLength(100);
});

test('segments rotate at their size and keep the order', () => {
  const writer = open({ segmentMaxBytes: 2_000 });
  const records = Array.from({ length: 20 }, (_, i) => beginRecord(`r${i}`));
  for (const record of records) {
    writer.append(record);
    writer.flush();
  }
  expect(segments().length).toBeGreaterThan(2);
  expect(recordsOnDisk()).toEqual(records);
});

test('segments rotate at their age too, with nobody writing, and by the monotonic clock alone', async () => {
  const now = { wall: 1_700_000_000_000 };
  const writer = open({
    segmentMaxAgeMs: 20,
    clock: { now: () => (now.wall -= 3_600_000), monotonic: systemClock.monotonic },
  });
  writer.append(beginRecord('a'));
  writer.flush();
  await until('a segment follows', () => segments().length === 2);
  writer.append(beginRecord('b'));
  writer.flush();
  await until('another one follows', () => segments().length === 3);
  expect(recordsOnDisk()).toEqual([beginRecord('a'), beginRecord('b')]);
  // One in which nothing was written stays as it is.
  expect(readFileSync(join(epochPath(), segments().at(-1) ?? ''))).toEqual(SEGMENT_HEADER);
});

test('age leaves no more files than a few while nobody takes them away', async () => {
  const now = { ms: 0 };
  const writer = open({
    segmentMaxAgeMs: 1_000,
    clock: { now: () => 1_700_000_000_000, monotonic: () => now.ms },
  });
  for (let i = 0; i < 100; i++) {
    writer.append(beginRecord(`r${i}`));
    writer.flush();
    now.ms += 1_500;
  }
  expect(segments().length).toBeGreaterThan(5);
  expect(segments().length).toBeLessThanOrEqual(JOURNAL_AGED_SEGMENTS_MAX);
  expect(recordsOnDisk()).toHaveLength(100);
});

test('an epoch begun after the clock was set back is still the last one', () => {
  const clock = { now: () => 1_700_000_000_000, monotonic: () => 0 };
  open({ clock });
  open({ clock: { ...clock, now: () => 1_600_000_000_000 } }).append(beginRecord('later'));
  writers.at(-1)?.flush();
  const last = readdirSync(directory).sort().at(-1) ?? '';
  expect(readdirSync(join(directory, last)).some((name) => name.endsWith('.seg'))).toBe(true);
});

test('a disk that refuses keeps no request waiting and loses nothing once it has room again', () => {
  const now = { ms: 0 };
  const disk = simulatedDisk();
  disk.room = 700;
  const writer = open({
    files: disk.files,
    clock: { now: () => 1_700_000_000_000, monotonic: () => now.ms },
  });
  const records = Array.from({ length: 10 }, (_, i) => beginRecord(`r${i}`));
  for (const record of records) writer.append(record);
  writer.flush();
  expect(writer.stats()).toMatchObject({ failing: true, dropped: 0 });
  expect(writer.stats().written).toBeGreaterThan(0);
  expect(recordsOnDisk()).toEqual(records.slice(0, writer.stats().written));
  disk.room = Infinity;
  now.ms += 60_000;
  writer.flush();
  expect(recordsOnDisk()).toEqual(records);
  expect(writer.stats()).toMatchObject({ failing: false, written: 10 });
});

test('what waits for a refusing disk is bounded: the oldest records go and are counted', () => {
  const now = { ms: 0 };
  const disk = simulatedDisk();
  disk.room = 0;
  const writer = open({
    files: disk.files,
    pendingMaxRecords: 5,
    clock: { now: () => 1_700_000_000_000, monotonic: () => now.ms },
  });
  const records = Array.from({ length: 12 }, (_, i) => beginRecord(`r${i}`));
  for (const record of records) {
    writer.append(record);
    writer.flush();
  }
  expect(writer.stats()).toMatchObject({ dropped: 7, failing: true });
  disk.room = Infinity;
  now.ms += 60_000;
  writer.flush();
  expect(recordsOnDisk()).toEqual(records.slice(7));
});

test('closing flushes and marks the epoch as complete; until then it counts as being written', () => {
  const writer = open();
  writer.append(beginRecord('a'));
  expect(epochIsOpen(epochPath())).toBe(true);
  writer.close();
  expect(epochIsOpen(epochPath())).toBe(false);
  expect(recordsOnDisk()).toHaveLength(1);
});

test('a folder that cannot be made is refused at start in one sentence', () => {
  const file = join(directory, 'file');
  writeFileSync(file, '');
  expect(() => open({ directory: join(file, 'journal') })).toThrow(StartupError);
});

test('a record costs the request path a few microseconds', () => {
  const writer = open();
  const record = endRecord('a');
  const count = 20_000;
  for (let i = 0; i < 2_000; i++) writer.append(record);
  writer.flush();
  const from = performance.now();
  for (let i = 0; i < count; i++) {
    writer.append(record);
    if (i % 4 === 0) writer.flush();
  }
  writer.flush();
  const perRecord = ((performance.now() - from) * 1_000) / count;
  // Measured at 5 µs; the bound only catches a mistake of a whole order of magnitude on a busy machine.
  expect(perRecord).toBeLessThan(100);
});
