/** What of the journal outlives what, by `JOURNAL_FSYNC`. */
import { rmSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../src/domain/clock.js';
import { createJournalReader } from '../../../src/journal/reader.js';
import type { SyncPolicy } from '../../../src/journal/syncer.js';
import {
  createJournalWriter,
  type JournalWriter,
  type JournalWriterOptions,
} from '../../../src/journal/writer.js';
import { makeTempDir, type TempDir } from '../../support/temp-dir.js';
import { until } from '../../support/wait.js';
import { simulatedDisk, type SimulatedDisk } from './disk.js';
import { beginRecord, endRecord, eventId, requestRecord } from './records.js';

const logger = pino({ level: 'silent' });
const NEVER_MS = 3_600_000;
let directory: TempDir;
let disk: SimulatedDisk;
const writers: JournalWriter[] = [];

beforeEach(async () => {
  directory = await makeTempDir();
  disk = simulatedDisk();
});
afterEach(async () => {
  for (const writer of writers.splice(0)) writer.close();
  await directory[Symbol.asyncDispose]();
});

function open(fsync: SyncPolicy, options: Partial<JournalWriterOptions> = {}): JournalWriter {
  const writer = createJournalWriter({
    directory: `${directory.path}/journal`,
    clock: systemClock,
    logger,
    fsync,
    files: disk.files,
    ...options,
  });
  writers.push(writer);
  return writer;
}

function endOf(writer: JournalWriter, name: string): void {
  writer.append(beginRecord(name));
  writer.append(endRecord(name, { request: requestRecord(name) }));
  writer.flush();
}

/** Ids of the requests that a reader finds now; those of the dead are read as interrupted. */
function found(): string[] {
  const reader = createJournalReader({
    directory: `${directory.path}/journal`,
    clock: systemClock,
    logger,
    keep: false,
  });
  try {
    const { requests } = reader.poll();
    return requests.map((request) => (request.kind === 'ended' ? request.end.request.id : 'interrupted'));
  } finally {
    reader.close();
  }
}

const idsOf = (...names: string[]): string[] => names.map((name) => eventId(name));

describe('the death of the process alone loses nothing that was flushed', () => {
  // The kernel keeps what it was given: a writer that never comes back to close anything stands for a killed one.
  test.each(['off', 'interval', 'each'] as const)('with %s', (policy) => {
    const writer = open(policy, { syncIntervalMs: NEVER_MS });
    endOf(writer, 'a');
    endOf(writer, 'b');
    expect(found()).toEqual(idsOf('a', 'b'));
  });
});

describe('a crash of the host', () => {
  test('with each, loses no request whose end was written', () => {
    const writer = open('each', { syncIntervalMs: NEVER_MS, segmentMaxBytes: 2_000 });
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) {
      endOf(writer, name);
      disk.crash();
      expect(found()).toContain(eventId(name));
    }
    expect(found()).toEqual(idsOf(...names));
  });

  test('with each, also covers a write that the disk is busy with on the side', async () => {
    let release = (): void => undefined;
    disk.stuck = new Promise((resolve) => (release = resolve));
    const writer = open('each', { syncIntervalMs: 1 });
    writer.append(beginRecord('a'));
    await until('a sync is under way', () => disk.syncs > 0);
    endOf(writer, 'b');
    disk.crash();
    expect(found()).toContain(eventId('b'));
    release();
  });

  test('with interval, loses only what was written since the last round', async () => {
    const writer = open('interval', { syncIntervalMs: 5 });
    endOf(writer, 'a');
    await until('the round is over', () => disk.isSafe());
    disk.stuck = new Promise(() => undefined);
    endOf(writer, 'c');
    disk.crash();
    expect(found()).toEqual(idsOf('a'));
  });

  test('with interval, segments that were rotated away are made safe as well', async () => {
    const writer = open('interval', { syncIntervalMs: 5, segmentMaxBytes: 1_000 });
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const name of names) endOf(writer, name);
    await until('all of it is safe', () => disk.isSafe());
    disk.crash();
    expect(found()).toEqual(idsOf(...names));
  });

  test('with off, may lose all of it, and what is left is read without complaint', () => {
    const writer = open('off');
    endOf(writer, 'a');
    disk.crash();
    expect(found()).toEqual([]);
    expect(disk.syncs).toBe(0);
  });

  test.each(['interval', 'each'] as const)('after a close loses nothing, with %s', (policy) => {
    const writer = open(policy, { syncIntervalMs: NEVER_MS });
    endOf(writer, 'a');
    writer.append(beginRecord('b'));
    writer.close();
    disk.crash();
    expect(found()).toEqual([...idsOf('a'), 'interrupted']);
  });
});

test('interval never waits for the disk: requests end while a sync hangs', async () => {
  let release = (): void => undefined;
  disk.stuck = new Promise((resolve) => (release = resolve));
  const writer = open('interval', { syncIntervalMs: 1, segmentMaxBytes: 1_000 });
  endOf(writer, 'a');
  await until('a sync hangs', () => disk.syncs > 0);
  const names = ['b', 'c', 'd', 'e'];
  for (const name of names) endOf(writer, name);
  expect(found()).toEqual(idsOf('a', ...names));
  release();
  await until('the disk catches up', () => disk.unsyncedBytes() === 0);
});

test('a disk that cannot confirm is reported and counted, and nobody waits for it again', () => {
  const files = {
    ...disk.files,
    syncNow: () => {
      throw Object.assign(new Error('input/output error'), { code: 'EIO' });
    },
  };
  const writer = open('each', { files, syncIntervalMs: NEVER_MS });
  endOf(writer, 'a');
  writer.flush();
  expect(writer.stats()).toMatchObject({ syncFailures: 1, failing: false, written: 2 });
  expect(found()).toEqual(idsOf('a'));
});

test('a folder that is deleted under the writer keeps no request waiting', () => {
  const writer = open('each', { segmentMaxBytes: 500 });
  endOf(writer, 'a');
  rmSync(`${directory.path}/journal`, { recursive: true });
  endOf(writer, 'b');
  endOf(writer, 'c');
  expect(writer.stats().failing).toBe(true);
});
