/** Which scope opens what: everything that can be read needs its own, and no other will do. */
import { readFile } from 'node:fs/promises';
import { isRequiredArgument, type GraphQLField } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_SCOPES, type AdminScope } from '../../src/domain/vocabulary.js';
import { buildAdminSchema } from '../../src/graphql/schema.js';
import type { AdminServer } from '../../src/graphql/server.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { createGraphqlClient } from '../support/graphql-client.js';
import { openSocket } from '../support/socket.js';
import { startHarness, type Harness } from '../unit/admin/harness.js';
import { MUTATION_EXAMPLES } from './mutation-examples.js';
import { addToken, addWorkspace } from './tenants.js';

type Field = GraphQLField<unknown, unknown>;

/** Null for what every token may read, of which `node` shows what its scopes let it see. */
const SCOPES: Readonly<Record<string, AdminScope | null>> = {
  viewer: null,
  health: null,
  node: null,
  nodes: null,
  providers: 'CONFIG_READ',
  provider: 'CONFIG_READ',
  connections: 'CONFIG_READ',
  planSubscriptions: 'CONFIG_READ',
  models: 'CONFIG_READ',
  model: 'CONFIG_READ',
  discoveryRuns: 'CONFIG_READ',
  routingTiers: 'CONFIG_READ',
  routingTier: 'CONFIG_READ',
  routingRules: 'CONFIG_READ',
  routePlan: 'CONFIG_READ',
  classifierWeights: 'CONFIG_READ',
  webhooks: 'CONFIG_READ',
  accessKeys: 'KEYS_READ',
  usageEvents: 'USAGE_READ',
  usageReport: 'USAGE_READ',
  savingsReport: 'USAGE_READ',
  usageLimits: 'USAGE_READ',
  alerts: 'USAGE_READ',
  auditLog: 'AUDIT_READ',
  usageRecorded: 'USAGE_READ',
  usageTotals: 'USAGE_READ',
  discoveryProgress: 'CONFIG_READ',
  connectionHealth: 'CONFIG_READ',
  quotaChanged: 'CONFIG_READ',
  alertChanged: 'USAGE_READ',
};

const schema = buildAdminSchema();
const queries = Object.values(schema.getQueryType()?.getFields() ?? {});
const subscriptions = Object.values(schema.getSubscriptionType()?.getFields() ?? {});

let harness: Harness;
let server: AdminServer;
let workspaceId: string;

beforeAll(async () => {
  harness = await startHarness();
  server = await startTestAdminServer(harness);
  workspaceId = await addWorkspace(harness, 'scoped');
});
afterAll(async () => {
  await server.close();
  await harness[Symbol.asyncDispose]();
});

const tokenWith = async (scopes: readonly AdminScope[]): Promise<string> =>
  (await addToken(harness, workspaceId, scopes)).token;
const allBut = (scope: AdminScope): readonly AdminScope[] => ADMIN_SCOPES.filter((each) => each !== scope);

/** As little of a field as can be asked for. */
function least({ name, args }: Field, operation = 'query'): string {
  const given = args
    // With ids of what is followed, nothing is read that would ask for the scope by itself.
    .filter((argument) => isRequiredArgument(argument) || argument.name === 'connectionIds')
    .map((argument) => `${argument.name}: ${LITERALS[String(argument.type)] ?? '"x"'}`);
  return `${operation} { ${name}${given.length > 0 ? `(${given.join(', ')})` : ''} { __typename } }`;
}
const LITERALS: Readonly<Record<string, string>> = {
  '[ID!]': '["x"]',
  '[ID!]!': '["x"]',
  'RoutePlanInput!': '{ model: "auto" }',
  'UsageReportInput!': '{ range: { from: "2026-01-01T00:00:00Z" } }',
  'TimeRangeInput!': '{ from: "2026-01-01T00:00:00Z" }',
  'UsageTotalsInput!': '{ window: DAY }',
};

it('is known of everything that can be read', () => {
  const known = [...queries, ...subscriptions].map(({ name }) => name);
  expect(Object.keys(SCOPES).toSorted()).toEqual(known.toSorted());
});

it('is written down for operators, mutations included', async () => {
  const page = await readFile(new URL('../../docs/admin-api.md', import.meta.url), 'utf8');
  const rows = [...page.matchAll(/^\| (?:`([A-Z_]+)`|none) +\| (.+?) +\|$/gm)];
  const written = rows.flatMap(([, scope = null, fields = '']) =>
    [...fields.matchAll(/`(\w+)`/g)].map(([, field]) => [field, scope]),
  );
  const mutations = Object.entries(MUTATION_EXAMPLES).map(([name, { scope }]) => [name, scope]);
  expect(Object.fromEntries(written)).toEqual({ ...SCOPES, ...Object.fromEntries(mutations) });
});

describe.each(queries)('$name', (field) => {
  const scope = SCOPES[field.name] ?? null;
  const codes = async (scopes: readonly AdminScope[]): Promise<unknown[]> => {
    const api = createGraphqlClient(server.url, await tokenWith(scopes));
    const { errors } = await api.send(least(field));
    return errors.map(({ extensions }) => extensions['code']);
  };

  if (scope === null) {
    it.each(ADMIN_SCOPES)('is answered to a token with %s alone', async (one) => {
      expect(await codes([one])).not.toContain('FORBIDDEN');
    });
  } else {
    it(`is refused with every scope but ${scope}, and answered with it alone`, async () => {
      expect(await codes(allBut(scope))).toEqual(['FORBIDDEN']);
      expect(await codes([scope])).not.toContain('FORBIDDEN');
    });
  }
});

describe.each(subscriptions)('$name', (field) => {
  const scope = SCOPES[field.name] ?? 'USAGE_READ';

  it(`is refused with every scope but ${scope}`, async () => {
    const socket = await openSocket(server.url);
    await socket.init(await tokenWith(allBut(scope)));
    socket.send({ type: 'subscribe', id: '1', payload: { query: least(field, 'subscription') } });
    expect(await socket.next()).toMatchObject({
      type: 'error',
      payload: [{ extensions: { code: 'FORBIDDEN' }, message: expect.stringContaining(scope) }],
    });
    socket.socket.terminate();
  });
});
