/** The admin API on the real use cases and a real database, over HTTP and websockets. */
import pg from 'pg';
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AdminServer } from '../../src/graphql/server.js';
import { commitUsage } from '../../src/persistence/usage.js';
import type { UsageEvent } from '../../src/domain/usage.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { createGraphqlClient, type GraphqlClient } from '../support/graphql-client.js';
import type { SimulatedProvider } from '../support/providers/simulated-provider.js';
import { ADMIN_TOKEN, startHarness, type Harness } from '../unit/admin/harness.js';
import { makeEvent } from '../unit/usage/events.js';

let harness: Harness;
let server: AdminServer;
let zai: SimulatedProvider;
let api: GraphqlClient;
let live: Client;

beforeAll(async () => {
  harness = await startHarness();
  server = await startTestAdminServer(harness);
  api = createGraphqlClient(server.url, ADMIN_TOKEN);
  live = createClient({
    url: `${server.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${ADMIN_TOKEN}` },
    retryAttempts: 0,
  });
  zai = await harness.simulate('zai');
});
afterAll(async () => {
  await live.dispose();
  await server.close();
  await harness[Symbol.asyncDispose]();
});

/** Messages of a subscription, as data. */
function follow(query: string, variables?: Record<string, unknown>) {
  const messages = live.iterate<any>({ query, ...(variables && { variables }) });
  return {
    async next(): Promise<any> {
      const result = await messages.next();
      if (result.done) return null;
      if (result.value.errors) throw new Error(JSON.stringify(result.value.errors));
      return result.value.data;
    },
    stop: () => messages.return?.(),
  };
}

/** Commits events the way the recorder does, and announces them as it does. */
async function record(...events: UsageEvent[]): Promise<void> {
  const stored = await commitUsage(harness.database, events);
  harness.bus.publish('usage.arrived', { workspaceId: harness.context.actor.workspaceId, events: stored });
}

const CREATE = `mutation ($input: ConnectionCreateInput!) {
  connectionCreate(input: $input) {
    connection { id label billing baseUrl secretPreview health { state } provider { slug } offering { code } }
    discoveryRun { id status trigger connectionsTotal }
    userErrors { code message field }
  }
}`;

async function connect(label: string, changes: Record<string, unknown> = {}): Promise<any> {
  const input = {
    provider: 'zai',
    offering: 'coding-plan',
    label,
    secret: zai.keys.good,
    baseUrl: zai.url,
    ...changes,
  };
  return (await api.data(CREATE, { input })).connectionCreate;
}

describe('connecting a plan', () => {
  it('verifies it, discovers its models, and follows the discovery to its end', async () => {
    const { connection, discoveryRun, userErrors } = await connect('main', { planCode: null });
    expect(userErrors).toEqual([]);
    expect(connection).toMatchObject({
      label: 'main',
      billing: 'SUBSCRIPTION',
      baseUrl: `${zai.url}/`,
      provider: { slug: 'zai' },
    });
    expect(discoveryRun).toMatchObject({ trigger: 'CONNECTION_CHANGED', connectionsTotal: 1 });

    const progress = follow(
      'subscription ($id: ID!) { discoveryProgress(runId: $id) { run { status connectionsDone } result { modelsFound connection { label } } } }',
      { id: discoveryRun.id },
    );
    const messages = [];
    for (let message = await progress.next(); message; message = await progress.next())
      messages.push(message.discoveryProgress);
    expect(messages.at(-1).run).toEqual({ status: 'SUCCEEDED', connectionsDone: 1 });

    const { models, node, discoveryRuns } = await api.data(
      `query ($run: ID!) {
        models(filter: { providers: ["zai"] }, orderBy: { field: REF, direction: DESC }) {
          totalCount
          nodes { id ref state listPrice { inputUsdPerMillion source } availability { billing ready reason connection { label } } }
        }
        node(id: $run) { ... on DiscoveryRun { status results { status modelsAdded error { class } } } }
        discoveryRuns(first: 1) { nodes { id } }
      }`,
      { run: discoveryRun.id },
    );
    expect(models.totalCount).toBeGreaterThan(0);
    expect(models.nodes[0].availability).toEqual([
      { billing: 'SUBSCRIPTION', ready: true, reason: null, connection: { label: 'main' } },
    ]);
    expect(node.results[0]).toMatchObject({ status: 'SUCCEEDED', error: null });
    expect(discoveryRuns.nodes).toEqual([{ id: discoveryRun.id }]);
    const { model } = await api.data('query ($ref: String!) { model(ref: $ref) { id provider { name } } }', {
      ref: models.nodes[0].ref,
    });
    expect(model.id).toBe(models.nodes[0].id);
  });

  it('tells a refused key from a name in use, and saves nothing', async () => {
    const refused = await connect('other', { secret: 'not-the-key-of-anyone.at-all' });
    expect(refused).toMatchObject({
      connection: null,
      discoveryRun: null,
      userErrors: [{ code: 'CREDENTIAL_REJECTED' }],
    });
    const taken = await connect('main');
    expect(taken).toMatchObject({
      connection: null,
      userErrors: [{ code: 'TAKEN', field: ['input', 'label'] }],
    });
    expect((await api.data('{ connections { totalCount } }')).connections.totalCount).toBe(1);
  });

  it('walks models page by page in every order, each once', async () => {
    const walk = async (orderBy: object): Promise<string[]> => {
      const refs: string[] = [];
      let after: string | null = null;
      do {
        const { models }: any = await api.data(
          'query ($after: String, $orderBy: ModelOrder) { models(first: 2, after: $after, orderBy: $orderBy) { nodes { ref } pageInfo { hasNextPage endCursor } } }',
          { after, orderBy },
        );
        refs.push(...models.nodes.map(({ ref }: { ref: string }) => ref));
        after = models.pageInfo.hasNextPage ? models.pageInfo.endCursor : null;
      } while (after !== null);
      return refs;
    };
    const byRef = await walk({ field: 'REF' });
    for (const field of ['REF', 'INPUT_PRICE', 'CONTEXT_WINDOW', 'FIRST_SEEN_AT']) {
      for (const direction of ['ASC', 'DESC']) {
        const refs = await walk({ field, direction });
        expect(refs.toSorted(), `${field} ${direction}`).toEqual(byRef.toSorted());
        expect(refs.length).toBe(new Set(refs).size);
      }
    }
  });

  it('refuses the cursor of one order in another', async () => {
    const { models } = await api.data('{ models(first: 1) { pageInfo { endCursor } } }');
    const answer = await api.send(
      'query ($after: String) { models(after: $after, orderBy: { field: INPUT_PRICE }) { totalCount } }',
      { after: models.pageInfo.endCursor },
    );
    expect(answer.errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: ['after'] });
  });

  it('shows a page of connections with all around them in at most eight statements', async () => {
    for (let i = 0; i < 5; i++) await connect(`more-${i}`, { verify: false, discover: false });
    const query = vi.spyOn(pg.Client.prototype, 'query');
    try {
      const { connections } = await api.data(
        `{ connections(first: 50) { totalCount nodes {
          label provider { name } offering { name } health { state } lastDiscovery { status modelsFound }
          usage(range: { from: "2026-01-01T00:00:00Z" }) { requests }
        } } }`,
      );
      expect(connections.nodes).toHaveLength(6);
      // The caller's token is looked at once in a while, whatever is asked.
      const statements = query.mock.calls.filter((call) => !JSON.stringify(call[0]).includes('admin_token'));
      expect(statements.length).toBeGreaterThan(0);
      // Page, count, usage in two parts, providers, cool-downs, and the last discovery in two.
      expect(statements.length).toBeLessThanOrEqual(8);
    } finally {
      query.mockRestore();
    }
  });

  it('reports health as it changes', async () => {
    const { connections } = await api.data('{ connections(first: 1) { nodes { id } } }');
    const [{ id }] = connections.nodes;
    const health = follow(
      'subscription ($ids: [ID!]) { connectionHealth(connectionIds: $ids) { connection { id } health { state reason } previousState } }',
      { ids: [id] },
    );
    expect((await health.next()).connectionHealth).toMatchObject({
      connection: { id },
      health: { state: 'HEALTHY' },
      previousState: null,
    });
    const change = health.next();
    zai.setFault({ kind: 'refuse', failure: 'expired-token', on: 'models' });
    const { connectionVerify } = await api.data(
      'mutation ($id: ID!) { connectionVerify(id: $id) { connection { health { state } } userErrors { code } } }',
      { id },
    );
    zai.setFault(null);
    expect(connectionVerify).toEqual({ connection: { health: { state: 'UNHEALTHY' } }, userErrors: [] });
    expect((await change).connectionHealth).toEqual({
      connection: { id },
      health: { state: 'UNHEALTHY', reason: 'AUTHENTICATION' },
      previousState: 'HEALTHY',
    });
    await health.stop();
  });
});

describe('gateway keys', () => {
  it('shows the plaintext once, and never again', async () => {
    const create = `mutation { accessKeyCreate(input: { name: "agent", idempotencyKey: "one" }) {
      accessKey { id preview state allowedModels } plaintext userErrors { code } } }`;
    const first = (await api.data(create)).accessKeyCreate;
    expect(first.plaintext).toMatch(/^sy_[\w-]{43}$/);
    const again = (await api.data(create)).accessKeyCreate;
    expect(again).toEqual({ ...first, plaintext: null });
    const listed = await api.send(
      '{ accessKeys { totalCount nodes { id name preview state expiresAt lastUsedAt } } }',
    );
    expect(listed.data).toMatchObject({
      accessKeys: { totalCount: 1, nodes: [{ id: first.accessKey.id, state: 'ACTIVE' }] },
    });
    expect(listed.text).not.toContain(first.plaintext);
    const { accessKeyRevoke } = await api.data(
      'mutation ($id: ID!) { accessKeyRevoke(id: $id) { accessKey { state revokedAt } userErrors { code } } }',
      { id: first.accessKey.id },
    );
    expect(accessKeyRevoke.accessKey).toEqual({ state: 'REVOKED', revokedAt: expect.stringMatching(/Z$/) });
  });
});

describe('usage', () => {
  const at = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  const event = (changes: Parameters<typeof makeEvent>[0] = {}) =>
    makeEvent({ workspaceId: harness.context.actor.workspaceId, at, ...changes });
  const EVENT =
    'cursor droppedBefore replayed event { id status tokens { input total } costUsd attempts { modelRef } }';

  it('arrives live, then is replayed from a cursor without a gap', async () => {
    const stream = follow(`subscription { usageRecorded { ${EVENT} } }`);
    const waiting = stream.next();
    await vi.waitFor(() => expect(harness.bus.listeners('usage.arrived')).toBe(1));
    const first = event();
    await record(first);
    const { usageRecorded } = await waiting;
    expect(usageRecorded).toMatchObject({
      replayed: false,
      droppedBefore: 0,
      event: { id: first.id, status: 'OK' },
    });
    await stream.stop();

    const missed = [event(), event(), event()];
    await record(...missed);
    const resumed = follow(`subscription ($after: String) { usageRecorded(after: $after) { ${EVENT} } }`, {
      after: usageRecorded.cursor,
    });
    const replayed = [await resumed.next(), await resumed.next(), await resumed.next()].map(
      (message) => message.usageRecorded,
    );
    expect(replayed.map((message) => [message.event.id, message.replayed])).toEqual(
      missed.map(({ id }) => [id, true]),
    );
    const later = event();
    const next = resumed.next();
    await record(later);
    expect((await next).usageRecorded).toMatchObject({ event: { id: later.id } });
    await resumed.stop();
    await vi.waitFor(() => expect(harness.bus.listeners('usage.arrived')).toBe(0));
  });

  it('is listed newest first, page by page, and found by id', async () => {
    const { usageEvents } = await api.data(
      '{ usageEvents(first: 2) { edges { cursor node { id provider { slug } accessKey { id } } } nodes { id } pageInfo { hasNextPage endCursor } } }',
    );
    const rest = await api.data('query ($after: String) { usageEvents(after: $after) { nodes { id } } }', {
      after: usageEvents.pageInfo.endCursor,
    });
    const ids = [...usageEvents.nodes, ...rest.usageEvents.nodes].map(({ id }: { id: string }) => id);
    expect(ids).toHaveLength(5);
    expect(new Set(ids).size).toBe(5);
    const { node } = await api.data(
      'query ($id: ID!) { node(id: $id) { __typename ... on UsageEvent { attempts { offering tokens { total } } } } }',
      { id: ids[0] },
    );
    expect(node).toMatchObject({
      __typename: 'UsageEvent',
      attempts: [{ offering: expect.stringContaining('/') }],
    });
  });

  it('is summed in reports whose parts add up', async () => {
    const { usageReport } = await api.data(
      `query ($from: DateTime!) { usageReport(input: { range: { from: $from }, interval: HOUR, groupBy: [PROVIDER, BILLING] }) {
        range { from to } interval truncated totals { requests costUsd tokens { input output total } }
        rollups { bucketStart group { dimension value label } totals { requests tokens { total } } } } }`,
      { from: new Date(at).toISOString() },
    );
    expect(usageReport.totals.requests).toBe(5);
    expect(usageReport.rollups.reduce((sum: number, { totals }: any) => sum + totals.requests, 0)).toBe(5);
    expect(usageReport.rollups[0].group.map(({ dimension }: any) => dimension)).toEqual([
      'PROVIDER',
      'BILLING',
    ]);
  });

  it.each([
    [
      'a range that ends before it starts',
      '{ from: "2026-02-01T00:00:00Z", to: "2026-01-01T00:00:00Z" }',
      'DAY',
      '',
    ],
    ['too many hours', '{ from: "2026-01-01T00:00:00Z", to: "2026-10-01T00:00:00Z" }', 'HOUR', ''],
    ['three dimensions', '{ from: "2026-01-01T00:00:00Z" }', 'DAY', 'groupBy: [MODEL, BILLING, STATUS]'],
    ['no groups at all', '{ from: "2026-01-01T00:00:00Z" }', 'DAY', 'groupLimit: 0'],
  ])('refuses %s', async (_name, range, interval, more) => {
    const answer = await api.send(
      `{ usageReport(input: { range: ${range}, interval: ${interval} ${more} }) { asOf } }`,
    );
    expect([answer.status, answer.errors[0]?.extensions['code']]).toEqual([400, 'BAD_USER_INPUT']);
  });

  it('is totalled live: the present state at once, the whole of it after each change', async () => {
    const totals = follow(
      'subscription { usageTotals(input: { window: DAY, groupBy: [MODEL] }, minIntervalMs: 250) { sequence totals { requests } groups { group { value } totals { requests } } } }',
    );
    const first = (await totals.next()).usageTotals;
    expect(first).toMatchObject({ sequence: 1, totals: { requests: 5 } });
    const next = totals.next();
    await record(event(), event());
    expect((await next).usageTotals).toMatchObject({ sequence: 2, totals: { requests: 7 } });
    await totals.stop();
    await vi.waitFor(() =>
      expect([server.live.subscribers, harness.bus.listeners('usage.arrived')]).toEqual([0, 0]),
    );
  });
});
