/** Whatever is sent to the admin API, over either transport: it answers what it promises, stays alive, and gives away nothing. */
import fc from 'fast-check';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/domain/ids.js';
import { statusOfCode } from '../../src/graphql/errors.js';
import { buildAdminSchema } from '../../src/graphql/schema.js';
import type { AdminServer } from '../../src/graphql/server.js';
import { addToken, addWorkspace } from '../api/tenants.js';
import { startTestAdminServer } from '../support/admin-server.js';
import { openSocket } from '../support/socket.js';
import { until } from '../support/wait.js';
import { contextOf, startHarness, valueOf, type Harness } from '../unit/admin/harness.js';
import { damages, HOSTILE_DOCUMENTS, validOperations, type RandomOperation } from './documents.js';

const RUNS = 250;
const SEED = 7;
const HEAP_GROWTH_MAX_BYTES = 96 * 1024 * 1024;
const OTHERS = 'mark-of-the-others';
const schema = buildAdminSchema();

let harness: Harness;
let server: AdminServer;
let token: string;
let ids: string[];
let othersIds: string[];
let inputs = 0;
/** Fields at the root that were asked for, as `Query.models`. */
const asked = new Set<string>();

beforeAll(async () => {
  harness = await startHarness();
  // Time for budgets runs a thousand times faster, so that they refuse next to nothing.
  const clock = { now: harness.clock.now, monotonic: () => harness.clock.monotonic() * 1_000 };
  server = await startTestAdminServer(harness, { clock, metrics: new Registry() });
  const zai = await harness.simulate('zai');
  const fill = async (workspaceId: string, name: string): Promise<string[]> => {
    const context = contextOf(workspaceId);
    zai.setModels([{ id: name }]);
    const { connection, discoveryRun } = valueOf(
      await harness.admin.connections.create(context, {
        provider: 'zai',
        offering: 'coding-plan',
        label: name,
        secret: zai.keys.good,
        baseUrl: zai.url,
        priority: 0,
        verify: false,
        discover: true,
      }),
    );
    await harness.discovery.settled();
    const { accessKey } = valueOf(
      await harness.admin.accessKeys.create(context, { name, allowedModels: [] }),
    );
    const model = await harness.admin.models.byRef(context, `zai/${name}`);
    const [tier] = await harness.admin.tiers.list(context);
    const limit = valueOf(
      await harness.admin.limits.create(context, {
        name,
        metric: 'REQUESTS',
        window: 'DAY',
        threshold: '5',
        action: 'NOTIFY',
        accessKeyId: accessKey.id,
      }),
    );
    const { webhook } = valueOf(
      await harness.admin.webhooks.create(context, { name, url: 'https://hooks.example.com/' }),
    );
    const alert = newId('alert', harness.clock.now());
    await harness.database.query(
      `INSERT INTO alert (id, workspace_id, limit_id, message, value, fired_at) VALUES ($1, $2, $3, $4, 1, now())`,
      [alert, workspaceId, limit.id, name],
    );
    const made = [
      connection.id,
      discoveryRun?.id,
      accessKey.id,
      model?.id,
      tier?.id,
      limit.id,
      webhook.id,
      alert,
    ];
    return [...made.filter((id) => id !== undefined), 'prov_zai'];
  };
  const [ours, theirs] = [await addWorkspace(harness, 'ours'), await addWorkspace(harness, OTHERS)];
  ({ token } = await addToken(harness, ours));
  const mine = await fill(ours, 'mine');
  othersIds = await fill(theirs, OTHERS);
  // Whatever asks the provider again from now on finds nothing of theirs there.
  zai.setModels([{ id: 'mine' }]);
  ids = [...mine, ...othersIds];
});
afterAll(async () => {
  process.stdout.write(`fuzz: ${inputs} inputs to the admin API, ${asked.size} of its fields\n`);
  await server.close();
  await harness[Symbol.asyncDispose]();
});

const send = async (
  body: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; text: string }> => {
  inputs++;
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, text: await response.text() };
};

function expectSound({ status, text }: { status: number; text: string }): void {
  const { data, errors = [] } = JSON.parse(text) as {
    data?: unknown;
    errors?: { extensions: { code: string } }[];
  };
  const codes = errors.map(({ extensions }) => extensions.code);
  expect(codes).not.toContain('INTERNAL_SERVER_ERROR');
  const [first] = codes;
  expect(status).toBe(data === undefined || data === null ? statusOfCode(first) : 200);
  expect(text).not.toContain(OTHERS);
}

const everything = validOperations(schema, [], ['query']);
const withIds = () => validOperations(schema, ids, ['query', 'mutation']);

/** Runs a property over so many inputs. */
const check = <T>(
  arbitrary: fc.Arbitrary<T>,
  property: (value: T) => Promise<void>,
  runs = RUNS,
): Promise<void> =>
  fc.assert(fc.asyncProperty(arbitrary, property), { numRuns: runs, seed: SEED, endOnFailure: true });

describe('over HTTP', () => {
  it('any valid operation is answered, and never by a fault', async () => {
    const before = heap();
    await check(withIds(), async ({ query, variables, fields }) => {
      for (const field of fields) asked.add(field);
      expectSound(await send(JSON.stringify({ query, variables })));
    });
    expect(heap() - before).toBeLessThan(HEAP_GROWTH_MAX_BYTES);
    const all = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
      Object.keys(type?.getFields() ?? {}).map((name) => `${type?.name}.${name}`),
    );
    expect(all.filter((field) => !asked.has(field))).toEqual([]);
  });

  it('any damaged operation is answered, and never by a fault', async () => {
    await check(fc.tuple(everything, damages), async ([{ query, variables }, damage]) =>
      expectSound(await send(JSON.stringify({ query: damage(query).slice(0, 200_000), variables }))),
    );
  });

  it('any variables are answered, and never by a fault', async () => {
    await check(
      fc.tuple(withIds(), fc.array(fc.jsonValue({ maxDepth: 4 }), { maxLength: 4 })),
      async ([{ query, variables }, values]) => {
        const names = Object.keys(variables);
        const others = Object.fromEntries(names.map((name, i) => [name, values[i % (values.length || 1)]]));
        expectSound(await send(JSON.stringify({ query, variables: others })));
      },
    );
  });

  it('any body and headers are answered, and never by a fault', async () => {
    const header = fc.constantFrom(
      'content-type',
      'accept',
      'x-request-id',
      'authorization',
      'origin',
      'cookie',
      'content-encoding',
    );
    const value = fc.oneof(
      fc.constantFrom('application/json', 'text/plain', 'gzip', '*/*', 'Bearer x', 'null'),
      fc.string({ maxLength: 50 }).map((text) => text.replaceAll(/[^\x20-\x7e]/g, '')),
    );
    await check(
      fc.tuple(
        fc.oneof(fc.json(), fc.string({ maxLength: 500 })),
        fc.dictionary(header, value, { maxKeys: 3 }),
      ),
      async ([body, headers]) => {
        const { status, text } = await send(body, headers);
        expect([200, 400, 401, 413, 415, 429]).toContain(status);
        expect(text).not.toContain('INTERNAL_SERVER_ERROR');
      },
    );
  });

  it.each(HOSTILE_DOCUMENTS.map((query) => [query.slice(0, 30), query]))(
    'a document made to be dear is cheap: %s',
    async (_name, query) => {
      const startedAt = performance.now();
      expectSound(await send(JSON.stringify({ query })));
      expect(performance.now() - startedAt).toBeLessThan(2_000);
    },
  );
});

describe('over websockets', () => {
  const CODES = new Set([1009, 1013, 4400, 4401, 4403, 4409, 4429]);
  const answered = async (messages: readonly string[]): Promise<void> => {
    inputs += messages.length;
    const socket = await openSocket(server.url);
    await socket.init(token);
    for (const message of messages) socket.send(message);
    socket.send({ type: 'ping', payload: { last: true } });
    await until(
      'the last is answered or the socket closed',
      () => socket.transcript().includes('"last":true') || socket.socket.readyState === socket.socket.CLOSED,
    );
    if (socket.socket.readyState === socket.socket.CLOSED) expect(CODES).toContain((await socket.ended).code);
    expect(socket.transcript()).not.toContain('INTERNAL_SERVER_ERROR');
    expect(socket.transcript()).not.toContain(OTHERS);
    socket.socket.terminate();
  };
  const asMessage = (id: string, { query, variables }: RandomOperation): string =>
    JSON.stringify({ type: 'subscribe', id, payload: { query, variables } });

  it('any operations at once are answered, never by a fault, and none is left open', async () => {
    const operations = validOperations(schema, ids, ['query', 'mutation', 'subscription']);
    await check(
      fc.array(operations, { minLength: 1, maxLength: 6 }),
      (list) => answered(list.map((each, i) => asMessage(`op${i}`, each))),
      60,
    );
    await until('all are over', () => server.live.subscribers === 0);
  });

  it('any damaged messages are answered or close the socket with a code of the protocol', async () => {
    const message = fc
      .tuple(everything, damages)
      .map(([each, damage]) => damage(asMessage('x', each)).slice(0, 100_000));
    await check(
      fc.array(fc.oneof(message, fc.json(), fc.string({ maxLength: 100 })), { minLength: 1, maxLength: 4 }),
      answered,
      120,
    );
    await until('all are over', () => server.live.subscribers === 0);
  });
});

function heap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
