/** The audit log as an operator reads it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AdminServer } from '../../src/graphql/server.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { createGraphqlClient, type GraphqlClient } from '../support/graphql-client.js';
import { startHarness, type Harness } from '../unit/admin/harness.js';
import { addToken, addWorkspace } from './tenants.js';

const LOG = `query ($first: Int! = 50, $after: String, $filter: AuditFilterInput) {
  auditLog(first: $first, after: $after, filter: $filter) {
    nodes { id occurredAt action subjectId subjectName ip requestId actor { kind id name }
      changes { field before after } subject { __typename id } }
    pageInfo { hasNextPage endCursor } } }`;

let harness: Harness;
let server: AdminServer;
let workspaceId: string;
let api: GraphqlClient;
let actorId: string;
let keyIds: string[];

beforeAll(async () => {
  harness = await startHarness();
  server = await startTestAdminServer(harness);
  workspaceId = await addWorkspace(harness, 'audited');
  const { id, token } = await addToken(harness, workspaceId);
  actorId = id;
  api = createGraphqlClient(server.url, token);
  keyIds = [];
  for (const name of ['one', 'two', 'three']) {
    const { accessKeyCreate } = await api.data(
      'mutation ($name: String!) { accessKeyCreate(input: { name: $name }) { accessKey { id } } }',
      { name },
    );
    keyIds.push(accessKeyCreate.accessKey.id);
  }
  await api.data('mutation ($id: ID!) { accessKeyRevoke(id: $id) { accessKey { id } } }', { id: keyIds[0] });
});
afterAll(async () => {
  await server.close();
  await harness[Symbol.asyncDispose]();
});

const log = async (variables: Record<string, unknown> = {}) => (await api.data(LOG, variables)).auditLog;

it('tells newest first who changed what, from where, and shows the thing itself', async () => {
  const { nodes } = await log();
  expect(nodes.map(({ action, subjectId }: any) => [action, subjectId])).toEqual([
    ['access_key.revoke', keyIds[0]],
    ['access_key.create', keyIds[2]],
    ['access_key.create', keyIds[1]],
    ['access_key.create', keyIds[0]],
  ]);
  expect(nodes[1]).toMatchObject({
    actor: { kind: 'ADMIN_TOKEN', id: actorId, name: 'walker' },
    subjectName: 'three',
    ip: '127.0.0.1',
    requestId: expect.stringMatching(/^req_/),
    changes: [{ field: 'name', before: null, after: 'three' }],
    subject: { __typename: 'AccessKey', id: keyIds[2] },
  });
});

it('narrows by action, subject, actor and time, one within the other', async () => {
  const [latest] = (await log()).nodes;
  const count = async (filter: object) => (await log({ filter })).nodes.length;
  expect(await count({ action: 'access_key.create' })).toBe(3);
  expect(await count({ action: 'access_key' })).toBe(0);
  expect(await count({ subjectId: keyIds[0] })).toBe(2);
  expect(await count({ subjectId: keyIds[0], action: 'access_key.revoke' })).toBe(1);
  expect(await count({ actorId })).toBe(4);
  expect(await count({ actorId: 'tok_nobody' })).toBe(0);
  // The start is within a range, the end is not.
  const at = latest.occurredAt;
  expect(await count({ range: { from: '2020-01-01T00:00:00Z', to: at }, subjectId: keyIds[0] })).toBe(1);
  expect(await count({ range: { from: at }, action: 'access_key.revoke' })).toBe(1);
  const refused = await api.send(LOG, { filter: { range: { from: at, to: at } } });
  expect(refused.errors[0]?.extensions['code']).toBe('BAD_USER_INPUT');
});

it('has one entry for what was asked for twice and done once', async () => {
  const zai = await harness.simulate('zai');
  zai.setFault({ kind: 'delay', ms: 60_000, on: 'models' });
  const input = {
    provider: 'zai',
    offering: 'coding-plan',
    label: 'slow',
    secret: zai.keys.good,
    baseUrl: zai.url,
  };
  const { connectionCreate } = await api.data(
    'mutation ($input: ConnectionCreateInput!) { connectionCreate(input: $input) { connection { id } } }',
    { input: { ...input, verify: false, discover: false } },
  );
  const ids = [connectionCreate.connection.id];
  const start = async (): Promise<string> => {
    const { discoveryStart } = await api.data(
      'mutation ($ids: [ID!]) { discoveryStart(input: { connectionIds: $ids }) { discoveryRun { id } } }',
      { ids },
    );
    return discoveryStart.discoveryRun.id;
  };
  const runId = await start();
  expect(await start()).toBe(runId);
  for (const verb of ['discoveryCancel', 'discoveryCancel']) {
    await api.data(`mutation ($id: ID!) { ${verb}(id: $id) { userErrors { code } } }`, { id: runId });
  }
  await api.data('mutation ($id: ID!) { accessKeyRevoke(id: $id) { userErrors { code } } }', {
    id: keyIds[0],
  });
  const actionsOn = async (subjectId: string | undefined) =>
    (await log({ filter: { subjectId } })).nodes.map(({ action }: any) => action);
  expect(await actionsOn(runId)).toEqual(['discovery.cancel', 'discovery.start']);
  expect(await actionsOn(keyIds[0])).toEqual(['access_key.revoke', 'access_key.create']);
});

it('is there for its scope alone, page and node alike', async () => {
  const { token } = await addToken(harness, workspaceId, [
    'CONFIG_READ',
    'CONFIG_WRITE',
    'KEYS_READ',
    'USAGE_READ',
  ]);
  const other = createGraphqlClient(server.url, token);
  expect((await other.send(LOG)).errors[0]).toMatchObject({
    message: expect.stringContaining('AUDIT_READ'),
    extensions: { code: 'FORBIDDEN' },
  });
  const [{ id }] = (await log()).nodes;
  const document = 'query ($id: ID!) { node(id: $id) { ... on AuditEntry { action } } }';
  expect(await other.data(document, { id })).toEqual({ node: null });
  expect((await api.data(document, { id })).node.action).toMatch(/^[a-z_]+\.[a-z_]+$/);
  // Whoever may read the log but not the keys sees that something changed, not the thing.
  const auditor = createGraphqlClient(
    server.url,
    (await addToken(harness, workspaceId, ['AUDIT_READ'])).token,
  );
  const { auditLog } = await auditor.data(LOG);
  expect(auditLog.nodes.flatMap(({ subject }: any) => subject ?? [])).toEqual([]);
});
