/** `modelUpdate` over HTTP, as an operator's program calls it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AdminServer } from '../../src/graphql/server.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { createGraphqlClient, type GraphqlClient } from '../support/graphql-client.js';
import { ADMIN_TOKEN, startHarness, valueOf, type Harness } from '../unit/admin/harness.js';

const UPDATE = `mutation ($id: ID!, $input: ModelUpdateInput!) {
  modelUpdate(id: $id, input: $input) {
    model { ref enabled listPrice { inputUsdPerMillion outputUsdPerMillion cacheReadUsdPerMillion source } }
    userErrors { code field }
  }
}`;
let harness: Harness;
let server: AdminServer;
let api: GraphqlClient;
let id: string;

beforeAll(async () => {
  harness = await startHarness();
  const { admin } = harness;
  server = await startTestAdminServer(harness);
  api = createGraphqlClient(server.url, ADMIN_TOKEN);
  const zai = await harness.simulate('zai');
  zai.setModels([{ id: 'glm-5.1' }]);
  valueOf(await harness.connect(zai, { offering: 'coding-plan' }));
  await harness.discovery.settled();
  id = (await admin.models.byRef(harness.context, 'zai/glm-5.1'))?.id ?? '';
});
afterAll(async () => {
  await server.close();
  await harness[Symbol.asyncDispose]();
});

async function update(input: object): Promise<unknown> {
  return (await api.data(UPDATE, { id, input })).modelUpdate;
}

it('sets a price, keeps what is left out, and drops the price with null', async () => {
  const listPrice = { inputUsdPerMillion: '0.25', outputUsdPerMillion: '1.5' };
  expect(await update({ listPrice })).toEqual({
    model: {
      ref: 'zai/glm-5.1',
      enabled: true,
      listPrice: { ...listPrice, cacheReadUsdPerMillion: null, source: 'OVERRIDE' },
    },
    userErrors: [],
  });
  expect(await update({ enabled: false })).toMatchObject({
    model: { enabled: false, listPrice: { source: 'OVERRIDE' } },
  });
  expect(await update({ listPrice: null })).toMatchObject({
    model: { enabled: false, listPrice: { source: 'CATALOG' } },
  });
});

it('says what is wrong with an input', async () => {
  expect(await update({ enabled: null })).toEqual({
    model: null,
    userErrors: [{ code: 'REQUIRED', field: ['input', 'enabled'] }],
  });
  expect(await update({ listPrice: { inputUsdPerMillion: '-1', outputUsdPerMillion: '1' } })).toEqual({
    model: null,
    userErrors: [{ code: 'OUT_OF_RANGE', field: ['input', 'listPrice', 'inputUsdPerMillion'] }],
  });
});
