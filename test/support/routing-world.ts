/** Two workspaces with tiers behind the admin API, one of them with a plan and a metered key, and what operators do there. */
import { followSuggestions, type Suggestions } from '../../src/admin/tiers/follow-suggestions.js';
import { ensureTiers } from '../../src/admin/tiers/ensure-tiers.js';
import { newId } from '../../src/domain/ids.js';
import { ADMIN_SCOPES } from '../../src/domain/vocabulary.js';
import { insertAdminTokenIfAbsent } from '../../src/persistence/admin-tokens.js';
import { ensureWorkspace } from '../../src/persistence/workspaces.js';
import { hashToken } from '../../src/secrets/tokens.js';
import { ADMIN_TOKEN, startHarness, valueOf, type Harness } from '../unit/admin/harness.js';
import { startTestAdminServer } from './admin-server.js';
import { quietLogger } from './database.js';
import { createGraphqlClient, type GraphqlAnswer, type GraphqlClient } from './graphql-client.js';

const STRANGER = 'sya_test-token-of-another-workspace-000000000';
const READER = 'sya_test-token-that-may-only-read-0000000000';

/** What a mutation answers: the thing, if it was made, and what was wrong. */
type Answer = any;

export interface RoutingWorld extends AsyncDisposable {
  readonly harness: Harness;
  readonly suggestions: Suggestions;
  /** With every scope in the workspace `default`, which is connected. */
  readonly api: GraphqlClient;
  /** With every scope in another workspace. */
  readonly stranger: GraphqlClient;
  /** May only read, in the workspace `default`. */
  readonly reader: GraphqlClient;
  /** Id of the plan's connection: `zai/glm-5.1` and `zai/glm-4.5-air`. */
  readonly plan: string;
  /** Id of the connection that is paid for by the token, at OpenAI. */
  readonly metered: string;
  /** Begins a count of changes and of entries in the audit log. */
  mark(): Promise<void>;
  /** Since the mark. */
  published(): number;
  /** Since the mark. */
  auditRows(): Promise<{ action: string; subjectName: string; changes: unknown }[]>;
  /** The same as `action subject`. */
  audited(): Promise<string[]>;
  tiers(): Promise<Answer[]>;
  tierOf(slug: string): Promise<Answer>;
  createTier(input: object): Promise<Answer>;
  updateTier(id: string, input: object): Promise<Answer>;
  setTargets(id: string, input: object): Promise<Answer>;
  deleteTier(id: string): Promise<Answer>;
  reorderTiers(ids: readonly string[]): Promise<Answer>;
  createRule(input: object): Promise<Answer>;
  updateRule(id: string, input: object): Promise<Answer>;
  deleteRule(id: string): Promise<Answer>;
  planFor(input: object): Promise<GraphqlAnswer>;
  /** The plan of a request that can be planned. */
  planOf(input: object): Promise<Answer>;
}

const ERRORS = 'userErrors { code field }';
const TIER = `id slug name description position enabled isDefault strategy retryOn maxAttempts version suggested
  fallbackTier { slug } targets { position modelRef billing connection { id } model { ref } ready skipReason }`;
const RULE = 'id name position enabled header value tier { slug }';
const PLAN = `tier { slug } reason score signals { name }
  candidates { modelRef billing skipReason lastResort estimatedCostUsd connection { id } }
  selected { modelRef connection { id } }`;

/** A user error as it is answered. */
export function problem(code: string, ...field: string[]): { code: string; field: string[] } {
  return { code, field };
}

export async function startRoutingWorld(): Promise<RoutingWorld> {
  const harness = await startHarness();
  const server = await startTestAdminServer(harness);
  const api = createGraphqlClient(server.url, ADMIN_TOKEN);
  await addCallers(harness);
  let published = 0;
  let entriesBefore = 0;
  harness.bus.subscribe('config.changed', () => (published += 1));
  const suggestions = followSuggestions({ ...harness, logger: quietLogger });
  const zai = await harness.simulate('zai');
  zai.setModels([{ id: 'glm-5.1' }, { id: 'glm-4.5-air' }]);
  const openai = await harness.simulate('openai');
  const plan = valueOf(await harness.connect(zai, { offering: 'coding-plan' })).connection.id;
  const metered = valueOf(await harness.connect(openai, { offering: 'api' })).connection.id;
  await harness.discovery.settled();
  await suggestions.settled();

  /** One mutation of the API: its input by name and type, and what it answers. */
  const mutate = async (name: string, types: Record<string, string>, values: object, shown: string) => {
    const declared = Object.entries(types).map(([arg, type]) => `$${arg}: ${type}`);
    const given = Object.keys(types).map((arg) => `${arg}: $${arg}`);
    const document = `mutation (${declared.join(', ')}) { ${name}(${given.join(', ')}) { ${shown} ${ERRORS} } }`;
    return (await api.data(document, { ...values }))[name];
  };
  const change = (name: string, id: string, input: object, shown: string): Promise<Answer> => {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input!`;
    return mutate(name, { id: 'ID!', input: type }, { id, input }, shown);
  };
  const planFor = (input: object): Promise<GraphqlAnswer> =>
    api.send(`query ($input: RoutePlanInput!) { routePlan(input: $input) { ${PLAN} } }`, { input });
  const auditRows: RoutingWorld['auditRows'] = () =>
    harness.database.prisma.auditEntry.findMany({ orderBy: { id: 'asc' }, skip: entriesBefore });

  return {
    harness,
    suggestions,
    api,
    stranger: createGraphqlClient(server.url, STRANGER),
    reader: createGraphqlClient(server.url, READER),
    plan,
    metered,
    async mark() {
      entriesBefore = await harness.database.prisma.auditEntry.count();
      published = 0;
    },
    published: () => published,
    auditRows,
    audited: async () => (await auditRows()).map(({ action, subjectName }) => `${action} ${subjectName}`),
    tiers: async () => (await api.data(`{ routingTiers { ${TIER} } }`)).routingTiers,
    tierOf: async (slug) =>
      (await api.data(`query ($slug: String!) { routingTier(slug: $slug) { ${TIER} } }`, { slug }))
        .routingTier,
    createTier: (input) =>
      mutate(
        'routingTierCreate',
        { input: 'RoutingTierCreateInput!' },
        { input: { name: 'Some', targets: [], ...input } },
        `routingTier { ${TIER} }`,
      ),
    updateTier: (id, input) => change('routingTierUpdate', id, input, `routingTier { ${TIER} }`),
    setTargets: (id, input) => change('routingTierSetTargets', id, input, `routingTier { ${TIER} }`),
    deleteTier: (id) => mutate('routingTierDelete', { id: 'ID!' }, { id }, 'deletedId'),
    reorderTiers: (ids) =>
      mutate('routingTierReorder', { ids: '[ID!]!' }, { ids }, 'routingTiers { slug position }'),
    createRule: (input) =>
      mutate(
        'routingRuleCreate',
        { input: 'RoutingRuleCreateInput!' },
        { input: { name: 'Rule', ...input } },
        `routingRule { ${RULE} }`,
      ),
    updateRule: (id, input) => change('routingRuleUpdate', id, input, `routingRule { ${RULE} }`),
    deleteRule: (id) => mutate('routingRuleDelete', { id: 'ID!' }, { id }, 'deletedId'),
    planFor,
    async planOf(input) {
      const answer = await planFor(input);
      if (!answer.data) throw new Error(answer.text);
      return answer.data['routePlan'];
    },
    async [Symbol.asyncDispose]() {
      await suggestions.close();
      await server.close();
      await harness[Symbol.asyncDispose]();
    },
  };
}

/** A token in a workspace of its own, and one that may only read. */
async function addCallers({ clock, context, database }: Harness): Promise<void> {
  const now = clock.now();
  const other = await ensureWorkspace(database.prisma, {
    id: newId('workspace', now),
    slug: 'other',
    name: 'Other',
    createdAt: now,
  });
  await ensureTiers(database, clock);
  const token = { name: 'test', createdAt: now, expiresAt: null, revokedAt: null };
  await insertAdminTokenIfAbsent(
    database.prisma,
    { ...token, id: newId('adminToken', now), workspaceId: other.id, scopes: ADMIN_SCOPES },
    hashToken(STRANGER),
  );
  await insertAdminTokenIfAbsent(
    database.prisma,
    {
      ...token,
      id: newId('adminToken', now),
      workspaceId: context.actor.workspaceId,
      scopes: ['CONFIG_READ'],
    },
    hashToken(READER),
  );
}
