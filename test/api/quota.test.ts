/** Plans and their quota windows over the admin API, on real use cases, a real database and simulated providers. */
import { createClient, type Client } from 'graphql-ws';
import { WebSocket } from 'ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/domain/ids.js';
import type { ConnectionRecord } from '../../src/domain/records.js';
import type { AdminServer } from '../../src/graphql/server.js';
import { commitUsage } from '../../src/persistence/usage.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { createGraphqlClient, type GraphqlClient } from '../support/graphql-client.js';
import type { SimulatedProvider } from '../support/providers/simulated-provider.js';
import { until } from '../support/wait.js';
import { ADMIN_TOKEN, contextOf, startHarness, valueOf, type Harness } from '../unit/admin/harness.js';
import { makeEvent } from '../unit/usage/events.js';

let harness: Harness;
let server: AdminServer;
let api: GraphqlClient;
let live: Client;
let zai: SimulatedProvider;
let go: SimulatedProvider;
let plan: ConnectionRecord;
let fresh: ConnectionRecord;
let metered: ConnectionRecord;

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
  go = await harness.simulate('opencode-go');
  const connect = async (provider: SimulatedProvider, label: string, offering: string, planCode?: string) =>
    valueOf(
      await harness.connect(provider, {
        label,
        offering,
        discover: false,
        ...(planCode !== undefined && { planCode }),
      }),
    ).connection;
  plan = await connect(zai, 'plan', 'coding-plan', 'pro');
  fresh = await connect(go, 'fresh', 'go');
  metered = await connect(zai, 'metered', 'api');
});
afterAll(async () => {
  await live.dispose();
  await server.close();
  await harness[Symbol.asyncDispose]();
});

const WINDOW =
  'name windowSeconds unit limit used usedFraction resetsAt elapsedFraction pace source observedAt';
const REFRESH = `mutation ($id: ID!) { connectionRefreshQuota(id: $id) {
  connection { id subscription { quotas { ${WINDOW} } } } userErrors { code message field } } }`;

const refresh = async (id: string): Promise<any> => (await api.data(REFRESH, { id })).connectionRefreshQuota;

/** Messages of a subscription, as data. */
function follow(query: string, variables: Record<string, unknown> = {}) {
  const messages = live.iterate<any>({ query, variables });
  return {
    async next(): Promise<any> {
      const { done, value } = await messages.next();
      if (done) return null;
      if (value.errors) throw new Error(JSON.stringify(value.errors));
      return value.data;
    },
    stop: () => messages.return?.(),
  };
}

describe('refreshing', () => {
  it('reads the windows from the provider, with what they say of the time left', async () => {
    const { connection, userErrors } = await refresh(plan.id);
    expect(userErrors).toEqual([]);
    const [short, week] = connection.subscription.quotas;
    expect(short).toMatchObject({
      name: '5h',
      windowSeconds: 18_000,
      unit: 'CREDITS',
      limit: '12000',
      used: '4080',
      usedFraction: 0.34,
      pace: 'BEHIND',
      source: 'REPORTED',
    });
    // Two of five hours are left.
    expect(short.elapsedFraction).toBeCloseTo(0.6, 2);
    expect(Date.parse(short.resetsAt)).toBe(zai.quota.window('5h').resetsAt);
    expect(week).toMatchObject({ name: 'weekly', usedFraction: 0.2 });
  });

  it('asks the provider once, however often one clicks', async () => {
    zai.clearRequests();
    const answers = await Promise.all([1, 2, 3, 4].map(() => refresh(plan.id)));
    for (const { connection } of answers) expect(connection.subscription.quotas).toHaveLength(2);
    expect(zai.requests).toHaveLength(0);
  });

  it('says why there is nothing to read', async () => {
    expect((await refresh(metered.id)).userErrors).toMatchObject([{ code: 'INVALID_STATE', field: ['id'] }]);
    const nobody = newId('connection', harness.clock.now());
    expect((await refresh(nobody)).userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    go.setFault({ kind: 'status', status: 503, body: 'down', on: 'account' });
    const { connection, userErrors } = await refresh(fresh.id);
    go.setFault(null);
    expect(connection).toBeNull();
    expect(userErrors).toMatchObject([
      { code: 'UPSTREAM_UNAVAILABLE', message: expect.stringContaining('HTTP 503') },
    ]);
  });
});

describe('plans', () => {
  it('are listed with the one first that resets soonest, and are reached from their connection', async () => {
    const data = await api.data(`{
      planSubscriptions { id planCode monthlyPriceUsd active connection { label } quotas { name } }
      connections(first: 10) { nodes { label subscription { id } } }
    }`);
    expect(data.planSubscriptions).toMatchObject([
      { planCode: 'pro', monthlyPriceUsd: '80', active: true, connection: { label: 'plan' } },
      { planCode: null, connection: { label: 'fresh' }, quotas: [] },
    ]);
    const [first] = data.planSubscriptions;
    const byLabel = new Map(data.connections.nodes.map((node: any) => [node.label, node.subscription]));
    expect(byLabel.get('plan')).toEqual({ id: first.id });
    expect(byLabel.get('metered')).toBeNull();

    const { node, nodes } = await api.data(
      `query ($id: ID!, $ids: [ID!]!) {
        node(id: $id) { __typename id ... on PlanSubscription { connection { label } } }
        nodes(ids: $ids) { __typename }
      }`,
      {
        id: first.id,
        ids: [first.id, first.id.replace('plan_', 'conn_'), metered.id.replace('conn_', 'plan_')],
      },
    );
    expect(node).toEqual({ __typename: 'PlanSubscription', id: first.id, connection: { label: 'plan' } });
    expect(nodes).toEqual([{ __typename: 'PlanSubscription' }, { __typename: 'Connection' }, null]);
  });

  it('sum what went through them', async () => {
    const event = {
      ...makeEvent({ at: harness.clock.now() - 1_000, workspaceId: plan.workspaceId }),
      connectionId: plan.id,
    };
    await commitUsage(harness.database, [event]);
    const from = new Date(harness.clock.now() - 86_400_000).toISOString();
    const data = await api.data(
      'query ($from: DateTime!) { planSubscriptions { connection { label } usage(range: { from: $from }) { requests } } }',
      { from },
    );
    expect(data.planSubscriptions.map(({ usage }: any) => usage.requests)).toEqual([1, 0]);
  });

  it('stay within their workspace', async () => {
    const other = contextOf('ws_other');
    expect(await harness.admin.connections.plans(other)).toEqual([]);
    expect(await harness.admin.connections.quotaWindows(other, [plan.id])).toEqual([[]]);
    expect(await harness.admin.connections.refreshQuota(other, plan.id)).toMatchObject({
      ok: false,
      userErrors: [{ code: 'NOT_FOUND' }],
    });
    await expect(harness.admin.connections.plans(contextOf(plan.workspaceId, []))).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });
});

describe('following', () => {
  it('begins with the present state of each plan and goes on with every change', async () => {
    const all = follow(
      'subscription { quotaChanged { id connection { label } quotas { name usedFraction } } }',
    );
    const labels = [
      (await all.next()).quotaChanged.connection.label,
      (await all.next()).quotaChanged.connection.label,
    ];
    expect(labels.toSorted()).toEqual(['fresh', 'plan']);

    const { database } = harness;
    const ago = new Date(harness.clock.now() - 60_000);
    await database.prisma.quotaPoll.updateMany({ data: { readAt: ago } });
    zai.quota.set('5h', 6_000);
    const changed = all.next();
    expect((await refresh(plan.id)).userErrors).toEqual([]);
    expect((await changed).quotaChanged).toMatchObject({
      connection: { label: 'plan' },
      quotas: [{ name: '5h', usedFraction: 0.5 }, { name: 'weekly' }],
    });
    await all.stop();
    await until('the subscription is given up', () => harness.bus.listeners('quota.changed') === 0);
  });

  it('can be narrowed to some connections', async () => {
    const one = follow(
      'subscription ($ids: [ID!]) { quotaChanged(connectionIds: $ids) { connection { label } } }',
      { ids: [fresh.id, metered.id] },
    );
    expect((await one.next()).quotaChanged.connection.label).toBe('fresh');
    await harness.database.prisma.quotaPoll.updateMany({
      data: { readAt: new Date(harness.clock.now() - 60_000) },
    });
    const next = one.next();
    harness.bus.publish('quota.changed', { workspaceId: plan.workspaceId, connectionId: plan.id });
    expect((await refresh(fresh.id)).connection.subscription.quotas.map(({ name }: any) => name)).toEqual([
      '5h',
      'weekly',
      'monthly',
    ]);
    expect((await next).quotaChanged.connection.label).toBe('fresh');
    await one.stop();
  });
});

describe('a plan that is used up', () => {
  it('would not serve a request now: its models say so and why, like targets do', async () => {
    zai.setModels([{ id: 'glm-5.1' }]);
    await refresh(plan.id);
    await api.data(
      'mutation ($ids: [ID!]) { discoveryStart(input: { connectionIds: $ids }) { discoveryRun { id } } }',
      {
        ids: [plan.id, metered.id],
      },
    );
    await harness.discovery.settled();
    const availability = async () => {
      const { model } = await api.data(
        '{ model(ref: "zai/glm-5.1") { availability { billing ready reason } } }',
      );
      return model.availability.toSorted((a: any, b: any) => (a.billing < b.billing ? -1 : 1));
    };
    const ready = { billing: 'METERED', ready: true, reason: null };
    expect(await availability()).toEqual([ready, { billing: 'SUBSCRIPTION', ready: true, reason: null }]);
    await harness.database.query('UPDATE quota_window SET used_fraction = 1 WHERE connection_id = $1', [
      plan.id,
    ]);
    expect(await availability()).toEqual([
      ready,
      { billing: 'SUBSCRIPTION', ready: false, reason: 'QUOTA_EXHAUSTED' },
    ]);
  });
});
