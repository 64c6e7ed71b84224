/** The last use of an access key is known from recorded usage, and never moves back. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../src/domain/ids.js';
import type { StoredUsageEvent } from '../../src/domain/usage.js';
import { createBus } from '../../src/live/bus.js';
import { recordKeyUse } from '../../src/persistence/access-key-activity.js';
import { followKeyActivity } from '../../src/usage/key-activity.js';
import { createTestDatabase, quietLogger } from '../support/database.js';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

it('is written with the latest moment of each key when the follower ends', async () => {
  const workspaceId = newId('workspace', 1);
  const [used, unused] = [newId('accessKey', 1), newId('accessKey', 2)];
  const now = Date.UTC(2026, 10, 22, 12);
  await database.prisma.accessKey.createMany({
    data: [used, unused].map((id) => ({
      id,
      workspaceId,
      name: id,
      hash: id,
      preview: 'sy_…',
      createdAt: new Date(now),
    })),
  });
  const bus = createBus(quietLogger);
  const follow = () =>
    followKeyActivity({ bus, write: (lastUsed) => recordKeyUse(database, lastUsed), logger: quietLogger });
  const at = (occurredAt: number) => ({ accessKeyId: used, occurredAt }) as StoredUsageEvent;

  const first = follow();
  bus.publish('usage.recorded', { workspaceId, events: [at(now), at(now + 5_000), at(now + 1_000)] });
  await first.close();
  const second = follow();
  bus.publish('usage.recorded', { workspaceId, events: [at(now - 60_000)] });
  await second.close();

  const keys = await database.prisma.accessKey.findMany({ where: { workspaceId }, orderBy: { id: 'asc' } });
  expect(keys.map(({ lastUsedAt }) => lastUsedAt?.getTime() ?? null)).toEqual([now + 5_000, null]);
});
