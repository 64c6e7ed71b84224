/** What one gateway finds out about a connection reaches the others, the database, the operator, and whoever starts later. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSnapshotPublisher } from '../../src/admin/snapshot-publisher.js';
import { createCooldownRelay } from '../../src/app/cooldown-relay.js';
import type { Clock } from '../../src/domain/clock.js';
import type { CooldownChange } from '../../src/domain/cooldown.js';
import type { UpstreamFailure } from '../../src/domain/failure.js';
import type { FailureClass } from '../../src/domain/vocabulary.js';
import type { SqlDatabase } from '../../src/persistence/sql.js';
import { createCooldownBook, type CooldownBook } from '../../src/routing/cooldown-book.js';
import { compileTable } from '../../src/routing/table.js';
import { createCooldownKeeper } from '../../src/usage/cooldown-keeper.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { quietLogger } from '../support/database.js';
import { createGraphqlClient } from '../support/graphql-client.js';
import type { SimulatedProvider } from '../support/providers/simulated-provider.js';
import { until } from '../support/wait.js';
import {
  ADMIN_TOKEN,
  codesOf,
  contextOf,
  startHarness,
  valueOf,
  type Harness,
} from '../unit/admin/harness.js';

const MODEL = 'zai/glm-5.1';
const HOUR = 3_600_000;

let harness: Harness;
let zai: SimulatedProvider;
let connectionId: string;
beforeAll(async () => {
  harness = await startHarness();
  zai = await harness.simulate('zai');
});
afterAll(() => harness[Symbol.asyncDispose]());
beforeEach(async ({ task }) => {
  const connected = await harness.connect(zai, { label: task.id, offering: 'coding-plan', discover: false });
  connectionId = valueOf(connected).connection.id;
});

function failing(failureClass: FailureClass, retryAfterMs: number): UpstreamFailure {
  const retryAt = harness.clock.now() + retryAfterMs;
  return { class: failureClass, httpStatus: 429, message: 'The window is used up.', retryAt };
}

interface Node extends AsyncDisposable {
  readonly books: readonly CooldownBook[];
  hit(failure: UpstreamFailure): void;
}

/** The parts of a node that pass cool-downs on, as the processes of one wire them. */
async function startNode(
  options: { gateways?: number; database?: SqlDatabase; clock?: Clock } = {},
): Promise<Node> {
  const { bus } = harness;
  const { clock = harness.clock } = options;
  const relay = createCooldownRelay();
  const keeper = createCooldownKeeper({
    database: options.database ?? harness.database,
    bus,
    clock,
    logger: quietLogger,
    sweepMs: 20,
  });
  const books: CooldownBook[] = Array.from({ length: options.gateways ?? 1 }, (_, index) =>
    createCooldownBook({
      clock,
      onChange(change) {
        if (!relay.take(change)) return;
        for (const [other, book] of books.entries()) if (other !== index) book.learn(change);
        keeper.note(change);
      },
    }),
  );
  const publisher = createSnapshotPublisher({
    database: harness.database,
    bus,
    clock,
    logger: quietLogger,
    write(snapshot) {
      for (const book of books) book.restore(compileTable(snapshot).connections);
      return Promise.resolve();
    },
  });
  await publisher.publish();
  return {
    books,
    hit: (failure) => books[0]?.sent(connectionId, MODEL).failed(failure, null),
    async [Symbol.asyncDispose]() {
      await publisher.close();
      await keeper.close();
    },
  };
}

const holds = (node: Node): boolean[] => node.books.map((book) => book.hold(connectionId, MODEL) !== null);
const storedRows = () => harness.database.prisma.connectionCooldown.findMany({ where: { connectionId } });
const stored = () => until('the cool-down is stored', async () => (await storedRows()).length > 0);
const healthOf = async () => {
  const [connection] = await harness.admin.connections.byIds(harness.context, [connectionId]);
  return connection?.health;
};

describe('a cool-down', () => {
  it('holds on the other gateways at once, and after everything was started again', async () => {
    {
      await using node = await startNode({ gateways: 2 });
      node.hit(failing('QUOTA_EXHAUSTED', HOUR));
      expect(holds(node)).toEqual([true, true]);
    }
    await using again = await startNode({ gateways: 2 });
    expect(holds(again)).toEqual([true, true]);
  });

  it('reaches another node through the database, and so does its end', async () => {
    await using one = await startNode();
    await using other = await startNode();
    one.hit(failing('QUOTA_EXHAUSTED', HOUR));
    await until('the other node holds it', () => holds(other)[0]);
    one.books[0]?.sent(connectionId, MODEL).succeeded();
    await until('the other node lets go', () => !holds(other)[0]);
  });

  it('is the health of its connection until a request goes through', async () => {
    await using node = await startNode();
    node.hit(failing('FAIR_USE', HOUR));
    await stored();
    expect(await healthOf()).toMatchObject({
      state: 'UNHEALTHY',
      reason: 'FAIR_USE',
      message: 'The window is used up.',
    });
    node.books[0]?.sent(connectionId, MODEL).succeeded();
    await until('it is over', async () => (await storedRows()).length === 0);
    expect(await healthOf()).toMatchObject({ state: 'HEALTHY', reason: null, message: null });
  });

  it('that passes by itself is not held against its connection any longer than it lasts', async () => {
    let later = 0;
    const { clock } = harness;
    await using node = await startNode({ clock: { ...clock, now: () => clock.now() + later } });
    node.hit(failing('QUOTA_EXHAUSTED', HOUR));
    await until('it is seen', async () => (await healthOf())?.state === 'DEGRADED');
    later = HOUR;
    await until('it is over', async () => (await healthOf())?.state === 'UNKNOWN');
  });

  it('of one model says nothing about the connection', async () => {
    await using node = await startNode();
    node.hit({ ...failing('RATE_LIMITED', HOUR), scope: 'MODEL' });
    await stored();
    expect((await healthOf())?.state).toBe('HEALTHY');
  });

  it('waits for a database that is away, and of many words on one scope the last is stored', async () => {
    let away = true;
    let refusals = 0;
    const database: SqlDatabase = {
      query: (text, values) => harness.database.query(text, values),
      transaction(run, options) {
        if (!away) return harness.database.transaction(run, options);
        refusals++;
        return Promise.reject(new Error('connect ECONNREFUSED'));
      },
    };
    await using node = await startNode({ database });
    node.hit(failing('QUOTA_EXHAUSTED', HOUR));
    await until('it was refused', () => refusals > 0);
    node.books[0]?.sent(connectionId, MODEL).succeeded();
    node.hit(failing('FAIR_USE', HOUR));
    away = false;
    await stored();
    expect((await storedRows()).map((row) => row.class)).toEqual(['FAIR_USE']);
  });

  it('that an operator forgot meanwhile is not stored any more', async () => {
    const changes: CooldownChange[] = [];
    const book = createCooldownBook({
      clock: harness.clock,
      onChange: (change) => void changes.push(change),
    });
    book.sent(connectionId, MODEL).failed(failing('FAIR_USE', HOUR), null);
    await until('time passes', () => harness.clock.now() > (changes[0] ? timeOf(changes[0]) : Infinity));
    valueOf(await harness.admin.connections.clearCooldown(harness.context, connectionId));
    const { bus, clock, database } = harness;
    const keeper = createCooldownKeeper({ database, bus, clock, logger: quietLogger });
    for (const change of changes) keeper.note(change);
    await keeper.close();
    expect(await storedRows()).toEqual([]);
  });
});

describe('clearing', () => {
  it('frees the connection on every gateway, leaves an audit entry, and is told to who follows health', async () => {
    await using server = await disposable(startTestAdminServer(harness));
    const api = createGraphqlClient(server.value.url, ADMIN_TOKEN);
    await using node = await startNode({ gateways: 2 });
    node.hit(failing('QUOTA_EXHAUSTED', HOUR));
    await stored();
    const HEALTH = 'health { state reason message cooldownUntil errorRate }';
    const { connection } = await api.data(
      `query ($id: ID!) { connection: node(id: $id) { ... on Connection { ${HEALTH} } } }`,
      { id: connectionId },
    );
    expect(connection.health).toMatchObject({
      state: 'DEGRADED',
      reason: 'QUOTA_EXHAUSTED',
      errorRate: null,
    });
    expect(Date.parse(connection.health.cooldownUntil)).toBeGreaterThan(harness.clock.now());

    const told: string[] = [];
    const stop = harness.bus.subscribe(
      'connection.health',
      (message) => void told.push(message.connectionId),
    );
    const { connectionClearCooldown } = await api.data(
      `mutation ($id: ID!) { connectionClearCooldown(id: $id) { connection { ${HEALTH} } userErrors { code } } }`,
      { id: connectionId },
    );
    stop();
    expect(connectionClearCooldown).toEqual({
      connection: {
        health: { state: 'UNKNOWN', reason: null, message: null, cooldownUntil: null, errorRate: null },
      },
      userErrors: [],
    });
    expect(told).toContain(connectionId);
    await until('both gateways send again', () => holds(node).every((held) => !held));
    const [entry] = await harness.database.prisma.auditEntry.findMany({
      where: { action: 'connection.clear_cooldown', subjectId: connectionId },
    });
    expect(entry?.changes).toEqual([{ field: 'cooldown', before: 'QUOTA_EXHAUSTED', after: null }]);
  });

  it('needs the scope, and a connection of the own workspace', async () => {
    const { admin, context } = harness;
    await expect(
      admin.connections.clearCooldown(contextOf(context.actor.workspaceId, ['CONFIG_READ']), connectionId),
    ).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(codesOf(await admin.connections.clearCooldown(contextOf('ws_other'), connectionId))).toEqual([
      'NOT_FOUND',
    ]);
  });

  it('comes with a proof of the key, but not of what the plan allows', async () => {
    await using node = await startNode();
    node.hit(failing('QUOTA_EXHAUSTED', HOUR));
    await stored();
    valueOf(await harness.admin.connections.verify(harness.context, connectionId));
    expect(await storedRows()).toHaveLength(1);
    node.books[0]?.sent(connectionId, MODEL).failed(failing('AUTHENTICATION', 2 * HOUR), null);
    await until('it is stored', async () => (await storedRows())[0]?.class === 'AUTHENTICATION');
    valueOf(await harness.admin.connections.verify(harness.context, connectionId));
    await until('the connection is used again', () => !holds(node)[0]);
  });

  it('comes with another secret: what the old one met says nothing about the new one', async () => {
    await using node = await startNode();
    node.hit(failing('AUTHENTICATION', HOUR));
    await stored();
    const rotated = await harness.admin.connections.rotateSecret(harness.context, connectionId, {
      secret: '0123456789abcdef0123456789abcdef.AnotherKeyHere01',
      verify: false,
    });
    valueOf(rotated);
    await until('the connection is used again', () => !holds(node)[0]);
  });
});

function timeOf(change: CooldownChange): number {
  return change.kind === 'began' ? change.cooldown.since : change.at;
}

async function disposable<T extends { close(): Promise<void> }>(
  opening: Promise<T>,
): Promise<AsyncDisposable & { readonly value: T }> {
  const value = await opening;
  return { value, [Symbol.asyncDispose]: () => value.close() };
}
