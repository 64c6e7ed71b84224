/** What becomes of a read's statements when nobody waits for its answer any more: a real PostgreSQL stops them. */
import { request, type ClientRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DATABASE_CONNECTIONS_MAX } from '../../src/config/limits.js';
import { systemClock } from '../../src/domain/clock.js';
import { openDatabase, type Database } from '../../src/persistence/database.js';
import { stopStatementsWith } from '../../src/persistence/stop-statements.js';
import { createEmbeddedLocation, quietLogger } from '../support/database.js';
import { createGraphqlClient } from '../support/graphql-client.js';
import { postgresIsInstalled, startPostgres, type PostgresServer } from '../support/postgres-server.js';
import { openSocket } from '../support/socket.js';
import { until } from '../support/wait.js';
import { startWorld, TOKEN, type World } from '../unit/graphql/world.js';

/** Long enough for a statement to begin on a busy machine. */
const TIMEOUT_MS = 1_500;
/** Far longer than any test has. */
const HEAVY = 'SELECT pg_sleep(600)::text';
const READ = '{ viewer { workspace { slug } } }';
const CHANGE = 'mutation { connectionDelete(id: "conn_1") { deletedId } }';

describe.skipIf(!postgresIsInstalled)('a statement nobody waits for', () => {
  let postgres: PostgresServer;
  let database: Database;
  let watching: Database;
  let world: World;

  const open = async (databaseUrl: string): Promise<Database> =>
    openDatabase({ databaseUrl, dataDir: '', logger: quietLogger, clock: systemClock });

  beforeAll(async () => {
    postgres = await startPostgres();
    const url = await postgres.createDatabase();
    database = await open(url);
    watching = await open(url);
    // The first statement of a program takes longer than all others.
    await database.prisma.$transaction((rows) => rows.$queryRawUnsafe('SELECT 1 AS one'));
  });
  afterEach(async () => {
    await world?.close();
    expect(await running()).toBe(0);
  });
  afterAll(async () => {
    await database?.close();
    await watching?.close();
    await postgres?.[Symbol.asyncDispose]();
  });

  const running = async (): Promise<number> => {
    const [row] = await watching.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'`,
    );
    return row?.count ?? 0;
  };
  const begun = (count = 1) => until('it runs', async () => (await running()) === count);
  const stopped = () => until('it is stopped', async () => (await running()) === 0);
  const HOW: Readonly<Record<string, () => Promise<unknown>>> = {
    'plain SQL': () => database.query(HEAVY),
    Prisma: () => database.prisma.$queryRawUnsafe(HEAVY),
    'a transaction': () => database.transaction((sql) => sql.query(HEAVY)),
    "a transaction of Prisma's": () => database.prisma.$transaction((rows) => rows.$queryRawUnsafe(HEAVY)),
  };
  const start = async (work: () => Promise<unknown>, operationTimeoutMs = 600_000): Promise<void> => {
    world = await startWorld({ operationTimeoutMs });
    world.workspaceFault = work;
  };
  const post = (query: string): ClientRequest => {
    const sent = request(`${world.server.url}/graphql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    });
    sent.on('error', () => undefined);
    return sent.end(JSON.stringify({ query }));
  };

  it.each(Object.entries(HOW))('is stopped once its read took too long: in %s', async (_name, work) => {
    await start(work, TIMEOUT_MS);
    const answer = createGraphqlClient(world.server.url, TOKEN).send(READ);
    await begun();
    expect(await answer).toMatchObject({ status: 504, errors: [{ extensions: { code: 'TIMEOUT' } }] });
    await stopped();
    // Whoever has the connection next is not stopped in its stead.
    const next = await Promise.all(
      Array.from({ length: 2 * DATABASE_CONNECTIONS_MAX }, (_, i) =>
        database.query('SELECT $1::int AS i', [i]),
      ),
    );
    expect(next).toEqual(next.map((_, i) => [{ i }]));
  });

  it.each(Object.entries(HOW))('is stopped once its caller is gone: in %s', async (_name, work) => {
    await start(work);
    const sent = post(READ);
    await begun();
    sent.destroy();
    await stopped();
  });

  it('is stopped once its websocket ends it, and once that is cut', async () => {
    await start(() => database.query(HEAVY));
    const socket = await openSocket(world.server.url);
    await socket.init(TOKEN);
    for (const id of ['ended', 'cut']) socket.send({ type: 'subscribe', id, payload: { query: READ } });
    await begun(2);
    socket.send({ type: 'complete', id: 'ended' });
    await begun(1);
    socket.socket.terminate();
    await stopped();
  });

  it('never begins when it still waits for a connection then', async () => {
    const more = 5;
    let asked = 0;
    await start(() => {
      const statements = Array.from({ length: DATABASE_CONNECTIONS_MAX + more }, () => database.query(HEAVY));
      asked = statements.length;
      return Promise.all(statements);
    });
    const sent = post(READ);
    await begun(DATABASE_CONNECTIONS_MAX);
    expect(asked).toBe(DATABASE_CONNECTIONS_MAX + more);
    // Of another caller, and so not to be stopped although it waits among them.
    const other = database.query('SELECT 1 AS one');
    sent.destroy();
    expect(await other).toEqual([{ one: 1 }]);
    await stopped();
  });

  it('runs on for a change, which is made whether or not its caller stays', async () => {
    let made = 0;
    await start(async () => {
      await database.query('SELECT pg_sleep(0.2)::text');
      made++;
    });
    const sent = post(CHANGE);
    await begun();
    sent.destroy();
    await until('it is made', () => made === 1);
  });
});

it('spares the embedded database what has not begun, where nothing that runs can be stopped', async () => {
  const location = await createEmbeddedLocation();
  const database = await openDatabase({ ...location, logger: quietLogger, clock: systemClock });
  try {
    await database.query('CREATE TABLE mark (i int)');
    const reader = new AbortController();
    const settled = stopStatementsWith(reader.signal, () =>
      Promise.allSettled(
        [1, 2, 3].map((i) => database.query('INSERT INTO mark SELECT $1 FROM pg_sleep(0.2)', [i])),
      ),
    );
    const other = database.query('SELECT 1 AS one');
    await new Promise((resolve) => setImmediate(resolve));
    reader.abort(new Error('gone'));
    expect((await settled).filter(({ status }) => status === 'rejected').length).toBeGreaterThanOrEqual(2);
    expect(await other).toEqual([{ one: 1 }]);
    expect((await database.query('SELECT * FROM mark')).length).toBeLessThanOrEqual(1);
  } finally {
    await database.close();
    await location.remove();
  }
});
