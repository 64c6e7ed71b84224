import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { startSocketWorld } from '../support/socket-world.js';
import type { Message, RawSocket } from '../support/socket.js';
import type { Cooldown } from '../../src/domain/cooldown.js';
import {
  connection,
  discoveryResult,
  discoveryRun,
  READER_TOKEN,
  TOKEN,
  WORKSPACE,
} from '../unit/graphql/world.js';

/** Waits until a condition holds, for what no message announces. */
async function until(holds: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error('the condition did not come to hold');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const subscribe = (id: string, query: string, variables?: Record<string, unknown>): Message => ({
  type: 'subscribe',
  id,
  payload: { query, ...(variables && { variables }) },
});
const HEALTH = 'subscription { connectionHealth { connection { id } health { state } previousState } }';
const IDLE = 'subscription { usageRecorded { cursor } }';

describe('the handshake', () => {
  it('selects the protocol, also when an old one is offered beside it', async () => {
    const { dial } = await startSocketWorld();
    expect((await dial()).socket.protocol).toBe('graphql-transport-ws');
    expect((await dial({ protocols: ['graphql-ws', 'graphql-transport-ws'] })).socket.protocol).toBe(
      'graphql-transport-ws',
    );
  });

  it('closes a socket without the protocol', async () => {
    const { dial } = await startSocketWorld();
    expect(await (await dial({ protocols: [] })).ended).toEqual({
      code: 4406,
      reason: 'Subprotocol not acceptable',
    });
  });

  it('refuses another path with 404 and a foreign page with 403', async () => {
    const { dial, world } = await startSocketWorld();
    await expect(dial({ path: '/elsewhere' })).rejects.toThrow('404');
    await expect(dial({ headers: { origin: 'https://evil.example' } })).rejects.toThrow('403');
    await expect(dial({ headers: { origin: world.server.url } })).resolves.toBeDefined();
  });

  it('acknowledges with who signed in and what the limits are', async () => {
    const { dial } = await startSocketWorld();
    expect(await (await dial()).init(READER_TOKEN)).toEqual({
      type: 'connection_ack',
      payload: {
        viewer: { name: 'reader', scopes: ['USAGE_READ'] },
        expiresAt: null,
        limits: { maxSubscriptions: 20 },
      },
    });
  });

  it('accepts the token in the header of the upgrade', async () => {
    const { dial } = await startSocketWorld();
    const socket = await dial({ headers: { authorization: `Bearer ${TOKEN}` } });
    expect((await socket.init(null)).type).toBe('connection_ack');
  });

  it.each([
    ['no payload', { type: 'connection_init' }],
    ['a null payload', { type: 'connection_init', payload: null }],
    ['an unknown token', { type: 'connection_init', payload: { authorization: 'Bearer sya_unknown' } }],
    ['a token of the wrong type', { type: 'connection_init', payload: { authorization: 7 } }],
  ])('closes with 4403 for %s', async (_name, message) => {
    const { dial } = await startSocketWorld();
    const socket = await dial();
    socket.send(message);
    expect(await socket.ended).toEqual({ code: 4403, reason: 'Forbidden' });
  });

  it('closes a socket that does not introduce itself, and one that does so twice', async () => {
    const { dial, signedIn } = await startSocketWorld({ sockets: { initTimeoutMs: 50 } });
    expect(await (await dial()).ended).toMatchObject({ code: 4408 });
    const socket = await signedIn();
    socket.send({ type: 'connection_init' });
    expect(await socket.ended).toMatchObject({ code: 4429 });
  });

  it('closes a socket that subscribes before it signed in', async () => {
    const { dial } = await startSocketWorld();
    const socket = await dial();
    socket.send(subscribe('1', '{ __typename }'));
    expect(await socket.ended).toEqual({ code: 4401, reason: 'Unauthorized' });
  });

  it('lets one token hold so many sockets and no more', async () => {
    const { dial, signedIn } = await startSocketWorld();
    for (let i = 0; i < 10; i++) await signedIn();
    const socket = await dial();
    socket.send({ type: 'connection_init', payload: { authorization: `Bearer ${TOKEN}` } });
    expect(await socket.ended).toMatchObject({ code: 1013 });
    await signedIn(READER_TOKEN);
  });
});

describe('messages', () => {
  it.each([
    'nonsense',
    '{}',
    '{"type":"unknown"}',
    '[]',
    '7',
    '{"type":"subscribe"}',
    '{"type":"subscribe","id":1,"payload":{"query":"{a}"}}',
    '{"type":"subscribe","id":"1","payload":{"query":1}}',
  ])('closes with 4400 for %s', async (text) => {
    const { signedIn } = await startSocketWorld();
    const socket = await signedIn();
    socket.send(text);
    expect(await socket.ended).toEqual({ code: 4400, reason: 'Invalid message received' });
  });

  it('closes with 1009 for a message above the bound', async () => {
    const { signedIn } = await startSocketWorld();
    const socket = await signedIn();
    socket.send(subscribe('1', `#${'x'.repeat(65 * 1024)}`));
    expect(await socket.ended).toMatchObject({ code: 1009 });
  });

  it('answers ping with pong and its payload', async () => {
    const { signedIn } = await startSocketWorld();
    const socket = await signedIn();
    socket.send({ type: 'ping', payload: { n: 1 } });
    expect(await socket.next()).toEqual({ type: 'pong', payload: { n: 1 } });
  });

  it('closes with 1013 for a flood', async () => {
    const { signedIn } = await startSocketWorld();
    const socket = await signedIn();
    for (let i = 0; i < 200; i++) socket.send({ type: 'ping' });
    expect(await socket.ended).toEqual({ code: 1013, reason: 'Try again later' });
  });
});

describe('operations', () => {
  it('runs a query: one result with request id and cost, then completion', async () => {
    const { signedIn } = await startSocketWorld();
    const socket = await signedIn();
    socket.send(subscribe('q', '{ viewer { name } }'));
    expect(await socket.next()).toEqual({
      type: 'next',
      id: 'q',
      payload: {
        data: { viewer: { name: 'owner' } },
        extensions: {
          requestId: expect.stringMatching(/^req_/),
          cost: expect.objectContaining({ requested: 1, depth: 2 }),
        },
      },
    });
    expect(await socket.next()).toEqual({ type: 'complete', id: 'q' });
  });

  it.each([
    ['a syntax error', '{ viewer {', 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', '{ nobody }', 'GRAPHQL_VALIDATION_FAILED'],
    [
      'two root fields of a subscription',
      'subscription { a: connectionHealth { previousState } b: connectionHealth { previousState } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['no operation', 'fragment F on Query { __typename }', 'GRAPHQL_VALIDATION_FAILED'],
    ['a missing variable', 'query ($id: ID!) { node(id: $id) { id } }', 'BAD_USER_INPUT'],
    [
      'too many aliases',
      `{ ${Array.from({ length: 31 }, (_, i) => `a${i}: __typename`).join(' ')} }`,
      'TOO_MANY_ALIASES',
    ],
    [
      'too much cost',
      '{ connections(first: 100) { nodes { models(first: 100) { nodes { id } } } } }',
      'QUERY_TOO_COMPLEX',
    ],
    ['an unknown run', 'subscription { discoveryProgress(runId: "run_none") { run { id } } }', 'NOT_FOUND'],
    [
      'totals more often than allowed',
      'subscription { usageTotals(input: {}, minIntervalMs: 10) { sequence } }',
      'BAD_USER_INPUT',
    ],
    ['a cursor that is none', 'subscription { usageRecorded(after: "zzz") { cursor } }', 'BAD_USER_INPUT'],
  ])('answers %s with an error and keeps the socket', async (_name, query, code) => {
    const { signedIn, world } = await startSocketWorld();
    const socket = await signedIn();
    socket.send(subscribe('x', query));
    expect(await socket.next()).toMatchObject({
      type: 'error',
      id: 'x',
      payload: [{ extensions: { code, requestId: expect.any(String) } }],
    });
    socket.send(subscribe('x', '{ __typename }'));
    expect([(await socket.next()).type, (await socket.next()).type]).toEqual(['next', 'complete']);
    expect(world.server.live.subscribers).toBe(0);
  });

  it('says which scope a subscription lacks', async () => {
    const { signedIn } = await startSocketWorld();
    const socket = await signedIn(READER_TOKEN);
    socket.send(subscribe('1', HEALTH));
    expect(await socket.next()).toMatchObject({
      type: 'error',
      payload: [{ message: 'This token lacks the scope CONFIG_READ.', extensions: { code: 'FORBIDDEN' } }],
    });
  });

  it('keeps the text of an unexpected error to itself', async () => {
    const { signedIn, world } = await startSocketWorld();
    world.workspaceFault = () => Promise.reject(new Error('password=hunter2'));
    const socket = await signedIn();
    socket.send(subscribe('1', '{ viewer { workspace { slug } } }'));
    const { payload } = await socket.next();
    expect(payload.errors[0].extensions.code).toBe('INTERNAL_SERVER_ERROR');
    expect(socket.transcript()).not.toContain('hunter2');
  });

  it('runs twenty operations at once and refuses one more, until one ends', async () => {
    const { signedIn, world } = await startSocketWorld();
    const socket = await signedIn();
    for (let i = 0; i < 20; i++) socket.send(subscribe(`s${i}`, IDLE));
    await until(() => world.server.live.subscribers === 20);
    socket.send(subscribe('more', IDLE));
    expect(await socket.next()).toMatchObject({
      type: 'error',
      id: 'more',
      payload: [{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } }],
    });
    socket.send({ type: 'complete', id: 's3' });
    await until(() => world.server.live.subscribers === 19);
    socket.send(subscribe('more', IDLE));
    await until(() => world.server.live.subscribers === 20);
    expect(socket.pending()).toEqual([]);
  });

  it('closes with 4409 when an id is used twice at once, and accepts it again afterwards', async () => {
    const { signedIn } = await startSocketWorld();
    const socket = await signedIn();
    for (const id of ['__proto__', 'constructor', '__proto__']) {
      socket.send(subscribe(id, '{ __typename }'));
      expect([(await socket.next()).id, (await socket.next()).type]).toEqual([id, 'complete']);
    }
    socket.send(subscribe('a', IDLE));
    socket.send(subscribe('a', IDLE));
    expect(await socket.ended).toEqual({ code: 4409, reason: 'Subscriber for a already exists' });
  });
});

describe('live reads', () => {
  it('sends the present health of each connection, then changes only', async () => {
    const { signedIn, world } = await startSocketWorld();
    world.connections.set('conn_1', connection('conn_1'));
    world.connections.set('conn_2', connection('conn_2'));
    const socket = await signedIn();
    socket.send(subscribe('1', HEALTH));
    const states = async () => {
      const {
        connection: subject,
        health,
        previousState,
      } = (await socket.next()).payload.data.connectionHealth;
      return [subject.id, health.state, previousState];
    };
    expect([await states(), await states()]).toEqual([
      ['conn_1', 'HEALTHY', null],
      ['conn_2', 'HEALTHY', null],
    ]);
    world.setHealth('conn_1', { state: 'HEALTHY' });
    world.setHealth('conn_2', { state: 'UNHEALTHY', reason: 'AUTHENTICATION' });
    expect(await states()).toEqual(['conn_2', 'UNHEALTHY', 'HEALTHY']);
    expect(socket.pending()).toEqual([]);
  });

  it('tells each outcome of a discovery run once, and completes when the run ends', async () => {
    const { signedIn, world } = await startSocketWorld();
    const [first, second] = [
      discoveryResult('res_1'),
      discoveryResult('res_2', {
        status: 'FAILED',
        failure: { class: 'NETWORK', httpStatus: null, message: 'No answer.', retryAt: null },
      }),
    ];
    world.runs.set('run_1', discoveryRun('run_1'));
    const socket = await signedIn();
    socket.send(
      subscribe(
        '1',
        'subscription { discoveryProgress(runId: "run_1") { run { status connectionsDone } result { status error { class } } } }',
      ),
    );
    const progress = async () => (await socket.next()).payload.data.discoveryProgress;
    expect(await progress()).toEqual({ run: { status: 'RUNNING', connectionsDone: 0 }, result: null });
    world.runs.set('run_1', discoveryRun('run_1', { results: [first] }));
    world.bus.publish('discovery.progress', { workspaceId: WORKSPACE, runId: 'run_1', resultId: 'res_1' });
    expect(await progress()).toEqual({
      run: { status: 'RUNNING', connectionsDone: 1 },
      result: { status: 'SUCCEEDED', error: null },
    });
    world.runs.set('run_1', discoveryRun('run_1', { status: 'PARTIAL', results: [first, second] }));
    world.bus.publish('discovery.progress', { workspaceId: WORKSPACE, runId: 'run_1', resultId: 'res_2' });
    world.bus.publish('discovery.progress', { workspaceId: WORKSPACE, runId: 'run_1', resultId: null });
    expect(await progress()).toEqual({
      run: { status: 'PARTIAL', connectionsDone: 2 },
      result: { status: 'FAILED', error: { class: 'NETWORK' } },
    });
    expect(await socket.next()).toEqual({ type: 'complete', id: '1' });
    expect(world.bus.listeners('discovery.progress')).toBe(0);
  });

  it('answers a finished run with its snapshot and completion', async () => {
    const { signedIn, world } = await startSocketWorld();
    world.runs.set('run_1', discoveryRun('run_1', { status: 'SUCCEEDED', finishedAt: 9 }));
    const socket = await signedIn();
    socket.send(subscribe('1', 'subscription { discoveryProgress(runId: "run_1") { run { status } } }'));
    expect([(await socket.next()).type, (await socket.next()).type]).toEqual(['next', 'complete']);
  });

  it('hears when a cool-down holds a connection back, and when none does any more', async () => {
    const { signedIn, world } = await startSocketWorld();
    world.connections.set('conn_1', connection('conn_1'));
    const socket = await signedIn();
    socket.send(subscribe('1', 'subscription { connectionHealth { health { cooldownUntil } } }'));
    const told = async () => (await socket.next()).payload.data.connectionHealth.health.cooldownUntil;
    expect(await told()).toBeNull();
    const until = Date.now() + 3_600_000;
    const cooldown = { class: 'QUOTA_EXHAUSTED', since: Date.now(), until, failures: 1 } as const;
    const tell = (cooldowns: readonly Cooldown[]): void => {
      world.cooldowns.set('conn_1', cooldowns);
      world.bus.publish('connection.health', { workspaceId: WORKSPACE, connectionId: 'conn_1' });
    };
    // One of a model is no news of the connection.
    tell([{ ...cooldown, modelRef: 'zai/glm-5.1' }]);
    tell([{ ...cooldown, modelRef: null }]);
    expect(Date.parse(await told())).toBe(until);
    tell([]);
    expect(await told()).toBeNull();
  });

  it('hears nothing of another workspace', async () => {
    const { signedIn, world } = await startSocketWorld();
    world.connections.set('conn_1', connection('conn_1'));
    const socket = await signedIn();
    socket.send(subscribe('1', HEALTH));
    await socket.next();
    world.connections.set(
      'conn_1',
      connection('conn_1', {
        health: { state: 'UNHEALTHY', reason: null, message: null, checkedAt: 1 },
      }),
    );
    world.bus.publish('connection.health', { workspaceId: 'ws_other', connectionId: 'conn_1' });
    socket.send({ type: 'ping' });
    expect((await socket.next()).type).toBe('pong');
  });

  it('serves the client library, which resumes on a new socket after its socket was cut', async () => {
    const { world } = await startSocketWorld();
    world.connections.set('conn_1', connection('conn_1'));
    const sockets: WebSocket[] = [];
    const client = createClient({
      url: `${world.server.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${TOKEN}` },
      retryWait: () => Promise.resolve(),
      on: { opened: (socket) => void sockets.push(socket as WebSocket) },
    });
    const events = client.iterate({ query: HEALTH });
    expect((await events.next()).value).toMatchObject({
      data: { connectionHealth: { connection: { id: 'conn_1' } } },
    });
    sockets[0]?.terminate();
    expect((await events.next()).value).toMatchObject({
      data: { connectionHealth: { previousState: null } },
    });
    await events.return?.();
    await client.dispose();
    await until(() => world.server.live.subscribers === 0);
  });
});

describe('the end of a socket', () => {
  it.each([
    ['completes', (socket: RawSocket) => socket.send({ type: 'complete', id: '1' })],
    ['closes', (socket: RawSocket) => socket.socket.close(1000)],
    ['vanishes', (socket: RawSocket) => socket.socket.terminate()],
  ])('releases an idle subscription when its client %s', async (_name, leave) => {
    const { signedIn, world } = await startSocketWorld();
    const socket = await signedIn();
    socket.send(subscribe('1', HEALTH));
    await until(() => world.bus.listeners('connection.health') === 1 && world.server.live.subscribers === 1);
    leave(socket);
    await until(() => world.bus.listeners('connection.health') === 0 && world.server.live.subscribers === 0);
  });

  it('cuts a peer that no longer answers pings', async () => {
    const { dial, world } = await startSocketWorld({ sockets: { keepAliveMs: 40 } });
    const socket = await dial({ autoPong: false });
    await socket.init(TOKEN);
    socket.send(subscribe('1', HEALTH));
    expect(await socket.ended).toMatchObject({ code: 1006 });
    await until(() => world.server.live.subscribers === 0);
  });

  it('closes with 4403 when the token expires, and when it is revoked', async () => {
    const { dial, world } = await startSocketWorld();
    const owner = world.actors.get(TOKEN);
    if (!owner) throw new Error('the owner is missing');
    world.actors.set('sya_short', { ...owner, id: 'tok_short', expiresAt: Date.now() + 300 });
    const expiring = await dial();
    expect((await expiring.init('sya_short')).payload.expiresAt).toMatch(/Z$/);
    world.actors.set('sya_doomed', { ...owner, id: 'tok_doomed' });
    const revoked = await dial();
    await revoked.init('sya_doomed');
    const other = await dial();
    await other.init(TOKEN);
    world.actors.delete('sya_doomed');
    expect(await revoked.ended).toEqual({ code: 4403, reason: 'Forbidden' });
    expect(await expiring.ended).toEqual({ code: 4403, reason: 'Forbidden' });
    expect(other.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('closes every socket with 1001 when the server stops, and lets go of all it held', async () => {
    const { signedIn, world, close } = await startSocketWorld();
    const socket = await signedIn();
    socket.send(subscribe('1', HEALTH));
    await until(() => world.server.live.subscribers === 1);
    await close();
    expect(await socket.ended).toEqual({ code: 1001, reason: 'Going away' });
    expect([world.server.live.subscribers, world.bus.listeners('connection.health')]).toEqual([0, 0]);
  });

  it('survives a half-finished upgrade and goes on serving', async () => {
    const { world, signedIn } = await startSocketWorld();
    const broken = connect(world.server.port, '127.0.0.1');
    broken.write(
      'GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\r\n',
    );
    await new Promise((resolve) => broken.once('data', resolve));
    broken.destroy();
    const plain = httpRequest(`${world.server.url}/graphql`, {
      headers: { connection: 'upgrade', upgrade: 'h2c' },
    });
    plain.on('error', () => undefined).end();
    await signedIn();
    plain.destroy();
  });

  it('leaves nothing behind after a hundred visitors', async () => {
    const { dial, world } = await startSocketWorld();
    for (let i = 0; i < 100; i++) {
      const socket = await dial();
      await socket.init(TOKEN);
      socket.send(subscribe('1', HEALTH));
      socket.socket.close(1000);
      await socket.ended;
    }
    await until(() => world.bus.listeners('connection.health') === 0 && world.server.live.subscribers === 0);
  });
});
