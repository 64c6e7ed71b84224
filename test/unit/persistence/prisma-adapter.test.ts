/** How Prisma's statements reach the one connection of a transaction. */
import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../../support/database.js';

const at = new Date(Date.UTC(2026, 10, 22));
const include = { secret: true, quotaWindows: true, cooldowns: true } as const;

test('what a transaction reads side by side is asked one after another, and one that fails holds up none behind it', async () => {
  const warnings: Error[] = [];
  const heard = (warning: Error) => void warnings.push(warning);
  process.on('warning', heard);
  onTestFinished(() => void process.off('warning', heard));
  const database = await createTestDatabase();
  onTestFinished(() => database.close());
  const { prisma } = database;
  await prisma.workspace.create({ data: { id: 'w', slug: 'w', name: 'w', createdAt: at } });
  await prisma.connection.create({
    data: {
      id: 'c',
      workspaceId: 'w',
      provider: 'zai',
      offering: 'api',
      billing: 'METERED',
      credential: 'API_KEY',
      label: 'c',
      secretRotatedAt: at,
      createdAt: at,
      updatedAt: at,
    },
  });
  const expected = [{ id: 'c', secret: null, quotaWindows: [], cooldowns: [] }];

  await prisma.$transaction(async (tx) => {
    const reads = [tx.connection.findMany({ include }), tx.connection.findMany({ include })];
    for (const rows of await Promise.all(reads)) expect(rows).toMatchObject(expected);
  });
  await prisma.$transaction(async (tx) => {
    await tx.$executeRawUnsafe('SAVEPOINT before');
    const failing = tx.$queryRawUnsafe('SELECT nothing');
    const returning = tx.$executeRawUnsafe('ROLLBACK TO SAVEPOINT before');
    await expect(failing).rejects.toThrow('nothing');
    await returning;
    expect(await tx.connection.findMany({ include })).toMatchObject(expected);
  });

  // Warnings are told in a turn of their own.
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([]);
});
