/** What a caller can put right, and what updates do to fields that are absent or null, over HTTP. */
import { getNamedType, isInputObjectType, isNonNullType, isObjectType } from 'graphql';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { USER_ERROR_CODES, type UserErrorCode } from '../../src/admin/result.js';
import { buildAdminSchema } from '../../src/graphql/schema.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { createGraphqlClient } from '../support/graphql-client.js';
import { freePort } from '../support/switchyard.js';
import { documentOf } from './documents.js';
import { MUTATION_EXAMPLES } from './mutation-examples.js';
import { startPoint, type Point } from './point.js';
import { addToken, addWorkspace, contentsOf } from './tenants.js';

const schema = buildAdminSchema();
const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});

let point: Point;
beforeAll(async () => {
  point = await startPoint();
});
afterAll(() => point[Symbol.asyncDispose]());

describe('user errors', () => {
  const create = async (input: object, workspace = point.workspaceId): Promise<string[]> => {
    const { connectionCreate } = await (
      await point.client(workspace)
    ).data(
      'mutation ($input: ConnectionCreateInput!) { connectionCreate(input: $input) { userErrors { code } } }',
      { input },
    );
    return connectionCreate.userErrors.map(({ code }: any) => code);
  };
  const key = async (input: object): Promise<string[]> => {
    const { accessKeyCreate } = await (
      await point.client()
    ).data(
      'mutation ($input: AccessKeyCreateInput!) { accessKeyCreate(input: $input) { userErrors { code } } }',
      { input },
    );
    return accessKeyCreate.userErrors.map(({ code }: any) => code);
  };
  const plan = (changes: object) => ({
    provider: 'zai',
    offering: 'coding-plan',
    label: point.name(),
    secret: point.zai.keys.good,
    baseUrl: point.zai.url,
    ...changes,
  });
  const codesOf = async (document: string, variables?: Record<string, unknown>): Promise<string[]> => {
    const [payload] = Object.values<any>(await (await point.client()).data(document, variables));
    return payload.userErrors.map(({ code }: any) => code);
  };
  const tier = async (): Promise<string> => {
    const input = { slug: point.name(), name: 'x', targets: [] };
    const { routingTier } = await point
      .place()
      .run(
        'mutation ($input: RoutingTierCreateInput!) { routingTierCreate(input: $input) { routingTier { id } userErrors { code } } }',
        { input },
      );
    return routingTier.id;
  };
  const changeTier = (id: string, input: object): Promise<string[]> =>
    codesOf(
      'mutation ($id: ID!, $input: RoutingTierUpdateInput!) { routingTierUpdate(id: $id, input: $input) { userErrors { code } } }',
      { id, input },
    );
  /** How each code comes about. */
  const CAUSES: Record<UserErrorCode, () => Promise<string[]>> = {
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
      const slug = point.name();
      await point
        .place()
        .run(
          'mutation ($input: CustomProviderCreateInput!) { customProviderCreate(input: $input) { userErrors { code } } }',
          { input: { slug, name: slug, protocol: 'OPENAI_CHAT', baseUrl: point.zai.url } },
        );
      const connected = { provider: slug, label: 'x', secret: 'abcdefgh', verify: false, discover: false };
      expect(await create(connected)).toEqual([]);
      return codesOf('mutation ($id: ID!) { customProviderDelete(id: $id) { userErrors { code } } }', {
        id: `prov_${slug}`,
      });
    },
    INVALID_STATE: async () => {
      const empty = await addWorkspace(point.harness, point.name());
      const { discoveryStart } = await (
        await point.client(empty)
      ).data('mutation { discoveryStart { userErrors { code } } }');
      return discoveryStart.userErrors.map(({ code }: any) => code);
    },
    UNSUPPORTED_OFFERING: () => create(plan({ secret: point.zai.keys.wrongProduct })),
    CREDENTIAL_REJECTED: () => create(plan({ secret: point.zai.keys.bad })),
    UPSTREAM_UNAVAILABLE: async () => create(plan({ baseUrl: `http://127.0.0.1:${await freePort()}` })),
    async CONFLICT() {
      const id = await tier();
      expect(await changeTier(id, { name: 'first', expectedVersion: 1 })).toEqual([]);
      return changeTier(id, { name: 'second', expectedVersion: 1 });
    },
    async FALLBACK_CYCLE() {
      const [one, other] = [await tier(), await tier()];
      expect(await changeTier(one, { fallbackTierId: other })).toEqual([]);
      return changeTier(other, { fallbackTierId: one });
    },
    async IDEMPOTENCY_MISMATCH() {
      expect(await key({ name: 'one', idempotencyKey: 'mismatch' })).toEqual([]);
      return key({ name: 'two', idempotencyKey: 'mismatch' });
    },
    async LIMIT_EXCEEDED() {
      const full = await addWorkspace(point.harness, point.name());
      await point.harness.database.query(
        `INSERT INTO custom_provider (id, workspace_id, slug, name, billing, credential, definition, created_at, updated_at)
         SELECT 'prov_full' || n, $1, 'full-' || n, 'n', 'METERED', 'NONE',
           '{"protocol":"OPENAI_CHAT","baseUrl":"https://x.example/","liveCatalog":true,"models":[]}', now(), now()
         FROM generate_series(1, 200) n`,
        [full],
      );
      const { customProviderCreate } = await (
        await point.client(full)
      ).data(
        'mutation ($input: CustomProviderCreateInput!) { customProviderCreate(input: $input) { userErrors { code } } }',
        { input: { slug: 'one-more', name: 'x', protocol: 'OPENAI_CHAT', baseUrl: point.zai.url } },
      );
      return customProviderCreate.userErrors.map(({ code }: any) => code);
    },
  };

  it.each(Object.entries(CAUSES))('of %s are answered for what they stand for', async (code, cause) => {
    expect(await cause()).toEqual([code]);
  });

  it('have no code that nothing can cause', () => {
    expect(Object.keys(CAUSES).toSorted()).toEqual([...USER_ERROR_CODES].toSorted());
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
      const { id } = (await example?.arrange(point.place())) ?? {};
      const api = await point.client();
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
        const contents = await contentsOf(point.harness);
        const [payload] = Object.values<any>(await api.data(document, { id, input: { [field]: null } }));
        if (payload.userErrors.length > 0) {
          expect(payload.userErrors).toMatchObject([{ field: ['input', field] }]);
          expect(await contentsOf(point.harness)).toEqual(contents);
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
    const faulty = await startTestAdminServer(point.harness, {
      logger,
      admin: {
        ...point.harness.admin,
        workspace: () => Promise.reject(new Error('relation "secret_table" does not exist')),
      },
    });
    try {
      const { token } = await addToken(point.harness, point.workspaceId);
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
