/** What a websocket peer can rely on, message by message: a raw client against a world in memory. */
import type { IncomingMessage } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createMailbox } from '../../src/live/mailbox.js';
import { startSocketWorld } from '../support/socket-world.js';
import type { Message, RawSocket } from '../support/socket.js';
import { until } from '../support/wait.js';
import { connection, TOKEN } from '../unit/graphql/world.js';

/** Something that is over when the test says so. */
function held(): { readonly over: Promise<void>; end(): void } {
  let end = (): void => undefined;
  const over = new Promise<void>((resolve) => (end = resolve));
  return { over, end: () => end() };
}

const INIT = { type: 'connection_init', payload: { authorization: `Bearer ${TOKEN}` } };
const FORBIDDEN = { code: 4403, reason: 'Forbidden' };
const INVALID = { code: 4400, reason: 'Invalid message received' };
const HEALTH = 'subscription { connectionHealth { connection { id } health { state } previousState } }';
const IDLE = 'subscription { usageRecorded { cursor } }';
const SLOW = '{ viewer { workspace { slug } } }';
const subscribe = (id: string, query: string, more: object = {}): Message => ({
  type: 'subscribe',
  id,
  payload: { query, ...more },
});
/** An answer to whatever came before has been sent by the time this one is. */
async function silentUntilNow(socket: RawSocket): Promise<void> {
  socket.send({ type: 'ping', payload: { mark: true } });
  expect(await socket.next()).toEqual({ type: 'pong', payload: { mark: true } });
}
async function ran(socket: RawSocket, id: string): Promise<void> {
  socket.send(subscribe(id, '{ __typename }'));
  expect([await socket.next(), await socket.next()]).toMatchObject([
    { type: 'next', id, payload: { data: { __typename: 'Query' } } },
    { type: 'complete', id },
  ]);
}

describe('introducing oneself', () => {
  it('is not possible in the old protocol alone', async () => {
    const { dial, world } = await startSocketWorld();
    await expect(dial({ protocols: 'graphql-ws' })).rejects.toThrow('Server sent no subprotocol');
    await until('it is gone', () => world.server.live.subscribers === 0);
  });

  it('may take longer than one has to begin with it', async () => {
    const { world, dial } = await startSocketWorld({ sockets: { initTimeoutMs: 30 } });
    const check = held();
    world.signInHeld = check.over;
    const slow = await dial();
    slow.send(INIT);
    // Whoever says nothing is closed by then.
    expect(await (await dial()).ended).toMatchObject({ code: 4408 });
    check.end();
    expect((await slow.next()).type).toBe('connection_ack');
  });

  it('is done once: again while the first is being checked closes with 4429', async () => {
    const { world, dial } = await startSocketWorld();
    const check = held();
    world.signInHeld = check.over;
    const socket = await dial();
    socket.send(INIT);
    socket.send(INIT);
    expect(await socket.ended).toEqual({ code: 4429, reason: 'Too many initialisation requests' });
    check.end();
  });

  it('closes every bad token in the same words: missing, malformed, unknown and expired', async () => {
    const { world, dial } = await startSocketWorld();
    const owner = world.actors.get(TOKEN);
    if (!owner) throw new Error('the owner is missing');
    world.actors.set('sya_expired', { ...owner, expiresAt: 1 });
    const values = [
      'Bearer',
      'Bearer ',
      'Basic dTpw',
      'Bearer sya_unknown',
      'Bearer sya_expired',
      'Bearer two words',
      '',
      null,
      [],
    ];
    for (const authorization of [...values, `Bearer ${'x'.repeat(600)}`]) {
      const socket = await dial();
      socket.send({ type: 'connection_init', payload: { authorization } });
      expect(await socket.ended).toEqual(FORBIDDEN);
      expect(socket.transcript()).toBe('');
    }
  });

  it.each(['"text"', '[]', '7', 'true'])(
    'takes no payload but an object: %s closes with 4400',
    async (payload) => {
      const { dial } = await startSocketWorld();
      const socket = await dial();
      socket.send(`{"type":"connection_init","payload":${payload}}`);
      expect(await socket.ended).toEqual(INVALID);
    },
  );

  it('comes before the first operation: one sent while it is being checked closes with 4401', async () => {
    const { world, dial } = await startSocketWorld();
    const check = held();
    world.signInHeld = check.over;
    const socket = await dial();
    socket.send(INIT);
    socket.send(subscribe('1', '{ __typename }'));
    expect(await socket.ended).toEqual({ code: 4401, reason: 'Unauthorized' });
    check.end();
  });
});

describe('a message', () => {
  it.each([
    '{"type":"PING"}',
    '{"type":7}',
    '{"id":"1"}',
    'null',
    '"ping"',
    '{"type":"subscribe","id":"","payload":{"query":"{a}"}}',
    '{"type":"subscribe","payload":{"query":"{a}"}}',
    '{"type":"subscribe","id":"1","payload":{}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[1]}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":"x"}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{a}","operationName":1}}',
    '{"type":"complete"}',
    '{"type":"ping","payload":[]}',
  ])('that is none of the protocol closes with 4400: %s', async (text) => {
    const { signedIn } = await startSocketWorld();
    const socket = await signedIn();
    socket.send(text);
    expect(await socket.ended).toEqual(INVALID);
  });

  it('may come in a binary frame, and in several frames', async () => {
    const { signedIn } = await startSocketWorld();
    const socket = await signedIn();
    socket.socket.send(Buffer.from(JSON.stringify({ type: 'ping' })), { binary: true });
    expect(await socket.next()).toEqual({ type: 'pong' });
    const text = JSON.stringify(subscribe('1', '{ __typename }'));
    socket.socket.send(text.slice(0, 20), { fin: false });
    socket.socket.send(text.slice(20, 21), { fin: false });
    socket.socket.send(text.slice(21), { fin: true });
    expect((await socket.next()).type).toBe('next');
  });

  it('is answered before anyone introduced themselves when it is a ping, with its payload or none', async () => {
    const { dial } = await startSocketWorld();
    const socket = await dial();
    socket.send({ type: 'ping' });
    expect(await socket.next()).toEqual({ type: 'pong' });
    socket.send({ type: 'ping', payload: { a: [1] } });
    expect(await socket.next()).toEqual({ type: 'pong', payload: { a: [1] } });
  });

  it('is passed over when it is a pong nobody asked for, or ends what is not there', async () => {
    const { signedIn } = await startSocketWorld();
    const socket = await signedIn();
    socket.send({ type: 'pong' });
    socket.send({ type: 'complete', id: 'never-was' });
    await ran(socket, 'a');
    socket.send({ type: 'complete', id: 'a' });
    await silentUntilNow(socket);
  });

  it('is answered at the level of websockets, too', async () => {
    const { signedIn } = await startSocketWorld();
    const { socket } = await signedIn();
    const pong = new Promise<Buffer>((resolve) => socket.once('pong', resolve));
    socket.ping('here');
    expect((await pong).toString()).toBe('here');
  });
});

describe('an operation', () => {
  it('is ended by its client: nothing more comes, not even its completion, and nothing is left of it', async () => {
    const { world, signedIn } = await startSocketWorld();
    world.connections.set('conn_1', connection('conn_1'));
    const socket = await signedIn();
    socket.send(subscribe('1', HEALTH));
    await socket.next();
    socket.send({ type: 'complete', id: '1' });
    await until('it is released', () => world.server.live.subscribers === 0);
    expect(world.bus.listeners('connection.health')).toBe(0);
    world.setHealth('conn_1', { state: 'UNHEALTHY' });
    await silentUntilNow(socket);
  });

  it('that is ended by its client while it still runs has no answer', async () => {
    const { world, signedIn } = await startSocketWorld();
    const answer = held();
    world.workspaceFault = () => answer.over;
    const socket = await signedIn();
    socket.send(subscribe('1', SLOW));
    socket.send({ type: 'complete', id: '1' });
    await silentUntilNow(socket);
    answer.end();
    await ran(socket, '2');
    expect(socket.pending()).toEqual([]);
  });

  it('that both sides end at once ends once', async () => {
    const { world, signedIn } = await startSocketWorld();
    world.connections.set('conn_1', connection('conn_1'));
    const socket = await signedIn();
    for (let i = 0; i < 20; i++) {
      socket.send(subscribe(`q${i}`, '{ __typename }'));
      socket.send({ type: 'complete', id: `q${i}` });
    }
    socket.send({ type: 'ping', payload: { mark: true } });
    await until('all is answered', () => socket.transcript().includes('"mark":true'));
    const completions = socket.transcript().split('"complete"').length - 1;
    expect(completions).toBeLessThanOrEqual(20);
    expect(socket.transcript()).not.toContain('"error"');
    expect(socket.socket.readyState).toBe(WebSocket.OPEN);
  });

  it('too deep or with too many root fields or directives fails as over HTTP, and the socket lives', async () => {
    const { signedIn } = await startSocketWorld();
    const socket = await signedIn();
    const deep = (levels: number): string =>
      levels === 0 ? 'id' : `connections(first: 1) { nodes { provider { ${deep(levels - 1)} } } }`;
    const many = (count: number, field: string): string => `{ ${`${field} `.repeat(count)} }`;
    for (const [query, code] of [
      [`{ ${deep(4)} }`, 'QUERY_TOO_DEEP'],
      [many(21, '__typename'), 'TOO_MANY_ROOT_FIELDS'],
      [many(31, '__typename @skip(if: true)'), 'TOO_MANY_DIRECTIVES'],
    ] as const) {
      socket.send(subscribe('x', query));
      expect(await socket.next()).toMatchObject({ type: 'error', payload: [{ extensions: { code } }] });
    }
    await ran(socket, 'x');
  });

  it('goes on after an event that could not be shown, whose fault stays in the log', async () => {
    const { world, signedIn } = await startSocketWorld();
    world.connections.set('conn_1', connection('conn_1'));
    const socket = await signedIn();
    socket.send(subscribe('1', HEALTH));
    await socket.next();
    world.setHealth('conn_1', { state: 'HUNTER2' as never });
    const { type, payload } = await socket.next();
    expect([type, payload.errors[0].extensions.code]).toEqual(['next', 'INTERNAL_SERVER_ERROR']);
    expect(payload.extensions.requestId).toMatch(/^req_/);
    expect(socket.transcript()).not.toContain('HUNTER2');
    world.setHealth('conn_1', { state: 'DEGRADED' });
    expect((await socket.next()).payload.data.connectionHealth.health).toEqual({ state: 'DEGRADED' });
  });

  it('whose source fails ends with an error alone, and the others go on', async () => {
    const { world, signedIn } = await startSocketWorld();
    world.connections.set('conn_1', connection('conn_1'));
    const socket = await signedIn();
    socket.send(subscribe('good', HEALTH));
    await socket.next();
    const mailbox = createMailbox<never>({ capacity: 1 });
    world.followed = () => ({
      next: async () => {
        await mailbox.next();
        throw new Error('password=hunter2');
      },
      return: () => Promise.resolve({ done: true, value: undefined }),
      [Symbol.asyncIterator]() {
        return this;
      },
    });
    socket.send(subscribe('bad', IDLE));
    await until('both run', () => world.server.live.subscribers === 2);
    mailbox.close();
    expect(await socket.next()).toMatchObject({
      type: 'error',
      id: 'bad',
      payload: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
    });
    expect(socket.transcript()).not.toContain('hunter2');
    world.setHealth('conn_1', { state: 'DEGRADED' });
    expect(await socket.next()).toMatchObject({ type: 'next', id: 'good' });
    await silentUntilNow(socket);
  });

  it.each([
    ['a query and a subscription', SLOW, IDLE],
    ['two queries', SLOW, SLOW],
    ['a subscription and a query', IDLE, SLOW],
  ])('has an id of its own: %s under one close with 4409', async (_name, first, second) => {
    const { world, signedIn } = await startSocketWorld();
    const answer = held();
    world.workspaceFault = () => answer.over;
    const socket = await signedIn();
    socket.send(subscribe('a', first));
    socket.send(subscribe('a', second));
    expect(await socket.ended).toEqual({ code: 4409, reason: 'Subscriber for a already exists' });
    answer.end();
  });

  it('gives its id free by completing, by failing and by being ended', async () => {
    const { world, signedIn } = await startSocketWorld();
    const socket = await signedIn();
    await ran(socket, 'a');
    socket.send(subscribe('a', '{ nobody }'));
    expect((await socket.next()).type).toBe('error');
    await ran(socket, 'a');
    socket.send(subscribe('a', IDLE));
    await until('it runs', () => world.server.live.subscribers === 1);
    socket.send({ type: 'complete', id: 'a' });
    await ran(socket, 'a');
  });

  it('hears its own messages only, twenty of them at once', async () => {
    const { world, signedIn } = await startSocketWorld();
    for (let i = 0; i < 20; i++) world.connections.set(`conn_${i}`, connection(`conn_${i}`));
    const socket = await signedIn();
    const one = 'subscription ($id: ID!) { connectionHealth(connectionIds: [$id]) { connection { id } } }';
    for (let i = 0; i < 20; i++) socket.send(subscribe(`op_${i}`, one, { variables: { id: `conn_${i}` } }));
    for (let i = 0; i < 20; i++) await socket.next();
    for (let i = 19; i >= 0; i--) world.setHealth(`conn_${i}`, { state: 'DEGRADED' });
    for (let i = 0; i < 20; i++) {
      const { id, payload } = await socket.next();
      expect(payload.data.connectionHealth.connection.id).toBe(id?.replace('op', 'conn'));
    }
    await silentUntilNow(socket);
  });

  it('is chosen by name, has variables, and may bring extensions that mean nothing', async () => {
    const { world, signedIn } = await startSocketWorld();
    world.connections.set('conn_1', connection('conn_1'));
    const socket = await signedIn();
    socket.send(
      subscribe('1', 'query A { __typename } query B($id: ID!) { node(id: $id) { id } }', {
        operationName: 'B',
        variables: { id: 'conn_1' },
        extensions: { persistedQuery: { version: 1 } },
      }),
    );
    expect((await socket.next()).payload.data).toEqual({ node: { id: 'conn_1' } });
    await socket.next();
    socket.send(subscribe('1', 'query A { __typename } query B { __typename }', { operationName: 'C' }));
    expect(await socket.next()).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } }],
    });
  });

  it('that takes too long is told so, and the socket lives', async () => {
    const { world, signedIn } = await startSocketWorld({ operationTimeoutMs: 30 });
    const answer = held();
    world.workspaceFault = () => answer.over;
    const socket = await signedIn();
    socket.send(subscribe('1', SLOW));
    const { type, payload } = await socket.next();
    expect([type, payload.errors[0].extensions.code]).toEqual(['next', 'TIMEOUT']);
    expect((await socket.next()).type).toBe('complete');
    answer.end();
    await ran(socket, '1');
  });
});

describe('the end', () => {
  it('of one token closes its sockets and no others', async () => {
    const { world, signedIn } = await startSocketWorld();
    const owner = world.actors.get(TOKEN);
    if (!owner) throw new Error('the owner is missing');
    world.actors.set('sya_short', { ...owner, id: 'tok_short', expiresAt: Date.now() + 200 });
    const [mine, expiring] = [await signedIn(), await signedIn('sya_short')];
    expiring.send(subscribe('1', HEALTH));
    expect(await expiring.ended).toEqual(FORBIDDEN);
    expect(Date.now()).toBeLessThan((world.actors.get('sya_short')?.expiresAt ?? 0) + 1_000);
    await silentUntilNow(mine);
  });

  it('of a peer whose line is cut half open is noticed, and frees what it held', async () => {
    const { world, dial } = await startSocketWorld({ sockets: { keepAliveMs: 30 } });
    const socket = await dial({ autoPong: false });
    await socket.init(TOKEN);
    for (let i = 0; i < 5; i++) socket.send(subscribe(`s${i}`, HEALTH));
    await until('they run', () => world.server.live.subscribers === 5);
    await until('they are gone', () => world.server.live.subscribers === 0);
    expect(world.bus.listeners('connection.health')).toBe(0);
  });

  it('of the server refuses whoever comes then with 503', async () => {
    const { world, dial, close } = await startSocketWorld();
    const staying = await dial();
    await staying.init(TOKEN);
    // A peer that does not close its side holds the server open for a moment.
    staying.socket.pause();
    const closing = close();
    const refused = new Promise<IncomingMessage>((resolve, reject) => {
      const late = new WebSocket(`${world.server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
      late.once('unexpected-response', (_request, response) => resolve(response));
      late.once('open', () => reject(new Error('it was let in')));
      late.once('error', reject);
    });
    expect((await refused).statusCode).toBe(503);
    await closing;
  });

  it('of two hundred visitors leaves no timer, no listener and no socket', async () => {
    const { world, dial } = await startSocketWorld();
    const warm = await dial();
    await warm.init(TOKEN);
    warm.socket.terminate();
    await warm.ended;
    const resources = (): number =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout' || name.includes('TCPSocket'))
        .length;
    const before = resources();
    for (let round = 0; round < 20; round++) {
      const visitors = await Promise.all(Array.from({ length: 10 }, () => dial()));
      await Promise.all(
        visitors.map(async (visitor, i) => {
          await visitor.init(TOKEN);
          visitor.send(subscribe('1', HEALTH));
          if (i % 2 === 0) visitor.socket.terminate();
          else visitor.socket.close(1000);
          await visitor.ended;
        }),
      );
      await until('all are gone', () => world.server.live.subscribers === 0);
    }
    await until('nothing is left', () => resources() <= before);
    expect(world.bus.listeners('connection.health')).toBe(0);
  });

  it('of a peer that never finishes a frame comes with its keep-alive, not with memory', async () => {
    const { world } = await startSocketWorld({ sockets: { keepAliveMs: 30, initTimeoutMs: 30 } });
    const tcp = connectTcp(world.server.port, '127.0.0.1');
    tcp.write(
      'GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n' +
        'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n\r\n',
    );
    await new Promise((resolve) => tcp.once('data', resolve));
    // The head of a frame of 60 KiB, and then silence.
    tcp.write(Buffer.from([0x81, 0xfe, 0xf0, 0x00, 1, 2, 3, 4]));
    await expect(new Promise((resolve) => tcp.once('close', resolve))).resolves.toBeDefined();
  });
});
