import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../../src/domain/clock.js';
import { StartupError } from '../../../src/domain/errors.js';
import { EMBEDDED_DIRECTORY, openDatabase } from '../../../src/persistence/database.js';
import { isDatabaseAway } from '../../../src/persistence/database-errors.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../../src/persistence/embedded-postgres.js';
import { createEmbeddedLocation, quietLogger, type TestDatabaseLocation } from '../../support/database.js';
import { startTypescriptProcess } from '../../support/typescript-process.js';

let location: TestDatabaseLocation;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  location = await createEmbeddedLocation();
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await location.remove();
});

function start(answerTimeoutMs?: number): EmbeddedPostgres {
  const directory = join(location.dataDir, EMBEDDED_DIRECTORY);
  const postgres = startEmbeddedPostgres({
    directory,
    logger: quietLogger,
    ...(answerTimeoutMs === undefined ? {} : { answerTimeoutMs }),
  });
  closing.push(() => postgres.close());
  return postgres;
}

async function connect(postgres: EmbeddedPostgres): Promise<pg.Client> {
  const client = new pg.Client({ stream: postgres.connect, user: 'postgres', database: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

const open = () => openDatabase({ ...location, logger: quietLogger, clock: systemClock });

test('a statement that fails leaves the connection usable', async () => {
  const client = await connect(start());
  await expect(client.query('SELECT * FROM nowhere WHERE a = $1', [1])).rejects.toMatchObject({
    code: '42P01',
  });
  await expect(client.query('SELECT $1::int AS a', [7])).resolves.toMatchObject({ rows: [{ a: 7 }] });
  await client.end();
});

test('a large statement and a large answer pass whole', async () => {
  const client = await connect(start());
  const text = 'x'.repeat(5_000_000);
  const { rows } = await client.query<{ text: string; rows: string }>(
    `SELECT $1::text AS text, (SELECT count(*) FROM generate_series(1, 3)) AS rows`,
    [text],
  );
  expect(rows[0]?.text.length).toBe(text.length);
  await client.end();
});

test('a connection starts clean, whatever the one before left open', async () => {
  const postgres = start();
  const first = await connect(postgres);
  await first.query('BEGIN');
  await first.query(`CREATE TABLE left_open (a int)`);
  await first.query({ name: 'left_prepared', text: 'SELECT 1' });
  await first.query('SELECT pg_advisory_lock(5)');
  await first.end();
  const second = await connect(postgres);
  const { rows } = await second.query(
    `SELECT to_regclass('left_open') AS open_table,
       (SELECT count(*)::int FROM pg_prepared_statements) AS prepared,
       (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory') AS locks`,
  );
  expect(rows).toEqual([{ open_table: null, prepared: 0, locks: 0 }]);
  await second.end();
});

test('a second connection waits until the first one ends', async () => {
  const postgres = start();
  const first = await connect(postgres);
  let connected = false;
  const second = connect(postgres).then((client) => {
    connected = true;
    return client;
  });
  await first.query('SELECT 1');
  expect(connected).toBe(false);
  await first.end();
  await (await second).end();
});

test('a statement that never ends is given up, and the next connection finds what was committed', async () => {
  const postgres = start(1_500);
  const client = await connect(postgres);
  await client.query(`INSERT INTO workspace (id, slug, name, created_at) VALUES ('w', 'w', '', now())`);
  const endless = client.query('SELECT count(*) FROM generate_series(1, 1000000000)');
  const error = await endless.then(
    () => null,
    (caught: unknown) => caught,
  );
  expect(isDatabaseAway(error)).toBe(true);
  const next = await connect(postgres);
  expect((await next.query('SELECT id FROM workspace')).rows).toEqual([{ id: 'w' }]);
  await next.end();
});

test('a process that is killed loses nothing it was told is committed, and its directory opens again', async () => {
  const acknowledged: number[] = [];
  {
    await using writer = startTypescriptProcess(
      new URL('./killed-writer.ts', import.meta.url),
      location.dataDir,
    );
    const next = async () => {
      const line = await writer.nextLine();
      if (line !== null) acknowledged.push(Number(line));
      return line !== null;
    };
    while (acknowledged.length < 25 && (await next()));
    await expect(open()).rejects.toThrow(`in use by process ${writer.pid}`);
    await writer.kill();
    while (await next());
  }
  const database = await open();
  closing.push(() => database.close());
  expect(acknowledged.length).toBeGreaterThanOrEqual(25);
  const rows = await database.query<{ id: string }>('SELECT id FROM workspace');
  const written = new Set(rows.map(({ id }) => id));
  for (const number of acknowledged) expect(written).toContain(`${number}-a`);
  for (const id of written) expect(written).toContain(id.replace(/.$/, (half) => (half === 'a' ? 'b' : 'a')));
});

test('a directory in use is refused with one line that names the process', async () => {
  const database = await open();
  const second = open();
  await expect(second).rejects.toThrow(StartupError);
  await expect(second).rejects.toThrow(new RegExp(`^[^\\n]*in use by process ${process.pid}[^\\n]*$`));
  await database.close();
  await (await open()).close();
});
