/** A journal that nobody empties stays within its share of the disk, keeps the newest, and says so. */
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/domain/clock.js';
import { createJournalBudget, segmentBytesFor } from '../../../src/journal/budget.js';
import { listSegments } from '../../../src/journal/disk-use.js';
import { COMMITTED_FOLDER, segmentName } from '../../../src/journal/layout.js';
import { createJournalReader } from '../../../src/journal/reader.js';
import { createJournalWriter, type JournalWriter } from '../../../src/journal/writer.js';
import { makeTempDir, type TempDir } from '../../support/temp-dir.js';
import { until } from '../../support/wait.js';
import { endRecord, eventId, requestRecord } from './records.js';

const logger = pino({ level: 'silent' });
const MIB = 1024 * 1024;
let directory: TempDir;
const open: { close(): void }[] = [];

beforeEach(async () => {
  directory = await makeTempDir();
});
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  await directory[Symbol.asyncDispose]();
});

function newWriter(maxBytes: number, segmentMaxBytes: number): JournalWriter {
  const writer = createJournalWriter({
    directory: directory.path,
    clock: systemClock,
    logger,
    maxBytes,
    segmentMaxBytes,
  });
  open.push(writer);
  return writer;
}

/** Writes requests until something had to go; returns their names. */
async function fill(writers: readonly JournalWriter[]): Promise<string[]> {
  const names: string[] = [];
  await until('the journal is full', async () => {
    for (const writer of writers) {
      const name = `n${names.length}`;
      names.push(name);
      writer.append(endRecord(name, { request: requestRecord(name) }));
      writer.flush();
    }
    return writers.some((writer) => writer.stats().lostSegments > 0);
  });
  return names;
}

async function bytesOnDisk(): Promise<number> {
  return (await listSegments(directory.path)).reduce((sum, { bytes }) => sum + bytes, 0);
}

function dead(epoch: string, number: number, bytes: number, writtenAt: number, committed = false): string {
  const path = join(
    directory.path,
    ...(committed ? [COMMITTED_FOLDER] : []),
    `${epoch}-1-00000000`,
    segmentName(number),
  );
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, Buffer.alloc(bytes));
  utimesSync(path, writtenAt, writtenAt);
  return path;
}

test('at the bound the oldest requests go, the newest are kept, and requests are still taken', async () => {
  const writer = newWriter(40_000, 4_000);
  const names = await fill([writer]);
  await until('the journal is within its bound', async () => (await bytesOnDisk()) <= 40_000);
  const { full, failing, lostSegments, lostBytes, dropped } = writer.stats();
  expect({ full, failing, dropped }).toEqual({ full: true, failing: false, dropped: 0 });
  expect(lostBytes).toBeGreaterThanOrEqual(lostSegments * 4_000);

  const reader = createJournalReader({ directory: directory.path, clock: systemClock, logger, keep: false });
  open.push(reader);
  const read = reader
    .poll()
    .requests.map((request) => (request.kind === 'ended' ? request.end.request.id : ''));
  expect(read.length).toBeGreaterThan(20);
  expect(read).toEqual(names.slice(-read.length).map((name) => eventId(name)));
  expect(reader.lag().damaged).toBe(0);
});

test('several gateways share the bound, and each loses its own oldest', async () => {
  const writers = [newWriter(60_000, 4_000), newWriter(60_000, 4_000), newWriter(60_000, 4_000)];
  const names = await fill(writers);
  await until('the journal is within its bound', async () => (await bytesOnDisk()) <= 60_000);
  const reader = createJournalReader({ directory: directory.path, clock: systemClock, logger, keep: false });
  open.push(reader);
  const read = new Set(
    reader.poll().requests.map((request) => (request.kind === 'ended' ? request.end.request.id : '')),
  );
  // The last request of each is there, and the first of some is not.
  for (const name of names.slice(-3)) expect(read).toContain(eventId(name));
  expect(names.slice(0, 3).filter((name) => !read.has(eventId(name)))).not.toEqual([]);
});

test('once there is room again the alarm ends, and what was lost stays counted', async () => {
  const writer = newWriter(40_000, 4_000);
  await fill([writer]);
  const reader = createJournalReader({ directory: directory.path, clock: systemClock, logger, keep: false });
  open.push(reader);
  await until('the alarm ends', async () => {
    reader.committed(reader.poll());
    writer.append(endRecord('x', { request: requestRecord('x') }));
    writer.flush();
    return !writer.stats().full;
  });
  expect(writer.stats().lostSegments).toBeGreaterThan(0);
});

test('what is kept for a replay goes first, and is no loss', async () => {
  const kept = dead('000000000000003', 1, 10_000, 3_000, true);
  const unread = dead('000000000000001', 1, 10_000, 1_000);
  const budget = createJournalBudget({
    directory: directory.path,
    maxBytes: 15_000,
    segmentBytes: 1_000,
    logger,
  });
  await budget.enforce();
  expect([existsSync(kept), existsSync(unread)]).toEqual([false, true]);
  expect(budget).toMatchObject({ full: false, lostSegments: 0, lostBytes: 0 });
});

test('a clock that was set back makes no later segment of a gateway older than those before it', async () => {
  const [first, second, third] = [
    dead('000000000000001', 1, 10_000, 9_000),
    dead('000000000000001', 2, 10_000, 1_000),
    dead('000000000000001', 3, 10_000, 2_000),
  ];
  const budget = createJournalBudget({
    directory: directory.path,
    maxBytes: 20_000,
    segmentBytes: 1_000,
    logger,
  });
  await budget.enforce();
  expect([first, second, third].map((path) => existsSync(path))).toEqual([false, true, true]);
  expect(budget).toMatchObject({ full: true, lostSegments: 1, lostBytes: 10_000 });
});

test('a segment that is being written is never deleted, however little room there is', async () => {
  const writer = newWriter(1_000, 1_000_000);
  for (let i = 0; i < 10; i++) writer.append(endRecord(`g${i}`, { request: requestRecord(`g${i}`) }));
  writer.flush();
  const budget = createJournalBudget({ directory: directory.path, maxBytes: 1, segmentBytes: 1, logger });
  await budget.enforce();
  const [epoch] = readdirSync(directory.path);
  expect(statSync(join(directory.path, epoch ?? '', segmentName(1))).size).toBeGreaterThan(5_000);
});

test.each([
  [2_048 * MIB, 1, 16 * MIB],
  [2_048 * MIB, 64, 4 * MIB],
  [64 * MIB, 1, 8 * MIB],
  [64 * MIB, 64, 128 * 1024],
])('of %i bytes, %i gateways write at most an eighth at a time', (maxBytes, writers, bytes) => {
  expect(segmentBytesFor(maxBytes, writers)).toBe(bytes);
  expect(writers * segmentBytesFor(maxBytes, writers)).toBeLessThanOrEqual(maxBytes / 8);
});
