import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock, type Clock } from '../../../src/domain/clock.js';
import { encodeFrame, SEGMENT_HEADER } from '../../../src/journal/format.js';
import { COMMITTED_FOLDER, segmentName } from '../../../src/journal/layout.js';
import {
  createJournalReader,
  type JournalReader,
  type JournalReaderOptions,
} from '../../../src/journal/reader.js';
import { createJournalWriter, type JournalWriter } from '../../../src/journal/writer.js';
import { until } from '../../support/wait.js';
import {
  attemptRecord,
  beginRecord,
  endRecord,
  eventId,
  progressRecord,
  requestRecord,
  T0,
} from './records.js';

let directory: string;
const open: { close(): void }[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'journal-reader-'));
});

afterEach(() => {
  for (const one of open.splice(0)) one.close();
  rmSync(directory, { recursive: true, force: true });
});

const logger = pino({ level: 'silent' });

function newWriter(segmentMaxBytes?: number): JournalWriter {
  const writer = createJournalWriter({
    directory,
    clock: systemClock,
    logger,
    ...(segmentMaxBytes === undefined ? {} : { segmentMaxBytes }),
  });
  open.push(writer);
  return writer;
}

function newReader(options: Partial<JournalReaderOptions> = {}): JournalReader {
  const reader = createJournalReader({ directory, clock: systemClock, logger, keep: false, ...options });
  open.push(reader);
  return reader;
}

function write(writer: JournalWriter, ...records: Parameters<JournalWriter['append']>[0][]): void {
  for (const record of records) writer.append(record);
  writer.flush();
}

function idsOf(reader: JournalReader, maxRequests?: number): string[] {
  const batch = reader.poll(maxRequests);
  return batch.requests.map((request) =>
    request.kind === 'ended' ? request.end.request.id : `!${request.request.id}`,
  );
}

function epochs(): string[] {
  return readdirSync(directory).filter((name) => name !== COMMITTED_FOLDER);
}

function segments(): string[] {
  return epochs().flatMap((epoch) =>
    readdirSync(join(directory, epoch)).filter((name) => name.endsWith('.seg')),
  );
}

function segmentPath(number: number): string {
  return join(directory, epochs()[0] ?? '', segmentName(number));
}

/** An epoch whose writer is gone, with these bytes in its first segment. */
function deadEpoch(bytes: Buffer): string {
  const writer = createJournalWriter({ directory, clock: systemClock, logger });
  writer.close();
  const path = segmentPath(1);
  writeFileSync(path, bytes);
  return path;
}

test('requests come out once they ended, while their writer goes on', () => {
  const writer = newWriter();
  const reader = newReader();
  expect(idsOf(reader)).toEqual([]);
  write(writer, beginRecord('a'), beginRecord('b'));
  expect(idsOf(reader)).toEqual([]);
  write(writer, endRecord('b', { request: requestRecord('b') }));
  expect(idsOf(reader)).toEqual([eventId('b')]);
  expect(idsOf(reader)).toEqual([]);
  write(writer, endRecord('a'));
  expect(idsOf(reader)).toEqual([eventId('a')]);
  expect(reader.epochs()).toMatchObject([{ writerAlive: true, openRequests: 0 }]);
});

test('a batch is bounded and the rest follows in order', () => {
  const writer = newWriter();
  const names = Array.from({ length: 25 }, (_, i) => `n${i}`);
  write(writer, ...names.map((name) => endRecord(name, { request: requestRecord(name) })));
  const reader = newReader();
  const read: string[] = [];
  for (let more = true; more;) {
    const batch = reader.poll(10);
    expect(batch.requests.length).toBeLessThanOrEqual(10);
    read.push(...batch.requests.map((request) => (request.kind === 'ended' ? request.end.request.id : '')));
    more = batch.more;
  }
  expect(read).toEqual(names.map((name) => eventId(name)));
});

test('a request whose writer closed or died without ending it is interrupted, with what was known', () => {
  const writer = newWriter();
  const attempts = [attemptRecord({ durationMs: 0 })];
  write(
    writer,
    beginRecord('a'),
    progressRecord('a', attempts, 120),
    endRecord('other', { request: requestRecord('other'), occurredAt: T0 + 9_000 }),
  );
  writer.close();
  const [, interrupted] = newReader().poll().requests;
  expect(interrupted).toEqual({
    kind: 'interrupted',
    request: requestRecord('a'),
    attempts,
    firstTokenMs: 120,
    occurredAt: T0 + 9_000,
  });
});

test('a killed writer is told from a living one', async () => {
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    `import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
     const epoch = process.argv[1];
     mkdirSync(epoch);
     const stat = readFileSync('/proc/self/stat', 'latin1');
     const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
     const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
     writeFileSync(epoch + '/owner.json', JSON.stringify({ pid: process.pid, startedAt: boot + '/' + started }));
     console.log('ready');
     setInterval(() => undefined, 1000);`,
    join(directory, '001700000000000-1-00000000'),
  ]);
  await once(child.stdout, 'data');
  writeFileSync(segmentPath(1), Buffer.concat([SEGMENT_HEADER, encodeFrame(beginRecord('a'))]));
  const reader = newReader();
  expect(idsOf(reader)).toEqual([]);
  expect(reader.epochs()).toMatchObject([{ writerAlive: true, openRequests: 1 }]);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(idsOf(reader)).toEqual([`!${eventId('a')}`]);
});

test('the process number of a dead writer that another process was given does not bring it back to life', () => {
  const path = deadEpoch(Buffer.concat([SEGMENT_HEADER, encodeFrame(beginRecord('a'))]));
  writeFileSync(
    join(path, '..', 'owner.json'),
    JSON.stringify({ pid: process.pid, startedAt: 'another-boot/1' }),
  );
  expect(idsOf(newReader())).toEqual([`!${eventId('a')}`]);
});

test('half a frame at the end is waited for while its writer lives', () => {
  const writer = newWriter();
  write(writer, endRecord('a'));
  const frame = encodeFrame(endRecord('b', { request: requestRecord('b') }));
  const reader = newReader();
  appendFileSync(segmentPath(1), frame.subarray(0, 40));
  expect(idsOf(reader)).toEqual([eventId('a')]);
  expect(idsOf(reader)).toEqual([]);
  appendFileSync(segmentPath(1), frame.subarray(40));
  expect(idsOf(reader)).toEqual([eventId('b')]);
  expect(reader.lag().damaged).toBe(0);
});

test.each([1, 7, 8, 9, 30, 400])(
  'a crash after %i bytes of a frame loses that frame and no other',
  (bytes) => {
    const whole = [encodeFrame(endRecord('a')), encodeFrame(endRecord('b', { request: requestRecord('b') }))];
    const torn = encodeFrame(endRecord('c', { request: requestRecord('c') })).subarray(0, bytes);
    deadEpoch(Buffer.concat([SEGMENT_HEADER, ...whole, torn]));
    const reader = newReader();
    expect(idsOf(reader)).toEqual([eventId('a'), eventId('b')]);
    expect(idsOf(reader)).toEqual([]);
    expect(reader.lag().damaged).toBe(1);
  },
);

test('any damaged byte costs at most the record it is in', () => {
  const names = ['a', 'b', 'c'];
  const frames = names.map((name) => encodeFrame(endRecord(name, { request: requestRecord(name) })));
  const bytes = Buffer.concat([SEGMENT_HEADER, ...frames]);
  const middle = SEGMENT_HEADER.length + (frames[0]?.length ?? 0);
  for (let at = middle; at < middle + (frames[1]?.length ?? 0); at += 13) {
    const damaged = Buffer.from(bytes);
    damaged[at] = (damaged[at] ?? 0) ^ 0xff;
    const path = deadEpoch(damaged);
    const reader = newReader();
    expect(idsOf(reader), `byte ${at}`).toEqual([eventId('a'), eventId('c')]);
    idsOf(reader);
    expect(reader.lag().damaged).toBe(1);
    rmSync(join(path, '..'), { recursive: true, force: true });
  }
});

test('a segment cut off within its header, or empty, is no error', () => {
  const path = deadEpoch(SEGMENT_HEADER.subarray(0, 3));
  const reader = newReader();
  expect(idsOf(reader)).toEqual([]);
  expect(existsSync(path)).toBe(false);
});

test('a segment of a later version is left alone', () => {
  const path = deadEpoch(
    Buffer.concat([Buffer.from('SYJRNL\0\x02', 'latin1'), Buffer.from('whatever it holds')]),
  );
  const reader = newReader();
  expect(idsOf(reader)).toEqual([]);
  reader.committed(reader.poll());
  expect(existsSync(path)).toBe(true);
});

test('a segment that the disk cannot read is left alone, counted, and holds up nothing', () => {
  const path = deadEpoch(Buffer.concat([SEGMENT_HEADER, encodeFrame(endRecord('a'))]));
  renameSync(path, join(path, '..', segmentName(2)));
  // Reading a folder as a file fails as a broken disk does.
  mkdirSync(path);
  const reader = newReader();
  expect(idsOf(reader)).toEqual([eventId('a')]);
  expect(reader.lag().damaged).toBe(1);
  expect(existsSync(path)).toBe(true);
});

test.each([false, true])(
  'segments that a gateway deleted for their room are no error (kept for a replay: %s)',
  (keep) => {
    const writer = newWriter(400);
    const names = ['a', 'b', 'c', 'd'];
    const reader = newReader({ keep });
    for (const name of names) write(writer, endRecord(name, { request: requestRecord(name) }));
    const batch = reader.poll(3);
    for (const number of [1, 2]) rmSync(segmentPath(number));
    reader.committed(batch);
    expect(idsOf(reader)).toEqual([eventId('d')]);
    expect(reader.lag().damaged).toBe(0);
  },
);

test('a quiet gateway leaves no committed request on disk once its segment is of age', async () => {
  const writer = createJournalWriter({ directory, clock: systemClock, logger, segmentMaxAgeMs: 10 });
  open.push(writer);
  write(writer, endRecord('a'));
  const reader = newReader();
  reader.committed(reader.poll());
  expect(existsSync(segmentPath(1))).toBe(true);
  await until('the segment is gone', () => {
    reader.committed(reader.poll());
    return !existsSync(segmentPath(1));
  });
});

test('a segment goes only when every request with a record in it was committed', () => {
  const writer = newWriter(700);
  const reader = newReader();
  write(writer, beginRecord('long'));
  for (let i = 0; i < 8; i++) write(writer, endRecord(`s${i}`, { request: requestRecord(`s${i}`) }));
  const all = segments().length;
  expect(all).toBeGreaterThan(3);
  const batch = reader.poll();
  expect(batch.requests).toHaveLength(8);
  expect(segments()).toHaveLength(all);
  reader.committed(batch);
  // The first holds the open request, the last is being written.
  expect(segments()).toEqual([segmentName(1), segmentName(all)]);
  write(writer, endRecord('long', { request: requestRecord('long') }));
  reader.committed(reader.poll());
  expect(segments()).not.toContain(segmentName(1));
});

test('the folder of a dead epoch goes with its last segment', () => {
  const writer = newWriter();
  write(writer, beginRecord('a'), endRecord('a'), beginRecord('b'));
  writer.close();
  const reader = newReader();
  reader.committed(reader.poll());
  reader.poll();
  expect(epochs()).toEqual([]);
  expect(reader.lag()).toMatchObject({ records: 0, oldestAt: null });
});

test('what was not committed is read again by the next reader', () => {
  const writer = newWriter();
  write(writer, endRecord('a'), endRecord('b', { request: requestRecord('b') }));
  const first = newReader();
  expect(idsOf(first)).toHaveLength(2);
  expect(first.lag()).toMatchObject({ records: 2, oldestAt: T0 + 450 });
  first.close();
  expect(idsOf(newReader())).toEqual([eventId('a'), eventId('b')]);
});

test('kept segments are replayed at the next start, until their time is over', () => {
  const now = { ms: Date.now() };
  const clock: Clock = { now: () => now.ms, monotonic: () => 0 };
  const writer = newWriter(400);
  write(writer, beginRecord('a'));
  for (let i = 0; i < 4; i++) write(writer, endRecord(`k${i}`, { request: requestRecord(`k${i}`) }));
  const options = { keep: true, replayWindowMs: 60_000, clock };
  const first = newReader(options);
  first.committed(first.poll());
  expect(readdirSync(join(directory, COMMITTED_FOLDER))).toHaveLength(1);
  first.close();
  write(writer, endRecord('a'));
  writer.close();

  const second = newReader(options);
  const replayed = second.poll();
  expect(replayed.requests.map((request) => request.kind)).toEqual(Array.from({ length: 5 }, () => 'ended'));
  second.committed(replayed);
  second.poll();
  expect(epochs()).toEqual([]);
  second.close();

  now.ms += 61_000;
  const third = newReader(options);
  expect(idsOf(third)).toEqual([]);
  expect(readdirSync(join(directory, COMMITTED_FOLDER))).toEqual([]);
});

test('records larger than a read are found, also behind damage', () => {
  const large = (name: string) =>
    endRecord(name, { request: requestRecord(name, { reason: 'x'.repeat(900_000) }) });
  const frames = ['a', 'b', 'c', 'd', 'e'].map((name) => encodeFrame(large(name)));
  const bytes = Buffer.concat([SEGMENT_HEADER, ...frames]);
  const at = SEGMENT_HEADER.length + (frames[0]?.length ?? 0) + 100;
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  deadEpoch(bytes);
  const reader = newReader();
  expect(idsOf(reader)).toEqual(['a', 'c', 'd', 'e'].map((name) => eventId(name)));
  idsOf(reader);
  expect(reader.lag().damaged).toBe(1);
});

test('reading what the writer wrote gives back the same records', () => {
  const writer = newWriter();
  const end = endRecord('u', { request: requestRecord('u', { requestedModel: 'zai/“glm”\u0000-🚂' }) });
  write(writer, end);
  const [read] = newReader().poll().requests;
  expect(read).toEqual({ kind: 'ended', end });
  expect(readFileSync(segmentPath(1)).includes('glm')).toBe(true);
  truncateSync(segmentPath(1), 0);
});
