import { pino } from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../src/domain/clock.js';
import { newId } from '../../src/domain/ids.js';
import { createJournalReader } from '../../src/journal/reader.js';
import { createJournalWriter } from '../../src/journal/writer.js';
import { createBus } from '../../src/live/bus.js';
import { commitUsage } from '../../src/persistence/usage.js';
import { usageEventsAfter } from '../../src/persistence/usage-events.js';
import { followOwnUsage } from '../../src/usage/arrivals.js';
import { followUsage } from '../../src/usage/live-feed.js';
import { createRecorder, type Recorder } from '../../src/usage/recorder.js';
import { usageReport } from '../../src/usage/reports.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { makeTempDir } from '../support/temp-dir.js';
import { until } from '../support/wait.js';
import { attemptRecord, requestRecord } from '../unit/journal/records.js';

const logger = pino({ level: 'silent' });
const bus = createBus(logger);
followOwnUsage(bus);
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(async () => {
  await database.close();
});

function newRecorder(directory: string, keep = false): Recorder {
  return createRecorder({
    reader: createJournalReader({ directory, clock: systemClock, logger, keep }),
    commit: (events, again) => commitUsage(database, events, again),
    bus,
    clock: systemClock,
    logger,
  });
}

function newRequest(workspaceId: string) {
  return { ...requestRecord('any'), id: newId('event', systemClock.now()), workspaceId };
}

type Request = ReturnType<typeof newRequest>;

const begin = (request: Request) => ({ kind: 'begin', request }) as const;
const end = (request: Request) =>
  ({
    kind: 'end',
    request,
    occurredAt: systemClock.now(),
    durationMs: 30,
    firstTokenMs: null,
    status: 'OK',
    failure: null,
    attempts: [attemptRecord()],
  }) as const;

test('a subscriber hears of a request within half a second of its end', async () => {
  await using directory = await makeTempDir();
  const workspaceId = 'ws_live';
  const recorder = newRecorder(directory.path);
  recorder.start();
  const writer = createJournalWriter({ directory: directory.path, clock: systemClock, logger });
  const feed = followUsage(
    { sql: database, clock: systemClock, bus },
    { workspaceId, filter: {}, afterSeq: null },
  );
  const delays: number[] = [];
  for (let i = 0; i < 9; i++) {
    const request = newRequest(workspaceId);
    writer.append(begin(request));
    writer.append(end(request));
    writer.flush();
    const from = performance.now();
    const heard = await feed.next();
    delays.push(performance.now() - from);
    expect(heard.value?.event.id).toBe(request.id);
  }
  // The middle one: a single delay also says what else the machine was busy with.
  expect(delays.toSorted((a, b) => a - b)[4]).toBeLessThan(500);
  await feed.return?.();
  writer.close();
  await recorder.stop();
});

test('however often recorder and gateway stop in between, every request is there exactly once and sums agree', async () => {
  await using directory = await makeTempDir();
  const workspaceId = 'ws_restarts';
  const ids: string[] = [];
  const interrupted: string[] = [];
  for (let round = 0; round < 6; round++) {
    const writer = createJournalWriter({
      directory: directory.path,
      clock: systemClock,
      logger,
      segmentMaxBytes: 4_000,
    });
    const recorder = newRecorder(directory.path, round % 2 === 0);
    recorder.start();
    for (let i = 0; i < 40; i++) {
      const request = newRequest(workspaceId);
      ids.push(request.id);
      writer.append(begin(request));
      if (i % 10 === 0) interrupted.push(request.id);
      else writer.append(end(request));
    }
    writer.flush();
    // A reader that goes without a word, its batch unconfirmed.
    const rival = createJournalReader({ directory: directory.path, clock: systemClock, logger, keep: true });
    rival.poll();
    rival.close();
    await recorder.stop();
    writer.close();
  }
  const last = newRecorder(directory.path);
  last.start();
  const events = await until('everything is recorded', async () => {
    const found = await usageEventsAfter(database, workspaceId, 0, 1_000, {});
    return found.length >= ids.length ? found : null;
  });
  await last.stop();
  expect(events.map(({ id }) => id).sort()).toEqual(ids.toSorted());
  const failed = events.filter(({ failure }) => failure?.class === 'INTERRUPTED');
  expect(failed.map(({ id }) => id).sort()).toEqual(interrupted.toSorted());
  const now = systemClock.now();
  const report = await usageReport({ sql: database, clock: systemClock }, workspaceId, {
    range: { from: now - 3_600_000, to: now },
    interval: 'TOTAL',
    groupBy: ['STATUS'],
    filter: {},
    groupLimit: 20,
  });
  expect(report.totals).toMatchObject({ requests: ids.length, failures: interrupted.length });
  expect(report.totals.tokens.input).toBe(events.reduce((sum, { tokens }) => sum + tokens.input, 0));
});
