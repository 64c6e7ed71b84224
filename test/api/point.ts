/** Where tests go through the admin API point by point: a server on a real database, a provider, a workspace and its callers. */
import type { AdminServer } from '../../src/graphql/server.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { createGraphqlClient, type GraphqlClient } from '../support/graphql-client.js';
import type { SimulatedProvider } from '../support/providers/simulated-provider.js';
import { startHarness, type Harness } from '../unit/admin/harness.js';
import type { Place } from './mutation-examples.js';
import { addToken, addWorkspace } from './tenants.js';

export interface Point extends AsyncDisposable {
  readonly harness: Harness;
  readonly server: AdminServer;
  readonly zai: SimulatedProvider;
  readonly workspaceId: string;
  /** A new one each time, good for a slug. */
  name(): string;
  /** A client with a token, and so a budget, of its own; in the point's workspace unless told otherwise. */
  client(workspace?: string): Promise<GraphqlClient>;
  /** Where the examples of mutations are run. */
  place(workspace?: string): Place;
}

export async function startPoint(): Promise<Point> {
  const harness = await startHarness();
  const server = await startTestAdminServer(harness);
  const zai = await harness.simulate('zai');
  zai.setModels([{ id: 'glm-5.1' }]);
  const workspaceId = await addWorkspace(harness, 'points');
  let names = 0;
  const name = (): string => `point-${(names += 1)}`;
  const client = async (workspace = workspaceId): Promise<GraphqlClient> =>
    createGraphqlClient(server.url, (await addToken(harness, workspace)).token);
  return {
    harness,
    server,
    zai,
    workspaceId,
    name,
    client,
    place: (workspace = workspaceId) => ({
      workspaceId: workspace,
      provider: zai,
      name,
      settled: () => harness.discovery.settled(),
      sql: (text, values) => harness.database.query(text, values),
      async run(document, variables) {
        const data = await (await client(workspace)).data(document, variables);
        if (!document.startsWith('mutation')) return data;
        const [payload] = Object.values<any>(data);
        if (payload.userErrors.length > 0) throw new Error(JSON.stringify(payload.userErrors));
        return payload;
      },
    }),
    async [Symbol.asyncDispose]() {
      await server.close();
      await harness[Symbol.asyncDispose]();
    },
  };
}
