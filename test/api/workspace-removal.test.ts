/** What is left of a workspace that was removed: its audit entries, and nothing else. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { removeWorkspace } from '../../src/admin/workspaces/remove.js';
import { buildAdminSchema } from '../../src/graphql/schema.js';
import type { AdminServer } from '../../src/graphql/server.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { createGraphqlClient } from '../support/graphql-client.js';
import { codesOf, startHarness, valueOf, type Harness } from '../unit/admin/harness.js';
import { documentOf } from './documents.js';
import { MUTATION_EXAMPLES, type Place } from './mutation-examples.js';
import { addToken, addWorkspace } from './tenants.js';

let harness: Harness;
let server: AdminServer;

beforeAll(async () => {
  harness = await startHarness();
  server = await startTestAdminServer(harness);
});
afterAll(async () => {
  await server.close();
  await harness[Symbol.asyncDispose]();
});

/** Tables with rows of a workspace. */
async function tablesWith(workspaceId: string): Promise<string[]> {
  const tables = await harness.database.query<{ name: string }>(
    `SELECT quote_ident(table_name) AS name FROM information_schema.columns
     WHERE table_schema = 'public' AND column_name = 'workspace_id'`,
  );
  const found: string[] = [];
  for (const { name } of tables) {
    const [row] = await harness.database.query(`SELECT 1 FROM ${name} WHERE workspace_id = $1 LIMIT 1`, [
      workspaceId,
    ]);
    if (row) found.push(name);
  }
  return found.toSorted();
}

it('takes along everything that mutations make in it', async () => {
  const workspaceId = await addWorkspace(harness, 'going');
  const provider = await harness.simulate('zai');
  provider.setModels([{ id: 'glm-5.1' }]);
  let names = 0;
  const place: Place = {
    workspaceId,
    provider,
    name: () => `going-${(names += 1)}`,
    settled: () => harness.discovery.settled(),
    sql: (text, values) => harness.database.query(text, values),
    async run(document, variables) {
      const { token } = await addToken(harness, workspaceId);
      const data = await createGraphqlClient(server.url, token).data(document, variables);
      return document.startsWith('mutation') ? Object.values<any>(data)[0] : data;
    },
  };
  const mutations = Object.values(buildAdminSchema().getMutationType()?.getFields() ?? {});
  for (const mutation of mutations) {
    if (mutation.name === 'discoveryCancel') continue;
    const variables = await MUTATION_EXAMPLES[mutation.name]?.arrange(place);
    const { userErrors } = await place.run(documentOf('mutation', mutation), variables);
    expect(userErrors, mutation.name).toEqual([]);
    await harness.discovery.settled();
  }
  const remove = () => removeWorkspace(harness, 'operator', 'going');
  expect(codesOf(await remove())).toEqual(['IN_USE']);
  expect(await tablesWith(workspaceId)).toEqual(
    expect.arrayContaining(['alert', 'connection', 'usage_limit', 'webhook', 'webhook_delivery']),
  );

  const { database } = harness;
  for (const table of ['connection', 'custom_provider']) {
    await database.query(`DELETE FROM ${table} WHERE workspace_id = $1`, [workspaceId]);
  }
  for (const table of ['access_key', 'admin_token']) {
    await database.query(`UPDATE ${table} SET revoked_at = now() WHERE workspace_id = $1`, [workspaceId]);
  }
  valueOf(await remove());
  expect(await tablesWith(workspaceId)).toEqual(['audit_entry']);
});
