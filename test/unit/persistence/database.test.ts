import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock, type Clock } from '../../../src/domain/clock.js';
import { StartupError } from '../../../src/domain/errors.js';
import { DAY_MS } from '../../../src/domain/time-range.js';
import { openDatabase, type Database } from '../../../src/persistence/database.js';
import { isDatabaseAway } from '../../../src/persistence/database-errors.js';
import { readMigrations } from '../../../src/persistence/migrations.js';
import { listPartitions } from '../../../src/persistence/partitions.js';
import {
  createTestDatabase,
  createTestDatabaseLocation,
  quietLogger,
  type TestDatabaseLocation,
} from '../../support/database.js';

const NOW = Date.UTC(2026, 10, 22, 23, 59);
const clock: Clock = { ...systemClock, now: () => NOW };
const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function testDatabase() {
  const database = await createTestDatabase({ clock });
  closing.push(() => database.close());
  return database;
}

async function testLocation(options: { empty?: boolean } = {}): Promise<TestDatabaseLocation> {
  const location = await createTestDatabaseLocation(options);
  closing.push(() => location.remove());
  return location;
}

async function open(location: TestDatabaseLocation): Promise<Database> {
  const database = await openDatabase({ ...location, logger: quietLogger, clock });
  closing.push(() => database.close().catch(() => undefined));
  return database;
}

const caught = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

const workspace = (id: string) => ({ id, slug: id, name: id, createdAt: new Date(NOW) });

test('an empty database is migrated and ready for the usage of these days; opened again it is as it was left', async () => {
  const location = await testLocation({ empty: true });
  const first = await open(location);
  const applied = await first.query('SELECT * FROM _prisma_migrations');
  expect(applied).toHaveLength((await readMigrations()).length);
  const days = new Set((await listPartitions(first)).map(({ from }) => from));
  for (const time of [NOW - DAY_MS, NOW, NOW + DAY_MS])
    expect(days).toContain(Math.floor(time / DAY_MS) * DAY_MS);
  await first.prisma.workspace.create({ data: workspace('kept') });
  await first.close();
  const second = await open(location);
  expect(await second.query('SELECT * FROM _prisma_migrations')).toEqual(applied);
  expect(await second.prisma.workspace.findMany()).toMatchObject([workspace('kept')]);
  await second.ping();
});

test('a database that cannot be migrated is not opened, and is left for another try', async () => {
  const location = await testLocation();
  const first = await open(location);
  const [row] = await first.query<{ checksum: string }>('SELECT checksum FROM _prisma_migrations LIMIT 1');
  await first.query(`UPDATE _prisma_migrations SET checksum = 'edited'`);
  await first.close();
  const refused = open(location);
  await expect(refused).rejects.toThrow(StartupError);
  await expect(refused).rejects.toThrow(/^The migration \S+ was edited[^\n]*$/);
  await expect(open(location)).rejects.toThrow('was edited');
  expect(row?.checksum).toHaveLength(64);
});

test('plain SQL returns exact numbers, times and arrays', async () => {
  const database = await testDatabase();
  const rows = await database.query(
    `SELECT $1::bigint AS big, '{1,NULL,9007199254740993}'::bigint[] AS bigs, '{}'::bigint[] AS none,
       $2::timestamptz AS time, 1.10::numeric AS exact, ARRAY['a,b'] AS texts, '{"a":1}'::jsonb AS json`,
    [9007199254740993n, new Date(NOW)],
  );
  expect(rows).toEqual([
    {
      big: 9007199254740993n,
      bigs: [1n, null, 9007199254740993n],
      none: [],
      time: new Date(NOW),
      exact: '1.10',
      texts: ['a,b'],
      json: { a: 1 },
    },
  ]);
});

test('a transaction commits as a whole, or not at all', async () => {
  const database = await testDatabase();
  const insert = 'INSERT INTO workspace (id, slug, name, created_at) VALUES ($1, $1, $1, now())';
  await database.transaction((sql) => sql.query(insert, ['a']));
  const undone = database.transaction(async (sql) => {
    await sql.query(insert, ['b']);
    throw new Error('changed my mind');
  });
  await expect(undone).rejects.toThrow('changed my mind');
  const swallowed = database.transaction(async (sql) => {
    await sql.query(insert, ['c']);
    await sql.query(insert, ['c']).catch(() => undefined);
  });
  await expect(swallowed).rejects.toThrow('rolled back');
  expect(await database.query('SELECT id FROM workspace')).toEqual([{ id: 'a' }]);
});

test('transactions under one lock run one after the other', async () => {
  const database = await testDatabase();
  let inside = 0;
  let most = 0;
  const work = () =>
    database.transaction(
      async (sql) => {
        most = Math.max(most, ++inside);
        await sql.query('SELECT 1');
        inside--;
      },
      { lock: 99 },
    );
  await Promise.all(Array.from({ length: 5 }, work));
  expect(most).toBe(1);
});

test('Prisma transactions serialise, roll back, and survive statements that fail', async () => {
  const { prisma } = await testDatabase();
  await prisma.workspace.create({ data: workspace('a') });
  const duplicate = prisma.$transaction(async (tx) => {
    await tx.workspace.create({ data: workspace('b') });
    await tx.workspace.create({ data: workspace('a') });
  });
  await expect(duplicate).rejects.toMatchObject({ code: 'P2002' });
  await Promise.all(
    Array.from({ length: 8 }, () =>
      prisma.$transaction(async (tx) => {
        await tx.$executeRaw`SELECT id FROM workspace WHERE id = 'a' FOR UPDATE`;
        const { name } = await tx.workspace.findUniqueOrThrow({ where: { id: 'a' } });
        await tx.workspace.update({ where: { id: 'a' }, data: { name: `${name}+` } });
      }),
    ),
  );
  expect(await prisma.workspace.findMany()).toMatchObject([{ ...workspace('a'), name: 'a++++++++' }]);
});

test('statements that are wrong are not taken for a database that is away', async () => {
  const database = await testDatabase();
  await database.prisma.workspace.create({ data: workspace('a') });
  const work = [
    database.query('SELEC'),
    database.prisma.$queryRawUnsafe('SELEC'),
    database.prisma.workspace.create({ data: workspace('a') }),
    database.prisma.workspace.findUniqueOrThrow({ where: { id: 'b' } }),
    database.transaction((sql) => sql.query('SELECT 1 / 0')),
  ];
  for (const error of await Promise.all(work.map(caught))) {
    expect(error).toBeInstanceOf(Error);
    expect(isDatabaseAway(error)).toBe(false);
  }
});

test('a closed database says that it is away', async () => {
  const database = await testDatabase();
  await database.release();
  expect(isDatabaseAway(await caught(database.query('SELECT 1')))).toBe(true);
  expect(isDatabaseAway(await caught(database.prisma.workspace.count()))).toBe(true);
});

describe.runIf(process.env['TEST_DATABASE_URL'] !== undefined)('on a server', () => {
  test('connections that are cut reject what runs on them and nothing else, and are replaced', async () => {
    const database = await testDatabase();
    const other = await open(database.location);
    const cutAll = () =>
      other.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()`,
      );
    const work = [
      database.query('SELECT pg_sleep(20)'),
      database.prisma.$executeRaw`SELECT pg_sleep(20)`,
      database.transaction((sql) => sql.query('SELECT pg_sleep(20)')),
      database.transaction(async (sql) => {
        await cutAll();
        await sql.query('SELECT 1');
      }),
      database.prisma.$transaction(async (tx) => {
        await cutAll();
        await tx.workspace.count();
      }),
    ];
    for (const error of await Promise.all(work.map(caught)))
      expect(isDatabaseAway(error), String(error)).toBe(true);
    await database.ping();
    expect(await database.prisma.workspace.count()).toBe(0);
  });
});

describe('DATABASE_URL', () => {
  const refuse = (databaseUrl: string) =>
    caught(openDatabase({ databaseUrl, dataDir: '/nowhere', logger: quietLogger, clock }));

  test('a server that is away is said so in one line, without the password', async () => {
    const silent = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const address = silent.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const url = `postgresql://someone:s3cret@127.0.0.1:${port}/switchyard`;
    const hangsUp = await refuse(url);
    await new Promise((resolve) => silent.close(resolve));
    const refuses = await refuse(url);
    for (const error of [hangsUp, refuses]) {
      expect(error).toBeInstanceOf(StartupError);
      expect(String(error)).toMatch(
        new RegExp(`^StartupError: DATABASE_URL [^\\n]*127.0.0.1:${port} [^\\n]*$`),
      );
      expect(String(error)).not.toContain('s3cret');
    }
  });
});

test('a directory that holds no database of ours is said so in one line', async () => {
  const location = await testLocation({ empty: true });
  await writeFile(join(location.dataDir, 'postgres'), 'not a directory');
  const error = await caught(openDatabase({ ...location, databaseUrl: null, logger: quietLogger, clock }));
  expect(error).toBeInstanceOf(StartupError);
  expect(String(error)).toMatch(/^[^\n]*embedded database in [^\n]*$/);
});
