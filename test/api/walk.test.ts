/** Every mutation of the served schema, tried by everyone who may not and by one who may, with the whole database compared. */
import { getNamedType, isInputObjectType } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kindOfId, newId } from '../../src/domain/ids.js';
import { ADMIN_SCOPES } from '../../src/domain/vocabulary.js';
import { buildAdminSchema } from '../../src/graphql/schema.js';
import type { AdminServer } from '../../src/graphql/server.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { createGraphqlClient, type GraphqlAnswer } from '../support/graphql-client.js';
import type { SimulatedProvider } from '../support/providers/simulated-provider.js';
import { startHarness, type Harness } from '../unit/admin/harness.js';
import { documentOf, idsWithin, withValueAt } from './documents.js';
import { MUTATION_EXAMPLES, type Place } from './mutation-examples.js';
import { addToken, addWorkspace, contentsOf } from './tenants.js';

const mutations = Object.values(buildAdminSchema().getMutationType()?.getFields() ?? {});

let harness: Harness;
let server: AdminServer;
let provider: SimulatedProvider;
let names = 0;

beforeAll(async () => {
  harness = await startHarness();
  server = await startTestAdminServer(harness);
  provider = await harness.simulate('zai');
  provider.setModels([{ id: 'glm-5.1' }]);
});
afterAll(async () => {
  await server.close();
  await harness[Symbol.asyncDispose]();
});

async function placeOf(workspaceId: string): Promise<Place> {
  return {
    workspaceId,
    provider,
    name: () => `walk-${(names += 1)}`,
    settled: () => harness.discovery.settled(),
    sql: (text, values) => harness.database.query(text, values),
    async run(document, variables) {
      const { token } = await addToken(harness, workspaceId);
      const data = await createGraphqlClient(server.url, token).data(document, variables);
      if (!document.startsWith('mutation')) return data;
      const [payload] = Object.values<any>(data);
      if (payload.userErrors.length > 0) throw new Error(JSON.stringify(payload.userErrors));
      return payload;
    },
  };
}

const codeOf = ({ status, errors }: GraphqlAnswer): unknown => [status, errors[0]?.extensions['code']];
const payloadOf = ({ data, text }: GraphqlAnswer): any => {
  if (!data) throw new Error(`there is no data in ${text}`);
  return Object.values(data)[0];
};

function takesVersion({ args }: (typeof mutations)[number]): boolean {
  const input = getNamedType(args.find(({ name }) => name === 'input')?.type);
  return isInputObjectType(input) && 'expectedVersion' in input.getFields();
}

it('knows what of two operators’ changes could be lost: those of tiers, which are lists', () => {
  expect(
    mutations
      .filter(takesVersion)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual(['routingTierSetTargets', 'routingTierUpdate']);
});

it('has an example of every mutation', () => {
  expect(mutations.map(({ name }) => name).filter((name) => !Object.hasOwn(MUTATION_EXAMPLES, name))).toEqual(
    [],
  );
});

describe.each(mutations.filter(({ name }) => Object.hasOwn(MUTATION_EXAMPLES, name)))('$name', (mutation) => {
  const example = MUTATION_EXAMPLES[mutation.name];
  if (!example) throw new Error('there is no example');
  const document = documentOf('mutation', mutation);
  let variables: Record<string, unknown>;
  let strange: Record<string, unknown>;
  let granted: { id: string; token: string };
  let lacking: string;

  beforeAll(async () => {
    const [ours, theirs] = [
      await addWorkspace(harness, `a-${++names}`),
      await addWorkspace(harness, `b-${++names}`),
    ];
    variables = await example.arrange(await placeOf(ours));
    strange = await example.arrange(await placeOf(theirs));
    granted = await addToken(harness, ours, [example.scope]);
    const others = ADMIN_SCOPES.filter((scope) => scope !== example.scope);
    lacking = (await addToken(harness, ours, others)).token;
  });
  afterAll(async () => {
    provider.setFault(null);
    await harness.discovery.close();
  });

  /** Sends it and makes sure that nothing at all was written. */
  async function refused(token: string | null, given: Record<string, unknown>, url = server.url) {
    const before = await contentsOf(harness);
    const answer = await createGraphqlClient(url, token).send(document, given);
    expect(await contentsOf(harness)).toEqual(before);
    return answer;
  }

  it('is refused without a token, and nothing is written', async () => {
    // A listener of its own: one address may fail to sign in only so often.
    const fresh = await startTestAdminServer(harness);
    try {
      expect(codeOf(await refused(null, variables, fresh.url))).toEqual([401, 'UNAUTHENTICATED']);
    } finally {
      await fresh.close();
    }
  });

  it('is refused to a token with every scope but its own, and nothing is written', async () => {
    const answer = await refused(lacking, variables);
    expect(codeOf(answer)).toEqual([403, 'FORBIDDEN']);
    expect(answer.errors[0]?.message).toContain(example.scope);
  });

  it('knows no id of another workspace, which it tells from an unknown one by nothing', async () => {
    for (const path of idsWithin(mutation.args, variables)) {
      const theirs = path.reduce<any>((value, step) => value[step], strange) as string;
      const kind = kindOfId(theirs) ?? 'connection';
      const unknown = kind === 'provider' ? 'prov_nobody' : newId(kind, harness.clock.now());
      const answers = [];
      for (const id of [theirs, unknown]) {
        const answer = await refused(granted.token, withValueAt(variables, path, id));
        const { userErrors } = payloadOf(answer);
        expect(userErrors.length, `${path.join('.')} = ${id}`).toBeGreaterThan(0);
        if (path.length === 1 && path[0] === 'id') {
          expect(userErrors).toEqual([{ code: 'NOT_FOUND', field: ['id'], message: expect.any(String) }]);
        }
        answers.push(JSON.stringify(answer.data).replaceAll(id, '(id)'));
      }
      expect(answers[0]).toBe(answers[1]);
    }
  });

  if (takesVersion(mutation)) {
    it('is refused over a version read before someone else’s change, and nothing is written', async () => {
      const stale = withValueAt(variables, ['input', 'expectedVersion'], 0);
      const { userErrors } = payloadOf(await refused(granted.token, stale));
      expect(userErrors.map(({ code }: any) => code)).toEqual(['CONFLICT']);
    });
  }

  it('succeeds with its scope alone, and leaves exactly one audit entry, without a secret', async () => {
    const log = () =>
      harness.database.query<Record<string, unknown>>('SELECT * FROM audit_entry WHERE actor_id = $1', [
        granted.id,
      ]);
    const answer = await createGraphqlClient(server.url, granted.token).send(document, variables);
    const payload = payloadOf(answer);
    expect(payload.userErrors).toEqual([]);
    const entries = await log();
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      actor_kind: 'ADMIN_TOKEN',
      actor_name: 'walker',
      request_id: answer.extensions?.['requestId'],
      ip: '127.0.0.1',
      action: expect.stringMatching(/^[a-z_]+\.[a-z_]+$/),
    });
    const written = JSON.stringify(entries);
    for (const secret of [provider.keys.good, payload.plaintext, payload.secret]) {
      if (typeof secret === 'string') expect(written).not.toContain(secret);
    }
  });
});
