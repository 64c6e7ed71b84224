/** For every mutation: what it asks for, and arguments with which it succeeds. A mutation without an example fails the walk. */
import { newId } from '../../src/domain/ids.js';
import type { AdminScope } from '../../src/domain/vocabulary.js';
import type { SimulatedProvider } from '../support/providers/simulated-provider.js';
import { until } from '../support/wait.js';

/** A workspace in which an example is made. */
export interface Place {
  /** Runs an operation with every scope: data of a query, the payload of a mutation. Must be free of errors. */
  run(document: string, variables?: Record<string, unknown>): Promise<any>;
  /** Waits until no discovery runs. */
  settled(): Promise<void>;
  /** Plain SQL, for what only the program itself makes. */
  sql(text: string, values?: readonly unknown[]): Promise<unknown>;
  readonly workspaceId: string;
  readonly provider: SimulatedProvider;
  /** A name that nothing has yet. */
  name(): string;
}

export interface Example {
  readonly scope: AdminScope;
  /** Makes what it is about, and answers variables that succeed once. */
  arrange(place: Place): Promise<Record<string, unknown>>;
}

async function connection(place: Place): Promise<string> {
  const { connection: made } = await place.run(
    `mutation ($input: ConnectionCreateInput!) { connectionCreate(input: $input) { connection { id } userErrors { code message } } }`,
    { input: { ...connectionInput(place), verify: false, discover: false } },
  );
  return made.id;
}

function connectionInput({ provider, name }: Place) {
  return {
    provider: provider.slug,
    offering: 'coding-plan',
    label: name(),
    secret: provider.keys.good,
    baseUrl: provider.url,
  };
}

async function customProvider(place: Place): Promise<string> {
  const slug = place.name();
  await place.run(
    `mutation ($input: CustomProviderCreateInput!) { customProviderCreate(input: $input) { provider { id } userErrors { code message } } }`,
    { input: customProviderInput(place, slug) },
  );
  return `prov_${slug}`;
}

function customProviderInput({ provider }: Place, slug: string) {
  return {
    slug,
    name: slug,
    billing: 'METERED',
    protocol: 'OPENAI_CHAT',
    baseUrl: provider.url,
    liveCatalog: false,
    models: [{ upstreamId: 'm' }],
  };
}

async function accessKey(place: Place): Promise<string> {
  const { accessKey: made } = await place.run(
    `mutation ($input: AccessKeyCreateInput!) { accessKeyCreate(input: $input) { accessKey { id } userErrors { code message } } }`,
    { input: { name: place.name() } },
  );
  return made.id;
}

async function limit(place: Place): Promise<string> {
  const { usageLimit: made } = await place.run(
    `mutation ($input: UsageLimitCreateInput!) { usageLimitCreate(input: $input) { usageLimit { id } userErrors { code message } } }`,
    { input: limitInput(place) },
  );
  return made.id;
}

function limitInput({ name }: Place) {
  return { name: name(), metric: 'REQUESTS', window: 'DAY', threshold: '1000' };
}

async function webhook(place: Place): Promise<string> {
  const { webhook: made } = await place.run(
    `mutation ($input: WebhookCreateInput!) { webhookCreate(input: $input) { webhook { id } userErrors { code message } } }`,
    { input: webhookInput(place) },
  );
  return made.id;
}

function webhookInput({ provider, name }: Place) {
  return { name: name(), url: provider.url };
}

async function modelId(place: Place): Promise<string> {
  await discoveryRun(place, [await connection(place)]);
  await place.settled();
  const { models } = await place.run('{ models(first: 1) { nodes { id } } }');
  return models.nodes[0].id;
}

async function tier(place: Place): Promise<{ id: string; version: number }> {
  const { routingTier: made } = await place.run(
    `mutation ($input: RoutingTierCreateInput!) { routingTierCreate(input: $input) { routingTier { id version } userErrors { code message } } }`,
    { input: { slug: place.name(), name: 'A tier', targets: [] } },
  );
  return made;
}

async function rule(place: Place): Promise<string> {
  const { routingRule: made } = await place.run(
    `mutation ($input: RoutingRuleCreateInput!) { routingRuleCreate(input: $input) { routingRule { id } userErrors { code message } } }`,
    { input: await ruleInput(place) },
  );
  return made.id;
}

async function ruleInput(place: Place) {
  return { name: place.name(), header: 'x-purpose', tierId: (await tier(place)).id };
}

async function modelRef(place: Place): Promise<string> {
  const { node } = await place.run('query ($id: ID!) { node(id: $id) { ... on DiscoveredModel { ref } } }', {
    id: await modelId(place),
  });
  return node.ref;
}

async function discoveryRun(place: Place, connectionIds: readonly string[]): Promise<string> {
  const { discoveryRun: run } = await place.run(
    `mutation ($ids: [ID!]) { discoveryStart(input: { connectionIds: $ids }) { discoveryRun { id } userErrors { code message } } }`,
    { ids: connectionIds },
  );
  return run.id;
}

export const MUTATION_EXAMPLES: Readonly<Record<string, Example>> = {
  customProviderCreate: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ input: customProviderInput(place, place.name()) }),
  },
  customProviderUpdate: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ id: await customProvider(place), input: { name: place.name() } }),
  },
  customProviderDelete: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ id: await customProvider(place) }),
  },
  connectionCreate: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ input: connectionInput(place) }),
  },
  connectionUpdate: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ id: await connection(place), input: { label: place.name() } }),
  },
  connectionRotateSecret: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({
      id: await connection(place),
      input: { secret: place.provider.keys.good },
    }),
  },
  connectionVerify: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ id: await connection(place) }),
  },
  connectionClearCooldown: {
    scope: 'CONFIG_WRITE',
    async arrange(place) {
      const id = await connection(place);
      await place.sql(
        `INSERT INTO connection_cooldown (connection_id, model_ref, workspace_id, class, since, until, failures)
         VALUES ($1, '', $2, 'RATE_LIMITED', now(), now() + interval '1 hour', 1)`,
        [id, place.workspaceId],
      );
      return { id };
    },
  },
  connectionRefreshQuota: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ id: await connection(place) }),
  },
  connectionDelete: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ id: await connection(place) }),
  },
  discoveryStart: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ input: { connectionIds: [await connection(place)] } }),
  },
  discoveryCancel: {
    scope: 'CONFIG_WRITE',
    async arrange(place) {
      place.provider.setFault({ kind: 'delay', ms: 60_000, on: 'models' });
      const id = await discoveryRun(place, [await connection(place)]);
      const query = 'query ($id: ID!) { node(id: $id) { ... on DiscoveryRun { status } } }';
      await until('the run works', async () => (await place.run(query, { id })).node.status === 'RUNNING');
      return { id };
    },
  },
  modelUpdate: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ id: await modelId(place), input: { enabled: false } }),
  },
  routingTierCreate: {
    scope: 'CONFIG_WRITE',
    async arrange(place) {
      const targets = [{ modelRef: await modelRef(place), connectionId: await connection(place) }];
      const fallbackTierId = (await tier(place)).id;
      return { input: { slug: place.name(), name: place.name(), targets, fallbackTierId } };
    },
  },
  routingTierUpdate: {
    scope: 'CONFIG_WRITE',
    async arrange(place) {
      const { id, version } = await tier(place);
      const fallbackTierId = (await tier(place)).id;
      return { id, input: { name: place.name(), fallbackTierId, expectedVersion: version } };
    },
  },
  routingTierSetTargets: {
    scope: 'CONFIG_WRITE',
    async arrange(place) {
      const { id, version } = await tier(place);
      const targets = [{ modelRef: await modelRef(place), connectionId: await connection(place) }];
      return { id, input: { targets, expectedVersion: version } };
    },
  },
  routingTierReorder: {
    scope: 'CONFIG_WRITE',
    async arrange(place) {
      await tier(place);
      const { routingTiers } = await place.run('{ routingTiers { id } }');
      return { ids: routingTiers.map(({ id }: { id: string }) => id).toReversed() };
    },
  },
  routingTierDelete: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ id: (await tier(place)).id }),
  },
  routingRuleCreate: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ input: await ruleInput(place) }),
  },
  routingRuleUpdate: {
    scope: 'CONFIG_WRITE',
    async arrange(place) {
      return { id: await rule(place), input: { value: 'night', tierId: (await tier(place)).id } };
    },
  },
  routingRuleReorder: {
    scope: 'CONFIG_WRITE',
    async arrange(place) {
      await rule(place);
      await rule(place);
      const { routingRules } = await place.run('{ routingRules { id } }');
      return { ids: routingRules.map(({ id }: { id: string }) => id).toReversed() };
    },
  },
  routingRuleDelete: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ id: await rule(place) }),
  },
  classifierWeightsSet: {
    scope: 'CONFIG_WRITE',
    async arrange(place) {
      const { classifierWeights } = await place.run('{ classifierWeights { name shippedValue } }');
      const [{ name, shippedValue }] = classifierWeights;
      return { weights: [{ name, value: shippedValue }] };
    },
  },
  accessKeyCreate: {
    scope: 'KEYS_WRITE',
    async arrange(place) {
      const { id } = await tier(place);
      return { input: { name: place.name(), allowedTierIds: [id], defaultTierId: id } };
    },
  },
  accessKeyUpdate: {
    scope: 'KEYS_WRITE',
    async arrange(place) {
      const { id } = await tier(place);
      return { id: await accessKey(place), input: { allowedTierIds: [id], defaultTierId: id } };
    },
  },
  accessKeyRotate: {
    scope: 'KEYS_WRITE',
    arrange: async (place) => ({ id: await accessKey(place), input: { gracePeriodSeconds: 60 } }),
  },
  accessKeyRevoke: {
    scope: 'KEYS_WRITE',
    arrange: async (place) => ({ id: await accessKey(place) }),
  },
  usageLimitCreate: {
    scope: 'CONFIG_WRITE',
    async arrange(place) {
      const scope = {
        connectionId: await connection(place),
        accessKeyId: await accessKey(place),
        tierId: (await tier(place)).id,
      };
      return { input: { ...limitInput(place), ...scope } };
    },
  },
  usageLimitUpdate: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ id: await limit(place), input: { name: place.name(), threshold: '2000' } }),
  },
  usageLimitDelete: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ id: await limit(place) }),
  },
  alertAcknowledge: {
    scope: 'CONFIG_WRITE',
    async arrange(place) {
      const id = newId('alert', 0);
      await place.sql(
        `INSERT INTO alert (id, workspace_id, limit_id, message, value, fired_at) VALUES ($1, $2, $3, 'passed', 1000, now())`,
        [id, place.workspaceId, await limit(place)],
      );
      return { id };
    },
  },
  webhookCreate: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ input: webhookInput(place) }),
  },
  webhookUpdate: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ id: await webhook(place), input: { name: place.name() } }),
  },
  webhookDelete: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ id: await webhook(place) }),
  },
  webhookTest: {
    scope: 'CONFIG_WRITE',
    arrange: async (place) => ({ id: await webhook(place) }),
  },
};
