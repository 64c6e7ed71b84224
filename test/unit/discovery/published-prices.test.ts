import { afterEach, beforeEach, expect, it } from 'vitest';
import { buildSnapshot } from '../../../src/admin/snapshot.js';
import { readSnapshotSource } from '../../../src/persistence/snapshot-source.js';
import { priceAttempt } from '../../../src/usage/price.js';
import { startHarness, valueOf, type Harness } from '../admin/harness.js';
import { attemptRecord } from '../journal/records.js';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(async () => {
  await harness[Symbol.asyncDispose]();
});

it('a price by time of day goes from the provider through the database and the snapshot into the cost', async () => {
  const deepseek = await harness.simulate('deepseek');
  deepseek.setModels([{ id: 'deepseek-v4-pro' }]);
  valueOf(await harness.connect(deepseek));
  await harness.discovery.settled();

  const source = await readSnapshotSource(harness.database.prisma, harness.clock.now());
  const [model] = buildSnapshot(source, { version: 1, builtAt: 0 }).workspaces.flatMap(
    ({ models }) => models,
  );
  expect(model?.price).toMatchObject({
    input: '660000000',
    timesOfDay: [{ windows: ['01:00-04:00', '06:00-10:00'], input: '1320000000' }],
  });
  const attempt = attemptRecord({
    price: JSON.parse(JSON.stringify(model?.price)),
    billing: 'METERED',
    tokens: { input: 1_000_000, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: null },
  });
  const costAt = (time: string) => priceAttempt(attempt, Date.parse(`2026-11-01T${time}:00Z`)).costNanoUsd;
  expect(costAt('05:00')).toBe(660_000_000n);
  expect(costAt('02:00')).toBe(1_320_000_000n);

  const before = await harness.admin.models.byRef(harness.context, 'deepseek/deepseek-v4-pro');
  valueOf(await harness.admin.discovery.start(harness.context, null));
  await harness.discovery.settled();
  const after = await harness.admin.models.byRef(harness.context, 'deepseek/deepseek-v4-pro');
  expect(after?.price?.id).toBe(before?.price?.id);
});

it('a list without an end changes nothing', async () => {
  const anthropic = await harness.simulate('anthropic');
  anthropic.setModels([{ id: 'claude-sonnet-4-6' }]);
  valueOf(await harness.connect(anthropic));
  await harness.discovery.settled();
  // The simulated list gives two a page.
  anthropic.setModels(Array.from({ length: 250 }, (_, index) => ({ id: `claude-${index}` })));
  const { id } = valueOf(await harness.admin.discovery.start(harness.context, null));
  await harness.discovery.settled();
  const [run] = await harness.admin.discovery.byIds(harness.context, [id]);
  expect(run?.results).toMatchObject([{ status: 'FAILED', failure: { class: 'INCOMPLETE_ANSWER' } }]);
  const known = await harness.admin.models.byRef(harness.context, 'anthropic/claude-sonnet-4-6');
  expect(known?.state).toBe('STALE');
});
