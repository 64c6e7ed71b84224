import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RECORDER_BATCH_MAX_EVENTS } from '../../../src/config/usage-limits.js';
import { systemClock } from '../../../src/domain/clock.js';
import type { StoredUsageEvent, UsageEvent } from '../../../src/domain/usage.js';
import { createJournalReader } from '../../../src/journal/reader.js';
import { createJournalWriter, type JournalWriter } from '../../../src/journal/writer.js';
import { createBus, type Bus } from '../../../src/live/bus.js';
import { createRecorder, type Recorder } from '../../../src/usage/recorder.js';
import { startTypescriptProcess } from '../../support/typescript-process.js';
import { until } from '../../support/wait.js';
import { beginRecord, endRecord, eventId, requestRecord } from '../journal/records.js';

const logger = pino({ level: 'silent' });
/** Many times the pause between two looks at the journal, for machines that are busy. */
const INTERRUPTED_WITHIN_MS = 1_000;
/** A few requests each, so that a segment is done with long before a slow request is. */
const SMALL_SEGMENT_BYTES = 4_000;
const A_DAY_MS = 24 * 3_600_000;
/** What is not read yet is estimated by its bytes. */
const NEARLY_ALL_OF_20 = 15;

let directory: string;
let writer: JournalWriter;
let bus: Bus;
let committed: StoredUsageEvent[];
const recorders: Recorder[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recorder-'));
  writer = createJournalWriter({ directory, clock: systemClock, logger });
  bus = createBus(logger);
  committed = [];
});

afterEach(async () => {
  for (const recorder of recorders.splice(0)) await recorder.stop();
  writer.close();
  rmSync(directory, { recursive: true, force: true });
});

/** Stores in memory, once per id, as the database does. */
async function store(events: readonly UsageEvent[], again: boolean): Promise<StoredUsageEvent[]> {
  const known = new Set(committed.map(({ id }) => id));
  const fresh = events
    .filter(({ id }) => !known.has(id))
    .map(({ attempts: _, ...event }, i) => ({ ...event, seq: committed.length + i + 1 }));
  committed.push(...fresh);
  return again ? committed.filter(({ id }) => events.some((event) => event.id === id)) : fresh;
}

function newRecorder(commit = store): Recorder {
  const reader = createJournalReader({ directory, clock: systemClock, logger, keep: false });
  const recorder = createRecorder({ reader, commit, bus, clock: systemClock, logger });
  recorders.push(recorder);
  return recorder;
}

function end(name: string, workspaceId = 'ws_1'): void {
  writer.append(endRecord(name, { request: requestRecord(name, { workspaceId }) }));
}

test('ended requests are committed in order and then published, workspace by workspace', async () => {
  const heard: [string, string[]][] = [];
  bus.subscribe('usage.recorded', ({ workspaceId, events }) => {
    for (const { id } of events) expect(committed.map((event) => event.id)).toContain(id);
    heard.push([workspaceId, events.map(({ id }) => id)]);
  });
  end('a');
  end('b', 'ws_2');
  end('c');
  writer.flush();
  newRecorder().start();
  await until('both workspaces heard', () => heard.length === 2);
  expect(heard).toEqual([
    ['ws_1', [eventId('a'), eventId('c')]],
    ['ws_2', [eventId('b')]],
  ]);
});

test('while the database is away nothing is lost or reordered, and lag says so', async () => {
  let away = true;
  let attempts = 0;
  const recorder = newRecorder(async (events, again) => {
    attempts++;
    if (away) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    return store(events, again);
  });
  end('a');
  end('b');
  writer.flush();
  recorder.start();
  await until('several attempts', () => attempts >= 3);
  expect(recorder.lag()).toMatchObject({ records: 2, failing: true, refused: 0 });
  expect(recorder.lag().seconds).toBeGreaterThan(0);
  // It reads no further meanwhile, and knows of what comes in all the same: in this epoch, in new segments, in new epochs.
  const laterNames = Array.from({ length: 20 }, (_, i) => `later ${i}`);
  for (const name of laterNames) end(name);
  writer.flush();
  const later = recorder.lag().records;
  expect(later).toBeGreaterThan(NEARLY_ALL_OF_20);
  const other = createJournalWriter({
    directory,
    clock: systemClock,
    logger,
    segmentMaxBytes: SMALL_SEGMENT_BYTES,
  });
  const others = new Set(laterNames.map((name) => eventId(`other ${name}`)));
  for (const name of laterNames) {
    other.append(endRecord(`other ${name}`));
    other.flush();
  }
  other.close();
  expect(recorder.lag().records).toBeGreaterThan(later + NEARLY_ALL_OF_20);
  end('c');
  writer.flush();
  away = false;
  await until('everything committed', () => committed.length === 43);
  expect(committed.slice(0, 2).map(({ id }) => id)).toEqual(['a', 'b'].map((name) => eventId(name)));
  const own = committed.map(({ id }) => id).filter((id) => !others.has(id));
  expect(own).toEqual(['a', 'b', ...laterNames, 'c'].map((name) => eventId(name)));
  await until('no lag', () => recorder.lag().records === 0);
  expect(recorder.lag()).toMatchObject({ failing: false, seconds: 0 });
});

test('a commit that happened although its answer was lost counts once and is heard of once', async () => {
  let lost = false;
  const heard: string[] = [];
  bus.subscribe('usage.recorded', ({ events }) => heard.push(...events.map(({ id }) => id)));
  const recorder = newRecorder(async (events, again) => {
    const fresh = await store(events, again);
    if (lost) return fresh;
    lost = true;
    throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
  });
  end('a');
  writer.flush();
  recorder.start();
  await until('it is done', () => lost && recorder.lag().records === 0);
  expect(committed).toHaveLength(1);
  expect(heard).toEqual([eventId('a')]);
});

test('one event that the database refuses does not hold up the others', async () => {
  const bad = eventId('bad');
  const recorder = newRecorder(async (events, again) => {
    if (events.some(({ id }) => id === bad))
      throw Object.assign(new Error('invalid input value'), { code: '22P02' });
    return store(events, again);
  });
  for (const name of ['d', 'e', 'bad', 'f']) end(name);
  writer.flush();
  recorder.start();
  await until('the others committed', () => committed.length === 3);
  expect(committed.map(({ id }) => id)).toEqual(['d', 'e', 'f'].map((name) => eventId(name)));
  await until('no lag', () => recorder.lag().records === 0);
  expect(recorder.lag().refused).toBe(1);
});

test('requests of a gateway that is gone are recorded as interrupted', async () => {
  writer.append(beginRecord('g'));
  writer.close();
  newRecorder().start();
  await until('it is committed', () => committed.length === 1);
  expect(committed[0]).toMatchObject({
    id: eventId('g'),
    status: 'FAILED',
    failure: { class: 'INTERRUPTED' },
  });
});

test('a request whose gateway is killed is recorded as interrupted within a second of it', async () => {
  newRecorder().start();
  await using gateway = startTypescriptProcess(new URL('./dying-gateway.ts', import.meta.url), directory);
  expect(await gateway.nextLine()).toBe('begun');
  await gateway.kill();
  await until('it is closed', () => committed.length === 1, INTERRUPTED_WITHIN_MS);
  expect(committed[0]).toMatchObject({ status: 'FAILED', failure: { class: 'INTERRUPTED' } });
});

test('a slow request is never closed for it while its gateway lives, however long ago it began and whoever looks', async () => {
  writer.close();
  writer = createJournalWriter({
    directory,
    clock: systemClock,
    logger,
    segmentMaxBytes: SMALL_SEGMENT_BYTES,
  });
  const id = eventId('slow', systemClock.now() - A_DAY_MS);
  const request = { ...requestRecord('slow'), id };
  writer.append({ kind: 'begin', request });
  for (let restart = 0; restart < 3; restart++) {
    const recorder = newRecorder();
    recorder.start();
    const names = Array.from({ length: 20 }, (_, i) => `beside ${restart}.${i}`);
    for (const name of names) {
      end(name);
      writer.flush();
    }
    await until('what ended is recorded', () => committed.length === (restart + 1) * names.length);
    await recorder.stop();
  }
  expect(committed.map((event) => event.id)).not.toContain(id);
  newRecorder().start();
  writer.append(endRecord('slow', { request }));
  writer.flush();
  await until('it is recorded', () => committed.some((event) => event.id === id));
  expect(committed.filter((event) => event.id === id)).toMatchObject([{ status: 'OK', failure: null }]);
});

test('a backlog is committed in large batches in its order, what is new at once', async () => {
  const sizes: number[] = [];
  const recorder = newRecorder(async (events, again) => {
    sizes.push(events.length);
    return store(events, again);
  });
  const names = Array.from({ length: RECORDER_BATCH_MAX_EVENTS + 500 }, (_, i) => `backlog ${i}`);
  for (const name of names) end(name);
  writer.flush();
  recorder.start();
  await until('the backlog is committed', () => committed.length === names.length);
  expect(sizes).toEqual([RECORDER_BATCH_MAX_EVENTS, 500]);
  expect(committed.map(({ id }) => id)).toEqual(names.map((name) => eventId(name)));
  end('one more');
  writer.flush();
  await until('it is committed by itself', () => sizes.length === 3);
  expect(sizes[2]).toBe(1);
});

test('stopping commits what was written until then and leaves no timer behind', async () => {
  const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = timers();
  const recorder = newRecorder();
  recorder.start();
  end('h');
  writer.flush();
  await recorder.stop();
  expect(committed.map(({ id }) => id)).toEqual([eventId('h')]);
  expect(timers()).toBe(before);
});

test('stopping does not wait for a database that is away', async () => {
  let attempts = 0;
  const recorder = newRecorder(async () => {
    attempts++;
    throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  });
  end('i');
  writer.flush();
  recorder.start();
  await until('it tried', () => attempts > 0);
  await recorder.stop();
  const next = newRecorder();
  next.start();
  await until('the next one commits it', () => committed.length === 1);
});
