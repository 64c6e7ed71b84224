/** A clock that is set back, or forth, in the middle of everything: each request is recorded once and in order all the same. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock, type Clock } from '../../src/domain/clock.js';
import { newId } from '../../src/domain/ids.js';
import { createJournalReader } from '../../src/journal/reader.js';
import { createJournalWriter } from '../../src/journal/writer.js';
import { createBus } from '../../src/live/bus.js';
import { commitUsage } from '../../src/persistence/usage.js';
import { usageEventsAfter } from '../../src/persistence/usage-events.js';
import { createRecorder, type Recorder } from '../../src/usage/recorder.js';
import { usageReport } from '../../src/usage/reports.js';
import { createTestDatabase, quietLogger as logger, type TestDatabase } from '../support/database.js';
import { makeTempDir } from '../support/temp-dir.js';
import { until } from '../support/wait.js';
import { TIMES } from './harness/length.js';
import { attemptRecord, requestRecord } from '../unit/journal/records.js';

const HOUR_MS = 3_600_000;
/** An hour back as at the end of summer, minutes as by a time server, a day as by an operator who mistyped. */
const STEPS_MS = Array.from({ length: TIMES }, () => [
  0,
  -HOUR_MS,
  180_000,
  -24 * HOUR_MS,
  24 * HOUR_MS,
  -5_000,
]).flat();
const REQUESTS_PER_STEP = 20;
const WORKSPACE = 'ws_clock';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

function newRecorder(directory: string, clock: Clock, keep: boolean): Recorder {
  return createRecorder({
    reader: createJournalReader({ directory, clock, logger, keep, replayWindowMs: HOUR_MS }),
    commit: (events, again) => commitUsage(database, events, again),
    bus: createBus(logger),
    clock,
    logger,
  });
}

test.each([false, true])('with segments kept for a replay: %s', async (keep) => {
  await using directory = await makeTempDir();
  const workspaceId = `${WORKSPACE}_${keep}`;
  let offset = 0;
  const clock: Clock = { now: () => Date.now() + offset, monotonic: systemClock.monotonic };
  const ended: string[] = [];
  const interrupted: string[] = [];
  for (const step of STEPS_MS) {
    const writer = createJournalWriter({
      directory: directory.path,
      clock,
      logger,
      segmentMaxBytes: 4_000,
      segmentMaxAgeMs: 5,
    });
    const recorder = newRecorder(directory.path, clock, keep);
    recorder.start();
    for (let i = 0; i < REQUESTS_PER_STEP; i++) {
      const request = { ...requestRecord('any'), id: newId('event', clock.now()), workspaceId };
      writer.append({ kind: 'begin', request });
      if (i === REQUESTS_PER_STEP / 2) offset += step;
      if (i % 5 === 0) {
        interrupted.push(request.id);
        continue;
      }
      ended.push(request.id);
      writer.append({
        kind: 'end',
        request,
        occurredAt: clock.now(),
        durationMs: 30,
        firstTokenMs: null,
        status: 'OK',
        failure: null,
        attempts: [attemptRecord()],
      });
      writer.flush();
    }
    writer.close();
    await recorder.stop();
  }
  // Everything once more, as after a crash, by a recorder that knows nothing.
  const last = newRecorder(directory.path, clock, keep);
  last.start();
  const expected = [...ended, ...interrupted].toSorted();
  const events = await until('everything is recorded', async () => {
    const found = await usageEventsAfter(database, workspaceId, 0, expected.length + 1, {});
    return found.length >= expected.length ? found : null;
  });
  await last.stop();

  expect(events.map(({ id }) => id).toSorted()).toEqual(expected);
  expect(events.map(({ seq }) => seq)).toEqual(events.map(({ seq }) => seq).toSorted((a, b) => a - b));
  // Each gateway's requests come in the order in which they ended, whatever their times say.
  const order = new Map(events.map(({ id }, place) => [id, place]));
  expect(ended.toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0))).toEqual(ended);
  const failed = events.filter(({ failure }) => failure?.class === 'INTERRUPTED');
  expect(failed.map(({ id }) => id).toSorted()).toEqual(interrupted.toSorted());
  expect(events.every(({ durationMs }) => durationMs >= 0)).toBe(true);
  const report = await usageReport({ sql: database, clock: systemClock }, workspaceId, {
    range: { from: Date.now() - 72 * HOUR_MS, to: Date.now() + 72 * HOUR_MS },
    interval: 'TOTAL',
    groupBy: ['STATUS'],
    filter: {},
    groupLimit: 20,
  });
  expect(report.totals).toMatchObject({ requests: expected.length, failures: interrupted.length });
  expect(report.totals.tokens.output).toBe(events.reduce((sum, { tokens }) => sum + tokens.output, 0));
});
