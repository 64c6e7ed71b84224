/**
 * Two workspaces side by side, and every field that reads, asked by one of them: nothing it hears changes when the other
 * fills up, and what the other owns cannot be told from what does not exist.
 */
import {
  getNamedType,
  isInterfaceType,
  isObjectType,
  parse,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type DocumentNode,
  type GraphQLNamedType,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { watchLimits } from '../../src/admin/alerts/watch-limits.js';
import { GRAPHQL_COST_MAX, GRAPHQL_DEPTH_MAX, GRAPHQL_TOKENS_MAX } from '../../src/config/graphql-limits.js';
import { newId, siblingId } from '../../src/domain/ids.js';
import { measureOperation } from '../../src/graphql/guard/measure.js';
import { buildAdminSchema } from '../../src/graphql/schema.js';
import type { AdminServer } from '../../src/graphql/server.js';
import { commitUsage } from '../../src/persistence/usage.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { quietLogger } from '../support/database.js';
import { createGraphqlClient } from '../support/graphql-client.js';
import type { SimulatedProvider } from '../support/providers/simulated-provider.js';
import { openSocket } from '../support/socket.js';
import { until } from '../support/wait.js';
import { contextOf, startHarness, valueOf, type Harness } from '../unit/admin/harness.js';
import { makeEvent } from '../unit/usage/events.js';
import { selectAll, valueOfType, type ValueFor } from './documents.js';
import { addToken, addWorkspace } from './tenants.js';

const schema = buildAdminSchema();
const queries = Object.values(schema.getQueryType()?.getFields() ?? {});
const subscriptions = Object.values(schema.getSubscriptionType()?.getFields() ?? {});
const NOBODY = 'nobody';
/** Queries of what is found by a name of its workspace. */
const NAMED = new Set(['provider', 'model', 'routingTier', 'routePlan']);
/** Fields asked for by now, as `Type.field`. */
const asked = new Set<string>();

/** What a workspace owns, under names that stand nowhere else. */
interface Tenant {
  readonly workspaceId: string;
  readonly mark: string;
  /** Of one thing of each kind. */
  ids: Readonly<Record<string, string>>;
  /** The arguments by which things are found other than by id. */
  values: Readonly<Record<string, string>>;
}

let harness: Harness;
let server: AdminServer;
let zai: SimulatedProvider;
let ours: Tenant;
let theirs: Tenant;

beforeAll(async () => {
  harness = await startHarness();
  server = await startTestAdminServer(harness);
  zai = await harness.simulate('zai');
  ours = await newTenant('ours');
  theirs = await newTenant('theirs');
  await fill(ours);
});
afterAll(async () => {
  await server.close();
  await harness[Symbol.asyncDispose]();
});

async function newTenant(name: string): Promise<Tenant> {
  return { workspaceId: await addWorkspace(harness, name), mark: `mark-of-${name}`, ids: {}, values: {} };
}

/** Gives a workspace one of everything the verbs can make. */
async function fill(tenant: Tenant): Promise<void> {
  const { workspaceId, mark } = tenant;
  const { admin } = harness;
  const context = contextOf(workspaceId);
  zai.setModels([{ id: `${mark}-model` }]);
  const { connection, discoveryRun } = valueOf(
    await admin.connections.create(context, {
      provider: 'zai',
      offering: 'coding-plan',
      label: mark,
      secret: zai.keys.good,
      baseUrl: zai.url,
      priority: 0,
      verify: true,
      discover: true,
    }),
  );
  await harness.discovery.settled();
  const { accessKey } = valueOf(await admin.accessKeys.create(context, { name: mark, allowedModels: [] }));
  valueOf(
    await admin.providers.create(context, {
      slug: mark,
      name: mark,
      billing: 'METERED',
      credential: 'API_KEY',
      protocol: 'OPENAI_CHAT',
      baseUrl: zai.url,
      liveCatalog: false,
      models: [{ upstreamId: 'm' }],
    }),
  );
  const ref = `zai/${mark}-model`;
  const model = await admin.models.byRef(context, ref);
  const target = { modelRef: ref, connectionId: connection.id };
  const tier = valueOf(
    await admin.tiers.create(context, {
      slug: mark,
      name: mark,
      strategy: 'ORDERED',
      targets: [target],
      maxAttempts: 3,
      isDefault: false,
    }),
  );
  const rule = valueOf(
    await admin.rules.create(context, { name: mark, header: 'x-purpose', value: mark, tierId: tier.id }),
  );
  valueOf(await admin.connections.refreshQuota(context, connection.id));
  const { webhook } = valueOf(await admin.webhooks.create(context, { name: mark, url: zai.url }));
  const event = await use(tenant, connection.id, accessKey.id, ref);
  const { limitId, alertId } = await raiseAlert(tenant, {
    provider: 'zai',
    connectionId: connection.id,
    accessKeyId: accessKey.id,
  });
  const [delivery] = await admin.webhooks.deliveries(context, webhook.id, 1);
  const audit = await harness.database.query<{ id: string }>(
    'SELECT id FROM audit_entry WHERE workspace_id = $1 ORDER BY id DESC LIMIT 1',
    [workspaceId],
  );
  tenant.ids = {
    connection: connection.id,
    run: discoveryRun?.id ?? '',
    accessKey: accessKey.id,
    model: model?.id ?? '',
    event,
    audit: audit[0]?.id ?? '',
    provider: `prov_${mark}`,
    tier: tier.id,
    rule: rule.id,
    plan: siblingId('plan', connection.id),
    limit: limitId,
    alert: alertId,
    webhook: webhook.id,
    delivery: delivery?.id ?? '',
  };
  tenant.values = { slug: mark, ref };
}

/** Records a request of theirs, and announces it the way the recorder does. */
async function use(
  { workspaceId }: Tenant,
  connectionId: string,
  key: string,
  modelRef: string,
): Promise<string> {
  const event = makeEvent({ workspaceId, key, at: harness.clock.now(), attempt: { connectionId, modelRef } });
  const events = await commitUsage(harness.database, [event]);
  harness.bus.publish('usage.arrived', { workspaceId, events });
  return event.id;
}

/** Sets a limit that their use has passed already, and has it found out. */
async function raiseAlert(
  { workspaceId, mark }: Tenant,
  scope: { provider?: string; connectionId?: string; accessKeyId?: string },
): Promise<{ limitId: string; alertId: string }> {
  const context = contextOf(workspaceId);
  const limit = {
    name: mark,
    metric: 'REQUESTS',
    window: 'TOTAL',
    threshold: '1',
    action: 'NOTIFY',
  } as const;
  const { id: limitId } = valueOf(await harness.admin.limits.create(context, { ...limit, ...scope }));
  const watch = watchLimits({ ...harness, logger: quietLogger });
  await watch.look(workspaceId);
  await watch.close();
  const { items } = await harness.admin.alerts.list(context, { first: 100, after: null }, false);
  const alert = items.find((each) => each.limitId === limitId);
  if (!alert) throw new Error('there is no alert');
  return { limitId, alertId: alert.id };
}

/** A document that asks a root field for all it can, as deep as its cost allows. */
function everything(
  operation: 'query' | 'subscription',
  name: string,
  valueFor: ValueFor,
  as = 'Connection',
): string {
  const field = (operation === 'query' ? queries : subscriptions).find((each) => each.name === name);
  if (!field) throw new Error(`there is no ${name}`);
  const values: Record<string, unknown> = {};
  for (const argument of field.args) {
    const own = valueFor(argument.name, String(argument.type).replaceAll('!', ''));
    if (own !== undefined) values[argument.name] = own;
    else if (String(argument.type).endsWith('!') && argument.defaultValue === undefined) {
      values[argument.name] = valueOfType(argument.type, argument.name, valueFor);
    }
  }
  const given = Object.entries(values).map(([key, value]) => `${key}: ${inline(value)}`);
  const args = given.length > 0 ? `(${given.join(', ')})` : '';
  for (let depth = GRAPHQL_DEPTH_MAX - 2; depth > 0; depth--) {
    const text = `${operation} { ${name}${args} ${selectAll({ schema, valueFor, as }, field.type, depth)} }`;
    const document = parse(text, { noLocation: true });
    const [definition] = document.definitions;
    if (definition?.kind !== 'OperationDefinition') continue;
    const measure = measureOperation(schema, document, definition, {});
    const tokens = text.match(/[\w"]+|[^\s\w]/g)?.length ?? 0;
    if (
      measure.cost <= GRAPHQL_COST_MAX &&
      measure.depth <= GRAPHQL_DEPTH_MAX &&
      tokens < GRAPHQL_TOKENS_MAX
    ) {
      remember(document);
      return text;
    }
  }
  throw new Error(`${name} is dear at any depth`);
}

/** As in a document: enum values of inputs are told by their capitals. */
function inline(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inline).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, item]) => `${key}: ${inline(item)}`)
      .join(', ')} }`;
  }
  return typeof value === 'string' && /^[A-Z][A-Z_]+$/.test(value) ? value : JSON.stringify(value);
}

/** Small pages; ids and names of `tenant`, or of nobody. */
const valuesOf =
  (tenant: Tenant | null, kind: string): ValueFor =>
  (name, type) => {
    const id = tenant?.ids[kind] ?? newId('connection', 0);
    if (type === 'ID') return id;
    if (/^\[ID!?\]$/.test(type)) return [id];
    if (type === 'RoutePlanInput') {
      // A dry run for a key of theirs, of a model of theirs.
      const accessKeyId = kind === 'connection' ? tenant?.ids['accessKey'] : id;
      return { model: tenant?.values['ref'] ?? NOBODY, ...(accessKeyId !== undefined && { accessKeyId }) };
    }
    if (name === 'slug' || name === 'ref') return tenant?.values[name] ?? NOBODY;
    if (name === 'first') return 3;
    return undefined;
  };
/** The same, but only where a value has to be given. */
const leastValuesOf =
  (tenant: Tenant | null, kind: string, required: boolean): ValueFor =>
  (name, type) =>
    required || name === 'first' ? valuesOf(tenant, kind)(name, type) : undefined;

async function ask(tenant: Tenant, document: string): Promise<string> {
  // A token for each question, because each may cost as much as a token can spend.
  const { token } = await addToken(harness, tenant.workspaceId);
  const { status, data, errors } = await createGraphqlClient(server.url, token).send(document);
  return steady(JSON.stringify({ status, data, errors }, null, 1));
}

/** Without what passes with time, or with the token that asks. */
const steady = (text: string): string =>
  text
    .replaceAll(/"(startedAt|resetAt|asOf|to)": "[^"]*"/g, '"$1": (time)')
    .replaceAll(/"elapsedFraction": [\d.]+/g, '"elapsedFraction": (number)')
    .replaceAll(/"(remaining|liveSubscribers|latencyMs)": \d+/g, '"$1": (number)')
    .replaceAll(/"tok_\w+"/g, '(token)');

function expectNothingOfTheirs(text: string): void {
  for (const word of [theirs.mark, theirs.workspaceId, ...Object.values(theirs.ids)]) {
    expect(text).not.toContain(word);
  }
}

describe('a workspace', () => {
  const before = new Map<string, string>();
  const documents = queries.map(({ name, args }) => {
    const needs = args.some(({ type }) => /^(ID|\[ID!?\])!$/.test(String(type)));
    return {
      name,
      document: () => everything('query', name, leastValuesOf(ours, 'connection', needs || NAMED.has(name))),
    };
  });

  beforeAll(async () => {
    for (const { name, document } of documents) before.set(name, await ask(ours, document()));
    await fill(theirs);
  });

  it.each(documents)(
    'hears from $name the same after another one has filled up',
    async ({ name, document }) => {
      const after = await ask(ours, document());
      expect(before.get(name)).toContain('"status": 200');
      expect(after).toBe(before.get(name));
      expectNothingOfTheirs(after);
    },
  );

  it('was asked for things that it has: everything it owns was heard of', async () => {
    const heard = [...before.values()].join('\n');
    for (const id of Object.values(ours.ids)) {
      if (heard.includes(id)) continue;
      const document = everything('query', 'node', (name, type) =>
        type === 'ID' ? id : valuesOf(ours, '')(name, type),
      );
      expect(await ask(ours, document)).toContain(id);
    }
    expect(heard).toContain(ours.mark);
  });

  const node = schema.getType('Node');
  const kinds = isInterfaceType(node) ? schema.getPossibleTypes(node).map(({ name }) => name) : [];
  const KIND_OF_TYPE: Readonly<Record<string, string>> = {
    Provider: 'provider',
    Connection: 'connection',
    DiscoveredModel: 'model',
    DiscoveryRun: 'run',
    AccessKey: 'accessKey',
    UsageEvent: 'event',
    AuditEntry: 'audit',
    RoutingTier: 'tier',
    RoutingRule: 'rule',
    PlanSubscription: 'plan',
    UsageLimit: 'limit',
    Alert: 'alert',
    Webhook: 'webhook',
  };

  it('has an object of every type that has an id', () => {
    expect(kinds.filter((type) => !theirsHas(type))).toEqual([]);
  });
  const theirsHas = (type: string): boolean => Boolean(theirs.ids[KIND_OF_TYPE[type] ?? '']);

  it.each(kinds)('sees a %s of its own by id, and of another one nothing', async (type) => {
    const kind = KIND_OF_TYPE[type] ?? '';
    const document = (tenant: Tenant) => everything('query', 'node', valuesOf(tenant, kind), type);
    expect(await ask(theirs, document(theirs))).toContain(`"__typename": "${type}"`);
    expect(JSON.parse(await ask(ours, document(theirs))).data).toEqual({ node: null });
    const nodes = everything('query', 'nodes', valuesOf(theirs, kind), type);
    expect(JSON.parse(await ask(ours, nodes)).data).toEqual({ nodes: [null] });
  });

  it.each(queries.filter(({ args }) => args.length > 0))(
    'tells from $name nothing about ids and names of another one',
    async ({ name }) => {
      for (const kind of Object.keys(theirs.ids)) {
        const theirOnes = await ask(ours, everything('query', name, valuesOf(theirs, kind)));
        const unknown = await ask(ours, everything('query', name, valuesOf(null, kind)));
        const id = theirs.ids[kind] ?? '';
        expectNothingOfTheirs(theirOnes.replaceAll(id, '').replaceAll(theirs.mark, ''));
        // Of built-in providers everyone knows the same; a slug or a reference of theirs is as good as none.
        if (!theirOnes.includes('"status": 200')) expect(codes(theirOnes)).toEqual(codes(unknown));
      }
    },
  );
  const codes = (text: string): unknown => {
    const { status, errors } = JSON.parse(text) as {
      status: number;
      errors: { extensions: { code: string } }[];
    };
    return [status, ...errors.map(({ extensions }) => extensions.code)];
  };

  it.each(subscriptions)(
    'hears on $name nothing of another one, which itself hears all',
    async ({ name }) => {
      const open = async (tenant: Tenant) => {
        const socket = await openSocket(server.url);
        await socket.init((await addToken(harness, tenant.workspaceId)).token);
        const kinds = {
          discoveryProgress: 'run',
          connectionHealth: 'connection',
          quotaChanged: 'connection',
        } as Record<string, string>;
        const values = (valueName: string, type: string): unknown =>
          type === 'UsageTotalsInput'
            ? { window: 'DAY' }
            : valueName === 'after' || valueName === 'filter'
              ? undefined
              : valuesOf(theirs, kinds[name] ?? '')(valueName, type);
        const query = everything('subscription', name, values);
        socket.send({ type: 'subscribe', id: '1', payload: { query } });
        return socket;
      };
      await until('earlier ones are gone', () => server.live.subscribers === 0);
      const [stranger, owner] = [await open(ours), await open(theirs)];
      await until('both are heard', () => {
        if (owner.transcript().includes('"type":"error"')) throw new Error(owner.transcript());
        return server.live.subscribers === 2 || owner.transcript().includes('complete');
      });
      // State that is followed comes at once; of what happens, one thing happens now.
      const { connection = '', accessKey = '' } = theirs.ids;
      const heard = owner.next();
      zai.setFault({ kind: 'refuse', failure: 'expired-token', on: 'models' });
      await harness.admin.connections.verify(contextOf(theirs.workspaceId), connection);
      zai.setFault(null);
      await use(theirs, connection, accessKey, theirs.values['ref'] ?? '');
      if (name === 'alertChanged') await raiseAlert(theirs, { accessKeyId: accessKey });
      expect((await heard).type).toBe('next');
      stranger.send({ type: 'ping', payload: { last: true } });
      await until('the stranger has heard all', () => stranger.transcript().includes('"last":true'));
      expectNothingOfTheirs(stranger.transcript());
      stranger.socket.terminate();
      owner.socket.terminate();
    },
  );

  it('was asked for every field of every type that can be reached', () => {
    const missed = [...reachable()].filter((field) => !asked.has(field));
    expect(missed).toEqual([]);
  });
});

/** Fields below queries and subscriptions; edges repeat what nodes say. */
function reachable(): Set<string> {
  const fields = new Set<string>();
  const seen = new Set<string>();
  const visitType = (type: GraphQLNamedType): void => {
    if (seen.has(type.name) || type.name.endsWith('Edge')) return;
    seen.add(type.name);
    if (isInterfaceType(type)) for (const each of schema.getPossibleTypes(type)) visitType(each);
    if (!isObjectType(type)) return;
    for (const field of Object.values(type.getFields())) {
      if (field.name === 'edges') continue;
      fields.add(`${type.name}.${field.name}`);
      visitType(getNamedType(field.type));
    }
  };
  for (const root of [schema.getQueryType(), schema.getSubscriptionType()]) if (root) visitType(root);
  return fields;
}

function remember(document: DocumentNode): void {
  const types = new TypeInfo(schema);
  visit(
    document,
    visitWithTypeInfo(types, {
      Field: () => {
        const [parent, field] = [types.getParentType(), types.getFieldDef()];
        if (parent && field) asked.add(`${parent.name}.${field.name}`);
      },
    }),
  );
}
