/** What subscribers are promised of what happens, and what a mutation over a websocket does: on a real database. */
import { createClient } from 'graphql-ws';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { MAILBOX_CAPACITY } from '../../src/config/usage-limits.js';
import type { AdminServer } from '../../src/graphql/server.js';
import { commitUsage } from '../../src/persistence/usage.js';
import { hashToken } from '../../src/secrets/tokens.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { createGraphqlClient } from '../support/graphql-client.js';
import { openSocket, type Message, type RawSocket } from '../support/socket.js';
import { until } from '../support/wait.js';
import { startHarness, type Harness } from '../unit/admin/harness.js';
import { makeEvent } from '../unit/usage/events.js';
import { addToken, addWorkspace } from './tenants.js';

const RECORDED = `subscription ($after: String, $filter: UsageFilterInput) {
  usageRecorded(after: $after, filter: $filter) { cursor replayed droppedBefore event { id } } }`;

let harness: Harness;
let server: AdminServer;
let workspaceId: string;
let token: string;
let names = 0;

beforeAll(async () => {
  harness = await startHarness();
  server = await startTestAdminServer(harness);
});
afterAll(async () => {
  await server.close();
  await harness[Symbol.asyncDispose]();
});
beforeEach(async () => {
  workspaceId = await addWorkspace(harness, `delivery-${(names += 1)}`);
  ({ token } = await addToken(harness, workspaceId));
});

/** Commits that many requests the way the recorder does and announces them as it does; answers their ids. */
async function record(count: number, changes: Parameters<typeof makeEvent>[0] = {}): Promise<string[]> {
  const made = Array.from({ length: count }, () =>
    makeEvent({ workspaceId, at: harness.clock.now(), ...changes }),
  );
  const events = await commitUsage(harness.database, made);
  harness.bus.publish('usage.arrived', { workspaceId, events });
  return events.map(({ id }) => id);
}

async function signedIn(): Promise<RawSocket> {
  const socket = await openSocket(server.url);
  expect((await socket.init(token)).type).toBe('connection_ack');
  return socket;
}
const subscribe = (id: string, query: string, variables: object = {}): Message => ({
  type: 'subscribe',
  id,
  payload: { query, variables },
});
async function follow(variables: object = {}): Promise<{ socket: RawSocket; next(): Promise<any> }> {
  const before = harness.bus.listeners('usage.arrived');
  const socket = await signedIn();
  socket.send(subscribe('1', RECORDED, variables));
  await until('it listens', () => harness.bus.listeners('usage.arrived') > before);
  return { socket, next: async () => (await socket.next()).payload.data.usageRecorded };
}
async function leave(socket: RawSocket): Promise<void> {
  socket.socket.terminate();
  await until('nobody listens', () => harness.bus.listeners('usage.arrived') === 0);
}

describe('a mutation over a websocket', () => {
  it('answers once, is charged, and leaves one audit entry, as over HTTP', async () => {
    const socket = await signedIn();
    const create =
      'mutation { accessKeyCreate(input: { name: "agent" }) { accessKey { id } plaintext userErrors { code } } }';
    socket.send(subscribe('1', create));
    const { payload } = await socket.next();
    expect(payload.data.accessKeyCreate).toMatchObject({ userErrors: [], plaintext: expect.any(String) });
    expect(payload.extensions).toMatchObject({ cost: { requested: 22 }, requestId: expect.any(String) });
    expect(await socket.next()).toEqual({ type: 'complete', id: '1' });
    const entries = await harness.database.query(
      'SELECT request_id, ip FROM audit_entry WHERE workspace_id = $1',
      [workspaceId],
    );
    expect(entries).toEqual([{ request_id: payload.extensions.requestId, ip: '127.0.0.1' }]);
    socket.socket.terminate();
  });

  it('is refused for want of the scope, with nothing written, and the socket lives', async () => {
    token = (await addToken(harness, workspaceId, ['CONFIG_READ', 'CONFIG_WRITE'])).token;
    const socket = await signedIn();
    socket.send(
      subscribe('1', 'mutation { accessKeyCreate(input: { name: "agent" }) { userErrors { code } } }'),
    );
    const { payload } = await socket.next();
    expect(payload.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' }, path: ['accessKeyCreate'] }]);
    expect((await socket.next()).type).toBe('complete');
    const keys = await harness.database.query('SELECT id FROM access_key WHERE workspace_id = $1', [
      workspaceId,
    ]);
    expect(keys).toEqual([]);
    socket.socket.terminate();
  });
});

describe('the frames of a whole run', () => {
  it('hold no secret of a provider, no token and no hash, and a key in the one frame that shows it', async () => {
    const zai = await harness.simulate('zai');
    zai.setModels([{ id: 'glm-5.1' }]);
    const socket = await signedIn();
    const { token: later } = await addToken(harness, workspaceId);
    const run = async (query: string, variables: object = {}): Promise<any> => {
      socket.send(subscribe('run', query, variables));
      const { payload } = await socket.next();
      expect(await socket.next()).toEqual({ type: 'complete', id: 'run' });
      expect(payload.errors).toBeUndefined();
      return Object.values(payload.data)[0];
    };
    const ERRORS = 'userErrors { code message }';
    const { connection } = await run(
      `mutation ($input: ConnectionCreateInput!) { connectionCreate(input: $input) { connection { id label secretPreview baseUrl } ${ERRORS} } }`,
      {
        input: {
          provider: 'zai',
          offering: 'coding-plan',
          label: 'x',
          secret: zai.keys.good,
          baseUrl: zai.url,
        },
      },
    );
    await harness.discovery.settled();
    const refused = await run(
      `mutation ($id: ID!, $secret: String!) { connectionRotateSecret(id: $id, input: { secret: $secret }) { ${ERRORS} } }`,
      { id: connection.id, secret: zai.keys.bad },
    );
    expect(refused.userErrors).toMatchObject([{ code: 'CREDENTIAL_REJECTED' }]);
    const { accessKey, plaintext } = await run(
      `mutation { accessKeyCreate(input: { name: "agent" }) { accessKey { id preview } plaintext ${ERRORS} } }`,
    );
    await run(`mutation ($id: ID!) { accessKeyUpdate(id: $id, input: { name: "b" }) { ${ERRORS} } }`, {
      id: accessKey.id,
    });
    await run('{ connections(first: 5) { nodes { id label secretPreview health { state reason } } } }');
    await run('{ accessKeys(first: 5) { nodes { id name preview } } }');
    await run('{ auditLog(first: 50) { nodes { action changes { field before after } } } }');
    const frames = socket.transcript();
    for (const secret of [
      zai.keys.good,
      zai.keys.bad,
      token,
      later,
      hashToken(plaintext),
      hashToken(token),
    ]) {
      expect(frames).not.toContain(secret);
    }
    expect(frames.split(plaintext)).toHaveLength(2);
    socket.socket.terminate();
  });
});

describe('recorded requests', () => {
  it('come from the moment of subscribing on, and none between that and the first is lost', async () => {
    await record(3);
    const { socket, next } = await follow();
    const [id] = await record(1);
    expect(await next()).toMatchObject({ event: { id }, replayed: false, droppedBefore: 0 });
    await leave(socket);
  });

  it('come from a cursor on, stored ones and those recorded meanwhile, in order, each once', async () => {
    const first = await follow();
    const [, ...rest] = await record(251);
    const { cursor } = await first.next();
    await leave(first.socket);

    const { socket, next } = await follow({ after: cursor });
    const seen = [await next()];
    const meanwhile = await record(50);
    while (seen.length < 300) seen.push(await next());
    expect(seen.map(({ event }) => event.id)).toEqual([...rest, ...meanwhile]);
    expect(seen.map(({ replayed }) => replayed)).toEqual(
      seen
        .map(({ replayed }) => replayed)
        .toSorted()
        .reverse(),
    );
    expect(seen[0].replayed).toBe(true);
    const [live] = await record(1);
    expect(await next()).toMatchObject({ replayed: false, event: { id: live } });
    await leave(socket);
  });

  it('go on where a cut socket left off: both runs together miss nothing', async () => {
    const { socket, next } = await follow();
    const ids = await record(20);
    const seen = [await next(), await next(), await next()];
    socket.socket.terminate();
    ids.push(...(await record(20)));
    const resumed = await follow({ after: seen.at(-1).cursor });
    while (seen.length < 40) seen.push(await resumed.next());
    expect(seen.map(({ event }) => event.id)).toEqual(ids);
    await leave(resumed.socket);
  });

  it('come to those only whose filter they pass; a filter that nothing passes is silence, not an error', async () => {
    const wanted = await follow({ filter: { tiers: ['simple'] } });
    const nothing = await follow({ filter: { providers: ['nobody'], models: ['nobody/nothing'] } });
    await record(3);
    const [id] = await record(1, { tier: 'simple' });
    expect((await wanted.next()).event.id).toBe(id);
    nothing.socket.send({ type: 'ping' });
    expect((await nothing.socket.next()).type).toBe('pong');
    nothing.socket.socket.terminate();
    await leave(wanted.socket);
  });

  it.each([
    ['garbage', () => Promise.resolve('zzz')],
    [
      'a cursor of another list',
      async () => {
        const api = createGraphqlClient(server.url, token);
        await api.data('mutation { accessKeyCreate(input: { name: "x" }) { userErrors { code } } }');
        return (await api.data('{ accessKeys(first: 1) { pageInfo { endCursor } } }')).accessKeys.pageInfo
          .endCursor;
      },
    ],
  ])('do not come after %s: that is refused', async (_name, cursor) => {
    const socket = await signedIn();
    socket.send(subscribe('1', RECORDED, { after: await cursor() }));
    expect(await socket.next()).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    });
    socket.socket.terminate();
  });

  it('are lost to a peer that does not read, which is told how many; one that reads misses none', async () => {
    const BATCH = 128;
    // More than its mailbox and the buffers between here and there hold.
    const EVENTS = MAILBOX_CAPACITY + 12 * BATCH;
    const [slow, fast] = [await signedIn(), await follow()];
    // What it asks for fills the buffers between here and there.
    const listening = harness.bus.listeners('usage.arrived');
    slow.send(subscribe('1', 'subscription { usageRecorded { droppedBefore event { requestedModel } } }'));
    await until('it listens', () => harness.bus.listeners('usage.arrived') > listening);
    slow.socket.pause();
    const [sample] = await commitUsage(harness.database, [
      makeEvent({ workspaceId, at: harness.clock.now() }),
    ]);
    if (!sample) throw new Error('nothing was committed');
    const large = { ...sample, requestedModel: 'x'.repeat(20_000) };
    // Announced without being stored: what is tried here lies behind the database.
    for (let from = 0; from < EVENTS; from += BATCH) {
      const events = Array.from({ length: BATCH }, (_, i) => ({ ...large, seq: large.seq + from + i + 1 }));
      harness.bus.publish('usage.arrived', { workspaceId, events });
      for (let i = 0; i < BATCH; i++) expect((await fast.next()).droppedBefore).toBe(0);
    }
    slow.socket.resume();
    let heard = 0;
    let lost = 0;
    while (heard + lost < EVENTS) {
      const { payload } = await slow.next();
      heard += 1;
      lost += payload.data.usageRecorded.droppedBefore;
    }
    expect(lost).toBeGreaterThan(0);
    expect(heard + lost).toBe(EVENTS);
    slow.socket.terminate();
    await leave(fast.socket);
  });
});

describe('running totals', () => {
  const TOTALS =
    'subscription { usageTotals(input: { window: TOTAL }, minIntervalMs: 250) { sequence totals { requests } } }';

  it('come at once, then as often as was asked at most, and end where a fresh report ends', async () => {
    const socket = await signedIn();
    socket.send(subscribe('1', TOTALS));
    const next = async () => (await socket.next()).payload.data.usageTotals;
    expect(await next()).toEqual({ sequence: 1, totals: { requests: 0 } });
    const from = performance.now();
    for (let i = 0; i < 10; i++) await record(100);
    const states = [await next()];
    while (states.at(-1).totals.requests < 1_000) states.push(await next());
    expect(states.length).toBeLessThanOrEqual(1 + Math.ceil((performance.now() - from) / 250));
    expect(states.map(({ sequence }) => sequence)).toEqual(states.map((_, i) => i + 2));
    const { usageReport } = await createGraphqlClient(server.url, token).data(
      'query ($from: DateTime!) { usageReport(input: { range: { from: $from } }) { totals { requests } } }',
      { from: new Date(harness.clock.now() - 86_400_000).toISOString() },
    );
    expect(usageReport.totals.requests).toBe(states.at(-1).totals.requests);
    socket.socket.terminate();
  });

  it.each([10, 249, 60_001, 2_000_000_000])('do not come every %d ms', async (minIntervalMs) => {
    const socket = await signedIn();
    socket.send(subscribe('1', TOTALS.replace('250', String(minIntervalMs))));
    expect(await socket.next()).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    });
    socket.socket.terminate();
  });
});

describe('the library that most clients use', () => {
  it('queries, changes and follows, and ends with its disposal', async () => {
    const client = createClient({
      url: `${server.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${token}` },
      retryAttempts: 0,
    });
    const once = async (query: string): Promise<any> => {
      for await (const { data, errors } of client.iterate<any>({ query })) {
        if (errors) throw new Error(JSON.stringify(errors));
        return data;
      }
    };
    expect(await once('{ viewer { name } }')).toEqual({ viewer: { name: 'walker' } });
    const { accessKeyCreate } = await once(
      'mutation { accessKeyCreate(input: { name: "agent" }) { accessKey { name } userErrors { code } } }',
    );
    expect(accessKeyCreate).toEqual({ accessKey: { name: 'agent' }, userErrors: [] });
    const events = client.iterate<any>({ query: RECORDED });
    const first = events.next();
    await until('it listens', () => harness.bus.listeners('usage.arrived') === 1);
    const [id] = await record(1);
    expect((await first).value.data.usageRecorded.event).toEqual({ id });
    await expect(once('{ nobody }')).rejects.toMatchObject([
      { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } },
    ]);
    await client.dispose();
    await until('nobody listens', () => harness.bus.listeners('usage.arrived') === 0);
  });
});
