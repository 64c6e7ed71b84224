import { afterAll, beforeAll, expect, test } from 'vitest';
import { DAY_MS } from '../../../src/domain/time-range.js';
import {
  dropPartitionsBefore,
  ensurePartitions,
  listPartitions,
  type UsagePartition,
} from '../../../src/persistence/partitions.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';

const DAY = Date.UTC(2031, 0, 31);
let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.close());

async function partitionsFrom(time: number): Promise<UsagePartition[]> {
  return (await listPartitions(database)).filter(({ from }) => from >= time);
}

async function insertAttempt(startedAt: number): Promise<void> {
  await database.query(
    `INSERT INTO usage_attempt (event_id, position, started_at, workspace_id, model_ref, provider, offering, connection_id,
       billing, input_tokens, cache_read_tokens, cache_write_tokens, output_tokens, token_source, duration_ms)
     VALUES ('evt', 0, $1, 'ws', 'p/m', 'p', 'p/o', 'c', 'METERED', 1, 0, 0, 1, 'REPORTED', 1)`,
    [new Date(startedAt)],
  );
}

test('every moment of a range has a place afterwards, across the end of a month', async () => {
  await ensurePartitions(database, DAY + 5, DAY + DAY_MS);
  for (const time of [DAY, DAY + DAY_MS - 1, DAY + DAY_MS, DAY + 2 * DAY_MS - 1]) await insertAttempt(time);
  await expect(insertAttempt(DAY + 2 * DAY_MS)).rejects.toThrow('no partition');
  expect(await partitionsFrom(DAY)).toEqual([
    { table: 'usage_attempt', name: 'usage_attempt_20310131', from: DAY },
    { table: 'usage_event', name: 'usage_event_20310131', from: DAY },
    { table: 'usage_attempt', name: 'usage_attempt_20310201', from: DAY + DAY_MS },
    { table: 'usage_event', name: 'usage_event_20310201', from: DAY + DAY_MS },
  ]);
});

test('asking at once from many places makes each partition once', async () => {
  const from = Date.UTC(2032, 5, 1);
  const nodes = Array.from({ length: 6 }, () => ({ ...database }));
  await Promise.all(nodes.map((node) => ensurePartitions(node, from, from + 2 * DAY_MS)));
  expect(await partitionsFrom(from)).toHaveLength(6);
});

test('days asked for before cost no statement', async () => {
  const node = { ...database };
  await ensurePartitions(node, DAY, DAY);
  let statements = 0;
  node.transaction = () => Promise.reject(new Error(`statement ${++statements}`));
  await ensurePartitions(node, DAY, DAY + 1000);
  expect(statements).toBe(0);
});

test('a range that only a wrong clock can ask for is refused', async () => {
  await expect(ensurePartitions(database, 0, DAY)).rejects.toThrow('usage partitions for');
});

test('retention drops whole days that have passed, and a dropped day can be made again', async () => {
  const from = Date.UTC(2020, 0, 1);
  await ensurePartitions(database, from, from + DAY_MS);
  expect(await dropPartitionsBefore(database, from + 2 * DAY_MS - 1)).toEqual([
    'usage_attempt_20200101',
    'usage_event_20200101',
  ]);
  expect((await listPartitions(database))[0]).toMatchObject({ from: from + DAY_MS });
  await ensurePartitions(database, from, from);
  expect((await listPartitions(database))[0]).toMatchObject({ from });
});
