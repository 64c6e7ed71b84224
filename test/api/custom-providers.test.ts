/** Custom providers as operators meet them: over GraphQL, from the description to its removal. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AdminServer } from '../../src/graphql/server.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { createGraphqlClient, type GraphqlClient } from '../support/graphql-client.js';
import { startHomelab } from '../support/providers/homelab.js';
import type { SimulatedProvider } from '../support/providers/simulated-provider.js';
import { ADMIN_TOKEN, startHarness, type Harness } from '../unit/admin/harness.js';

let harness: Harness;
let server: AdminServer;
let api: GraphqlClient;
let homelab: SimulatedProvider;
beforeAll(async () => {
  harness = await startHarness();
  server = await startTestAdminServer(harness);
  api = createGraphqlClient(server.url, ADMIN_TOKEN);
  homelab = await startHomelab();
});
afterAll(async () => {
  await homelab.close();
  await server.close();
  await harness[Symbol.asyncDispose]();
});

const PROVIDER = `id slug name kind consoleUrl
  offerings { code name billing credential protocols liveCatalog reportsQuota plans { code } regions }`;

it('is described, connected, discovered, changed and removed', async () => {
  const { customProviderCreate: created } = await api.data(
    `mutation ($input: CustomProviderCreateInput!) {
      customProviderCreate(input: $input) { provider { ${PROVIDER} } userErrors { code field message } }
    }`,
    {
      input: {
        slug: 'homelab',
        name: 'Homelab',
        protocol: 'OPENAI_CHAT',
        baseUrl: homelab.url,
        models: [
          {
            upstreamId: 'llama-4',
            displayName: 'Llama 4',
            listPrice: { inputUsdPerMillion: '0.25', outputUsdPerMillion: '1' },
          },
        ],
      },
    },
  );
  expect(created).toEqual({
    provider: {
      id: expect.any(String),
      slug: 'homelab',
      name: 'Homelab',
      kind: 'CUSTOM',
      consoleUrl: null,
      offerings: [
        {
          code: 'custom',
          name: 'Homelab',
          billing: 'METERED',
          credential: 'API_KEY',
          protocols: ['OPENAI_CHAT'],
          liveCatalog: true,
          reportsQuota: false,
          plans: [],
          regions: [],
        },
      ],
    },
    userErrors: [],
  });
  const { id } = created.provider;

  const { connectionCreate: connected } = await api.data(
    `mutation ($secret: String) {
      connectionCreate(input: { provider: "homelab", label: "rack", secret: $secret }) {
        connection { id baseUrl provider { id name } offering { code } } userErrors { message }
      }
    }`,
    { secret: homelab.keys.good },
  );
  expect(connected).toMatchObject({
    connection: { baseUrl: homelab.url, provider: { id, name: 'Homelab' }, offering: { code: 'custom' } },
    userErrors: [],
  });
  await harness.discovery.settled();

  const seen = await api.data(
    `query ($id: ID!) {
      node(id: $id) { ... on Provider { slug } }
      provider(slug: "homelab") {
        connections { nodes { label } }
        models { nodes { ref displayName provider { id } listPrice { outputUsdPerMillion } } }
      }
      providers(filter: { kinds: [CUSTOM], connected: true }) { slug }
    }`,
    { id },
  );
  expect(seen).toEqual({
    node: { slug: 'homelab' },
    provider: {
      connections: { nodes: [{ label: 'rack' }] },
      models: {
        nodes: [
          {
            ref: 'homelab/llama-4',
            displayName: 'Llama 4',
            provider: { id },
            listPrice: { outputUsdPerMillion: '1' },
          },
          {
            ref: 'homelab/qwen/qwen3-coder',
            displayName: 'qwen/qwen3-coder',
            provider: { id },
            listPrice: null,
          },
        ],
      },
    },
    providers: [{ slug: 'homelab' }],
  });

  const update = `mutation ($id: ID!, $input: CustomProviderUpdateInput!) {
    customProviderUpdate(id: $id, input: $input) { provider { id name } userErrors { code field } }
  }`;
  const renamed = await api.data(update, { id, input: { name: 'Lab' } });
  expect(renamed.customProviderUpdate).toEqual({ provider: { id, name: 'Lab' }, userErrors: [] });
  const cleared = await api.data(update, { id, input: { name: null } });
  expect(cleared.customProviderUpdate).toEqual({
    provider: null,
    userErrors: [{ code: 'REQUIRED', field: ['input', 'name'] }],
  });

  const remove = `mutation ($id: ID!) { customProviderDelete(id: $id) { deletedId userErrors { code } } }`;
  const inUse = await api.data(remove, { id });
  expect(inUse.customProviderDelete).toEqual({ deletedId: null, userErrors: [{ code: 'IN_USE' }] });
  await api.data(`mutation ($id: ID!) { connectionDelete(id: $id) { deletedId } }`, {
    id: connected.connection.id,
  });
  const removed = await api.data(remove, { id });
  expect(removed.customProviderDelete).toEqual({ deletedId: id, userErrors: [] });
  const after = await api.data(
    `{ provider(slug: "homelab") { slug } discoveryRuns { nodes { results { provider { slug kind offerings { code } } } } } }`,
  );
  expect(after.provider).toBeNull();
  // History outlives the provider.
  expect(after.discoveryRuns.nodes[0].results).toEqual([
    { provider: { slug: 'homelab', kind: 'CUSTOM', offerings: [] } },
  ]);
});
