import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createJournalWatch, type JournalWatch } from '../../../src/app/journal-watch.js';
import { COMMITTED_FOLDER, segmentName } from '../../../src/journal/layout.js';
import type { JournalTrouble } from '../../../src/journal/writer.js';
import { addJournalMetrics } from '../../../src/observability/journal-metrics.js';
import { makeTempDir, type TempDir } from '../../support/temp-dir.js';

const MIB = 1024 * 1024;
const WELL: JournalTrouble = {
  failing: false,
  dropped: 0,
  full: false,
  lostSegments: 0,
  lostBytes: 0,
  syncFailures: 0,
};
let directory: TempDir;
let damaged = 0;
let watch: JournalWatch;

beforeEach(async () => {
  directory = await makeTempDir();
  damaged = 0;
  watch = createJournalWatch({ directory: directory.path, maxBytes: 4 * MIB, damaged: () => damaged });
});
afterEach(() => directory[Symbol.asyncDispose]());

function segment(bytes: number, ...folders: string[]): void {
  const folder = join(directory.path, ...folders, '000000000000001-1-00000000');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, segmentName(1)), Buffer.alloc(bytes));
}

test('a journal nothing is wrong with is healthy, however much is kept for a replay', async () => {
  segment(3 * MIB, COMMITTED_FOLDER);
  segment(MIB);
  watch.heard(1, WELL);
  expect(await watch.check()).toMatchObject({ name: 'usage-journal', state: 'HEALTHY', message: null });
  expect(await watch.figures()).toMatchObject({ bytes: 4 * MIB, uncommittedBytes: MIB });
});

test.each<[string, Partial<JournalTrouble>, string]>([
  ['a gateway cannot write', { failing: true }, '1 gateways cannot write'],
  [
    'the oldest usage is being deleted',
    { full: true, lostSegments: 2, lostBytes: MIB },
    '2 segments (1 MiB)',
  ],
])('while %s it is unhealthy', async (_, trouble, message) => {
  watch.heard(1, { ...WELL, ...trouble });
  expect(await watch.check()).toMatchObject({
    state: 'UNHEALTHY',
    message: expect.stringContaining(message),
  });
});

test.each<[string, Partial<JournalTrouble>, string]>([
  ['records were dropped', { dropped: 7 }, '7 records were lost'],
  ['segments were deleted', { lostSegments: 3, lostBytes: 2 * MIB }, '3 segments (2 MiB)'],
  ['the disk did not confirm', { syncFailures: 4 }, 'failed to confirm 4 writes'],
])(
  'after %s it is degraded, also when that gateway is gone and others are well',
  async (_, trouble, message) => {
    watch.heard(1, { ...WELL, ...trouble });
    watch.heard(2, WELL);
    expect(await watch.check()).toMatchObject({
      state: 'DEGRADED',
      message: expect.stringContaining(message),
    });
  },
);

test('half full, or with damage, it is degraded', async () => {
  damaged = 2;
  expect(await watch.check()).toMatchObject({
    state: 'DEGRADED',
    message: expect.stringContaining('2 places'),
  });
  damaged = 0;
  segment(3 * MIB);
  expect(await watch.check()).toMatchObject({ state: 'DEGRADED', message: '3 of 4 MiB are in use.' });
});

test('its figures are on the metrics page', async () => {
  segment(MIB);
  watch.heard(1, { ...WELL, failing: true, dropped: 5 });
  watch.heard(2, { ...WELL, dropped: 6, lostBytes: 100 });
  const registry = new Registry();
  addJournalMetrics(registry, watch.figures);
  const page = await registry.metrics();
  expect(page.split('\n').filter((line) => line.startsWith('switchyard_journal_'))).toEqual([
    `switchyard_journal_bytes ${MIB}`,
    `switchyard_journal_uncommitted_bytes ${MIB}`,
    'switchyard_journal_failing_gateways 1',
    'switchyard_journal_full 0',
    'switchyard_journal_lost_records 11',
    'switchyard_journal_lost_bytes 100',
    'switchyard_journal_sync_failures 0',
    'switchyard_journal_damaged_places 0',
  ]);
});
