import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
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
  let writes = 0;
  const counted = ((...args: Parameters<typeof writeSync>) => {
    writes++;
    return writeSync(...args);
  }) as typeof writeSync;
  const writer = open({ write: counted });
  for (let i = 0; i < 100; i++) writer.append(beginRecord(`r${i}`));
  expect(writes).toBe(0);
  await nextTurn();
  await nextTurn();
  expect(writes).toBe(2); // the segment's header and the frames
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

test('a disk that refuses keeps no request waiting and loses nothing once it has room again', () => {
  let full = true;
  let room = 700;
  const now = { ms: 0 };
  const disk = ((fd: number, buffer: Buffer, offset: number, length: number, position: number) => {
    if (!full) return writeSync(fd, buffer, offset, length, position);
    if (room === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const taken = writeSync(fd, buffer, offset, Math.min(length, room), position);
    room -= taken;
    return taken;
  }) as typeof writeSync;
  const writer = open({ write: disk, clock: { now: () => 1_700_000_000_000, monotonic: () => now.ms } });
  const records = Array.from({ length: 10 }, (_, i) => beginRecord(`r${i}`));
  for (const record of records) writer.append(record);
  writer.flush();
  expect(writer.stats()).toMatchObject({ failing: true, dropped: 0 });
  expect(writer.stats().written).toBeGreaterThan(0);
  expect(recordsOnDisk()).toEqual(records.slice(0, writer.stats().written));
  full = false;
  now.ms += 60_000;
  writer.flush();
  expect(recordsOnDisk()).toEqual(records);
  expect(writer.stats()).toMatchObject({ failing: false, written: 10 });
});

test('what waits for a refusing disk is bounded: the oldest records go and are counted', () => {
  let full = true;
  const now = { ms: 0 };
  const disk = ((...args: Parameters<typeof writeSync>) => {
    if (full) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    return writeSync(...args);
  }) as typeof writeSync;
  const writer = open({
    write: disk,
    pendingMaxRecords: 5,
    clock: { now: () => 1_700_000_000_000, monotonic: () => now.ms },
  });
  const records = Array.from({ length: 12 }, (_, i) => beginRecord(`r${i}`));
  for (const record of records) {
    writer.append(record);
    writer.flush();
  }
  expect(writer.stats()).toMatchObject({ dropped: 7, failing: true });
  full = false;
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
