/** What operators change is in force on the gateways within a second and drops nothing; what one gateway meets, all of them know. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestAdminServer } from '../support/admin-server.js';
import { createGraphqlClient, type GraphqlClient } from '../support/graphql-client.js';
import type { PlainAnswer } from '../support/http-client.js';
import { startLiveNode, type LiveNode } from '../support/live-gateway.js';
import type { SimulatedProvider } from '../support/providers/simulated-provider.js';
import { until } from '../support/wait.js';
import { ADMIN_TOKEN, startHarness, valueOf, type Harness } from '../unit/admin/harness.js';

const IN_FORCE_MS = 1_000;
const LIMITED = {
  kind: 'status',
  status: 429,
  body: { error: { code: '1302', message: 'High concurrency usage of this API' } },
  headers: { 'retry-after': '3600' },
} as const;

let harness: Harness;
let admin: { api: GraphqlClient; close(): Promise<void> };
let zai: SimulatedProvider;
let kimi: SimulatedProvider;
let plan: string;
let spare: string;
let key: string;
let tier: { id: string; version: number };
beforeAll(async () => {
  harness = await startHarness();
  const server = await startTestAdminServer(harness);
  admin = { api: createGraphqlClient(server.url, ADMIN_TOKEN), close: () => server.close() };
  zai = await harness.simulate('zai');
  kimi = await harness.simulate('kimi');
  plan = valueOf(await harness.connect(zai, { offering: 'coding-plan' })).connection.id;
  spare = valueOf(await harness.connect(kimi, { offering: 'coding-plan' })).connection.id;
  await harness.discovery.settled();
  const made = await harness.admin.accessKeys.create(harness.context, { name: 'agent', allowedModels: [] });
  key = valueOf(made).plaintext ?? '';
  const { routingTierCreate } = await admin.api.data(
    `mutation { routingTierCreate(input: { slug: "work", name: "Work", strategy: ORDERED,
      targets: [{ modelRef: "zai/glm-5.1" }, { modelRef: "kimi/k3" }] })
      { routingTier { id version } userErrors { message } } }`,
  );
  expect(routingTierCreate.userErrors).toEqual([]);
  tier = routingTierCreate.routingTier;
});
afterAll(async () => {
  await admin.close();
  await harness[Symbol.asyncDispose]();
});

async function setTargets(...refs: string[]): Promise<void> {
  const input = { expectedVersion: tier.version, targets: refs.map((modelRef) => ({ modelRef })) };
  const { routingTierSetTargets } = await admin.api.data(
    `mutation ($id: ID!, $input: RoutingTierSetTargetsInput!) { routingTierSetTargets(id: $id, input: $input)
      { routingTier { id version } userErrors { message } } }`,
    { id: tier.id, input },
  );
  expect(routingTierSetTargets.userErrors).toEqual([]);
  tier = routingTierSetTargets.routingTier;
}
const setEnabled = async (id: string, enabled: boolean): Promise<void> => {
  const { connectionUpdate } = await admin.api.data(
    `mutation ($id: ID!, $enabled: Boolean!) { connectionUpdate(id: $id, input: { enabled: $enabled })
      { connection { id } userErrors { message } } }`,
    { id, enabled },
  );
  expect(connectionUpdate.userErrors).toEqual([]);
};
const clear = (id: string): Promise<unknown> =>
  admin.api.data(
    'mutation ($id: ID!) { connectionClearCooldown(id: $id) { connection { id } userErrors { message } } }',
    { id },
  );
const providerOf = (answer: PlainAnswer) => answer.headers['x-switchyard-provider'];
/** Who serves, once that is what the expected one does. */
async function untilServedBy(node: LiveNode, expected: string, gateway = 0): Promise<void> {
  const reached = async () => providerOf(await node.ask(key, { model: 'work' }, { gateway })) === expected;
  await until(`${expected} serves`, reached, IN_FORCE_MS);
}

/** Keeps requests coming while something is done; every answer there was. */
async function underLoad(node: LiveNode, act: () => Promise<void>): Promise<readonly PlainAnswer[]> {
  let over = false;
  const answers: PlainAnswer[] = [];
  const callers = Array.from({ length: 8 }, async (_, n) => {
    while (!over) {
      const text = n % 2 === 0 ? '[frames 6 every 5ms]' : '[say ok]';
      const messages = [{ role: 'user', content: text }];
      answers.push(await node.ask(key, { model: 'work', stream: n % 2 === 0, messages }));
    }
  });
  await act().finally(() => (over = true));
  await Promise.all(callers);
  return answers;
}

describe('a change by an operator', () => {
  it('of targets is in force within a second, and no request under way is dropped', async () => {
    await using node = await startLiveNode(harness);
    const answers = await underLoad(node, async () => {
      await untilServedBy(node, 'zai');
      await setTargets('kimi/k3');
      await untilServedBy(node, 'kimi');
      await setTargets('zai/glm-5.1', 'kimi/k3');
      await untilServedBy(node, 'zai');
    });
    expect(answers.length).toBeGreaterThan(20);
    expect(new Set(answers.map(({ status, broken }) => `${status} ${broken}`))).toEqual(
      new Set(['200 false']),
    );
    expect(new Set(answers.map(providerOf))).toEqual(new Set(['zai', 'kimi']));
  });

  it('that disables a connection takes it out of use at once, without breaking what it is answering', async () => {
    await using node = await startLiveNode(harness);
    const answers = await underLoad(node, async () => {
      await untilServedBy(node, 'zai');
      await setEnabled(plan, false);
      await untilServedBy(node, 'kimi');
      zai.clearRequests();
      await node.ask(key, { model: 'work' });
      expect(zai.requests).toHaveLength(0);
      await setEnabled(plan, true);
      await untilServedBy(node, 'zai');
    });
    for (const { status, broken } of answers) expect([status, broken]).toEqual([200, false]);
  });

  it('of rules is in force as well', async () => {
    await using node = await startLiveNode(harness);
    const { routingRuleCreate } = await admin.api.data(
      `mutation ($tierId: ID!) { routingRuleCreate(input: { name: "All", header: "X-Session-Id", tierId: $tierId })
        { routingRule { id } userErrors { message } } }`,
      { tierId: tier.id },
    );
    const reasonOf = async () =>
      (await node.ask(key, { model: 'zai/glm-5.1' })).headers['x-switchyard-reason'];
    await until('the rule matches', async () => (await reasonOf()) === 'rule', IN_FORCE_MS);
    await admin.api.data('mutation ($id: ID!) { routingRuleDelete(id: $id) { deletedId } }', {
      id: routingRuleCreate.routingRule.id,
    });
    await until('it does no more', async () => (await reasonOf()) === 'model_named', IN_FORCE_MS);
  });
});

describe('a wall that one gateway ran into', () => {
  const reached = (): number => zai.requests.filter(({ method }) => method === 'POST').length;

  it('is known to the other one, outlives a restart, and is forgotten everywhere when an operator says so', async () => {
    {
      await using node = await startLiveNode(harness, 2);
      zai.setFault(LIMITED);
      zai.clearRequests();
      const answer = await node.ask(key, { model: 'work' }, { gateway: 0 });
      expect([answer.status, providerOf(answer)]).toEqual([200, 'kimi']);
      expect(answer.headers['x-switchyard-passed-over']).toBe('zai/coding-plan RATE_LIMITED');
      const other = await node.ask(key, { model: 'work' }, { gateway: 1 });
      expect(other.headers['x-switchyard-passed-over']).toBe('zai/coding-plan COOLING_DOWN');
      expect(reached()).toBe(1);
      const rows = () => harness.database.prisma.connectionCooldown.count({ where: { connectionId: plan } });
      await until('it is stored', async () => (await rows()) === 1);
    }
    zai.setFault(null);
    await using again = await startLiveNode(harness, 2);
    // A node of its own, which heard of it from the database.
    await using elsewhere = await startLiveNode(harness);
    zai.clearRequests();
    for (const node of [again, elsewhere]) {
      expect(providerOf(await node.ask(key, { model: 'work' }))).toBe('kimi');
      const named = await node.ask(key, { model: 'zai/glm-5.1' });
      expect(named.status).toBe(429);
      expect(Number(named.headers['retry-after'])).toBeGreaterThan(3_500);
    }
    expect(reached()).toBe(0);
    await clear(plan);
    await Promise.all([
      untilServedBy(again, 'zai', 0),
      untilServedBy(again, 'zai', 1),
      untilServedBy(elsewhere, 'zai'),
    ]);
  });

  it('is the operator’s to see, and what is left when both connections have one is an honest refusal', async () => {
    await using node = await startLiveNode(harness);
    zai.setFault(LIMITED);
    kimi.setFault({ kind: 'refuse', failure: 'weekly-wall' });
    const answer = await node.ask(key, { model: 'work' });
    zai.setFault(null);
    kimi.setFault(null);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(3_600);
    const healthOf = async () => {
      const [connection] = await harness.admin.connections.byIds(harness.context, [spare]);
      return connection?.health;
    };
    await until('it is seen', async () => (await healthOf())?.reason === 'QUOTA_EXHAUSTED');
    await clear(plan);
    await clear(spare);
    await untilServedBy(node, 'zai');
  });
});
