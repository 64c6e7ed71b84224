/** What a caller can put right, and what updates do to fields that are absent or null, over HTTP. */
import { getNamedType, isInputObjectType, isNonNullType, isObjectType } from 'graphql';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { USER_ERROR_CODES, type UserErrorCode } from '../../src/admin/result.js';
import { buildAdminSchema } from '../../src/graphql/schema.js';
import type { AdminServer } from '../../src/graphql/server.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { createGraphqlClient, type GraphqlClient } from '../support/graphql-client.js';
import type { SimulatedProvider } from '../support/providers/simulated-provider.js';
import { freePort } from '../support/switchyard.js';
import { startHarness, type Harness } from '../unit/admin/harness.js';
import { documentOf } from './documents.js';
import { MUTATION_EXAMPLES, type Place } from './mutation-examples.js';
import { addToken, addWorkspace, contentsOf } from './tenants.js';

const schema = buildAdminSchema();
const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});

let harness: Harness;
let server: AdminServer;
let zai: SimulatedProvider;
let workspaceId: string;
let names = 0;

beforeAll(async () => {
  harness = await startHarness();
  server = await startTestAdminServer(harness);
  zai = await harness.simulate('zai');
  zai.setModels([{ id: 'glm-5.1' }]);
  workspaceId = await addWorkspace(harness, 'points');
});
afterAll(async () => {
  await server.close();
  await harness[Symbol.asyncDispose]();
});

/** A client with a token, and so a budget, of its own. */
async function client(workspace = workspaceId): Promise<GraphqlClient> {
  return createGraphqlClient(server.url, (await addToken(harness, workspace)).token);
}
const place = (workspace = workspaceId): Place => ({
  workspaceId: workspace,
  provider: zai,
  name: () => `point-${(names += 1)}`,
  settled: () => harness.discovery.settled(),
  sql: (text, values) => harness.database.query(text, values),
  async run(document, variables) {
    const data = await (await client(workspace)).data(document, variables);
    if (!document.startsWith('mutation')) return data;
    const [payload] = Object.values<any>(data);
    if (payload.userErrors.length > 0) throw new Error(JSON.stringify(payload.userErrors));
    return payload;
  },
});

describe('user errors', () => {
  const create = async (input: object, workspace = workspaceId): Promise<string[]> => {
    const { connectionCreate } = await (
      await client(workspace)
    ).data(
      'mutation ($input: ConnectionCreateInput!) { connectionCreate(input: $input) { userErrors { code } } }',
      { input },
    );
    return connectionCreate.userErrors.map(({ code }: any) => code);
  };
  const key = async (input: object): Promise<string[]> => {
    const { accessKeyCreate } = await (
      await client()
    ).data(
      'mutation ($input: AccessKeyCreateInput!) { accessKeyCreate(input: $input) { userErrors { code } } }',
      { input },
    );
    return accessKeyCreate.userErrors.map(({ code }: any) => code);
  };
  const plan = (changes: object) => ({
    provider: 'zai',
    offering: 'coding-plan',
    label: `point-${(names += 1)}`,
    secret: zai.keys.good,
    baseUrl: zai.url,
    ...changes,
  });
  const codesOf = async (document: string, variables?: Record<string, unknown>): Promise<string[]> => {
    const [payload] = Object.values<any>(await (await client()).data(document, variables));
    return payload.userErrors.map(({ code }: any) => code);
  };
  /** How each code comes about; those of mutations that are not served are left out by the test that compares. */
  const CAUSES: Partial<Record<UserErrorCode, () => Promise<string[]>>> = {
    INVALID: () => key({ name: 'x', allowedModels: ['no model'] }),
    REQUIRED: () => key({ name: ' ' }),
    OUT_OF_RANGE: () => key({ name: 'x'.repeat(101) }),
    NOT_FOUND: () => codesOf('mutation { connectionDelete(id: "conn_none") { userErrors { code } } }'),
    async TAKEN() {
      const input = plan({ verify: false, discover: false });
      expect(await create(input)).toEqual([]);
      return create(input);
    },
    async IN_USE() {
      const slug = `point-${(names += 1)}`;
      await place().run(
        'mutation ($input: CustomProviderCreateInput!) { customProviderCreate(input: $input) { userErrors { code } } }',
        { input: { slug, name: slug, protocol: 'OPENAI_CHAT', baseUrl: zai.url } },
      );
      const connected = { provider: slug, label: 'x', secret: 'abcdefgh', verify: false, discover: false };
      expect(await create(connected)).toEqual([]);
      return codesOf('mutation ($id: ID!) { customProviderDelete(id: $id) { userErrors { code } } }', {
        id: `prov_${slug}`,
      });
    },
    INVALID_STATE: async () => {
      const empty = await addWorkspace(harness, `point-${(names += 1)}`);
      const { discoveryStart } = await (
        await client(empty)
      ).data('mutation { discoveryStart { userErrors { code } } }');
      return discoveryStart.userErrors.map(({ code }: any) => code);
    },
    UNSUPPORTED_OFFERING: () => create(plan({ secret: zai.keys.wrongProduct })),
    CREDENTIAL_REJECTED: () => create(plan({ secret: zai.keys.bad })),
    UPSTREAM_UNAVAILABLE: async () => create(plan({ baseUrl: `http://127.0.0.1:${await freePort()}` })),
    async IDEMPOTENCY_MISMATCH() {
      expect(await key({ name: 'one', idempotencyKey: 'mismatch' })).toEqual([]);
      return key({ name: 'two', idempotencyKey: 'mismatch' });
    },
    async LIMIT_EXCEEDED() {
      const full = await addWorkspace(harness, `point-${(names += 1)}`);
      await harness.database.query(
        `INSERT INTO custom_provider (id, workspace_id, slug, name, billing, credential, definition, created_at, updated_at)
         SELECT 'prov_full' || n, $1, 'full-' || n, 'n', 'METERED', 'NONE',
           '{"protocol":"OPENAI_CHAT","baseUrl":"https://x.example/","liveCatalog":true,"models":[]}', now(), now()
         FROM generate_series(1, 200) n`,
        [full],
      );
      const { customProviderCreate } = await (
        await client(full)
      ).data(
        'mutation ($input: CustomProviderCreateInput!) { customProviderCreate(input: $input) { userErrors { code } } }',
        { input: { slug: 'one-more', name: 'x', protocol: 'OPENAI_CHAT', baseUrl: zai.url } },
      );
      return customProviderCreate.userErrors.map(({ code }: any) => code);
    },
  };
  /** Codes that only tiers know. */
  const OF_TIERS: readonly UserErrorCode[] = ['CONFLICT', 'FALLBACK_CYCLE'];

  it.each(Object.entries(CAUSES))('of %s are answered for what they stand for', async (code, cause) => {
    expect(await cause()).toEqual([code]);
  });

  it('have no code that nothing can cause', () => {
    const caused = [...Object.keys(CAUSES), ...OF_TIERS];
    expect(USER_ERROR_CODES.filter((code) => !caused.includes(code))).toEqual([]);
  });
});

describe('a field of an update', () => {
  /** What cleared fields fall back to, where that is not nothing. */
  const DEFAULTS: Readonly<Record<string, unknown>> = {
    'connectionUpdate.region': 'global',
    'connectionUpdate.baseUrl': 'https://api.z.ai/',
  };
  const updates = mutations.flatMap((mutation) => {
    const input = getNamedType(mutation.args.find(({ name }) => name === 'input')?.type);
    if (!mutation.name.endsWith('Update') || !isInputObjectType(input)) return [];
    const optional = Object.values(input.getFields()).filter(({ type }) => !isNonNullType(type));
    return [{ mutation, name: mutation.name, fields: optional.map(({ name }) => name) }];
  });

  it.each(updates)(
    'of $name is left as it is when absent, and null clears it or is refused by name',
    async ({ mutation, fields }) => {
      const example = MUTATION_EXAMPLES[mutation.name];
      const { id } = (await example?.arrange(place())) ?? {};
      const api = await client();
      const document = documentOf('mutation', mutation);
      const changed = changedBy(mutation);
      const stateOf = async () => {
        const { node } = await api.data(
          `query ($id: ID!) { node(id: $id) { __typename id ... on ${changed} { ${leavesOf(changed)} } } }`,
          { id },
        );
        return node;
      };
      const before = await stateOf();
      const nothing = Object.values<any>(await api.data(document, { id, input: {} }))[0];
      expect(nothing.userErrors).toEqual([]);
      expect(await stateOf()).toEqual(before);
      for (const field of fields) {
        const contents = await contentsOf(harness);
        const [payload] = Object.values<any>(await api.data(document, { id, input: { [field]: null } }));
        if (payload.userErrors.length > 0) {
          expect(payload.userErrors).toMatchObject([{ field: ['input', field] }]);
          expect(await contentsOf(harness)).toEqual(contents);
        } else if (field in before) {
          expect((await stateOf())[field], field).toBe(DEFAULTS[`${mutation.name}.${field}`] ?? null);
        }
      }
    },
  );

  /** The type of what an update answers. */
  const changedBy = ({ type }: (typeof mutations)[number]): string => {
    const payload = getNamedType(type);
    const fields = isObjectType(payload) ? Object.values(payload.getFields()) : [];
    return fields.map((field) => getNamedType(field.type).name).find((name) => isNode(name)) ?? '';
  };
  const isNode = (name: string): boolean => {
    const type = schema.getType(name);
    return isObjectType(type) && type.getInterfaces().some((each) => each.name === 'Node');
  };
  const leavesOf = (name: string): string => {
    const type = schema.getType(name);
    if (!isObjectType(type)) return '';
    return (
      Object.values(type.getFields())
        .filter((field) => !('getFields' in getNamedType(field.type)) && field.args.length === 0)
        // These change with every update.
        .filter(({ name: field }) => !['version', 'updatedAt'].includes(field))
        .map(({ name: field }) => field)
        .join(' ')
    );
  };
});

describe('a fault', () => {
  it('is told in one masked sentence with the request id, under which the log has the cause', async () => {
    const lines: string[] = [];
    const logger = pino({}, { write: (line: string) => void lines.push(line) });
    const faulty = await startTestAdminServer(harness, {
      logger,
      admin: {
        ...harness.admin,
        workspace: () => Promise.reject(new Error('relation "secret_table" does not exist')),
      },
    });
    try {
      const { token } = await addToken(harness, workspaceId);
      const answer = await createGraphqlClient(faulty.url, token).send(
        '{ viewer { workspace { slug } } }',
        {},
        { 'x-request-id': 'trace-me' },
      );
      expect(answer.status).toBe(500);
      expect(answer.errors).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
      expect(answer.extensions).toMatchObject({ requestId: 'trace-me' });
      expect(answer.text).not.toContain('secret_table');
      const told = lines.filter((line) => line.includes('secret_table'));
      expect(told.map((line) => JSON.parse(line))).toMatchObject([{ requestId: 'trace-me' }]);
    } finally {
      await faulty.close();
    }
  });
});
