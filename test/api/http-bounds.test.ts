/** What holds documents, strangers and time in bounds, over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestAdminServer } from '../support/admin-server.js';
import { createGraphqlClient } from '../support/graphql-client.js';
import { connection, startWorld, TOKEN } from '../unit/graphql/world.js';
import { startPoint, type Point } from './point.js';
import { addToken, contentsOf } from './tenants.js';

let point: Point;
beforeAll(async () => {
  point = await startPoint();
});
afterAll(() => point[Symbol.asyncDispose]());

describe('the bounds of a document', () => {
  const many = (count: number, text: (i: number) => string): string =>
    `{ ${Array.from({ length: count }, (_, i) => text(i)).join(' ')} }`;
  const nested = (cycles: number, last: string): string =>
    cycles === 0 ? last : `connections(first: 1) { nodes { provider { ${nested(cycles - 1, last)} } } }`;
  const tokens = (count: number): string => {
    const ids = `nodes(ids: [${'"a" '.repeat(100)}]) { id } `;
    // 110 each, 2 around all, 3 around the names.
    return `{ ${ids.repeat(18)} viewer { ${'name '.repeat(count - 18 * 110 - 5)} } }`;
  };
  const cases: [string, string, string, string][] = [
    [
      'depth',
      `{ ${nested(3, 'connections(first: 1) { nodes { id } }')} }`,
      `{ ${nested(4, 'id')} }`,
      'QUERY_TOO_DEEP',
    ],
    [
      'aliases',
      `{ viewer ${many(30, (i) => `a${i}: name`)} }`,
      `{ viewer ${many(31, (i) => `a${i}: name`)} }`,
      'TOO_MANY_ALIASES',
    ],
    [
      'directives',
      `{ viewer ${many(30, () => 'name @skip(if: false)')} }`,
      `{ viewer ${many(31, () => 'name @skip(if: false)')} }`,
      'TOO_MANY_DIRECTIVES',
    ],
    ['root fields', many(20, () => '__typename'), many(21, () => '__typename'), 'TOO_MANY_ROOT_FIELDS'],
    [
      'mutations',
      `mutation ${many(5, (i) => `a${i}: connectionDelete(id: "conn_${i}") { deletedId }`)}`,
      `mutation ${many(6, (i) => `a${i}: connectionDelete(id: "conn_${i}") { deletedId }`)}`,
      'TOO_MANY_ROOT_FIELDS',
    ],
    ['tokens', tokens(2_000), tokens(2_001), 'GRAPHQL_PARSE_FAILED'],
    [
      'cost',
      `{ connections(first: 98) { nodes { models(first: 49) { nodes { id } } } } }`,
      `{ connections(first: 99) { nodes { models(first: 50) { nodes { id } } } } }`,
      'QUERY_TOO_COMPLEX',
    ],
  ];

  it.each(cases)(
    'let pass what just keeps to them and refuse what is just beyond: %s',
    async (_name, within, beyond, code) => {
      const passed = await (await point.client()).send(within);
      expect([passed.status, passed.errors]).toEqual([200, []]);
      const refused = await (await point.client()).send(beyond);
      expect([refused.status, refused.errors[0]?.extensions['code']]).toEqual([400, code]);
      expect(refused.extensions).toMatchObject({ cost: { requested: 0, bucket: { remaining: 20_000 } } });
    },
  );

  it.each([
    ['{ viewer { name workspace { slug } rateLimit { remaining } } }', 3],
    // 1 for the page, and for each of 10: 1 + its provider 1 + its health 1.
    ['{ connections(first: 10) { nodes { id provider { slug } health { state } } } }', 1 + 10 * 3],
    ['mutation { connectionDelete(id: "conn_none") { deletedId userErrors { code } } }', 20 + 1],
  ])('cost what can be worked out by hand: %s', async (document, cost) => {
    const { extensions } = await (await point.client()).send(document);
    expect(extensions).toMatchObject({
      cost: {
        requested: cost,
        limit: 5_000,
        bucket: { limit: 20_000, remaining: 20_000 - cost, restoreRate: 500 },
      },
    });
  });

  it('hold for a body, to the byte', async () => {
    const { token } = await addToken(point.harness, point.workspaceId);
    const send = (bytes: number) => {
      const frame = JSON.stringify({ query: '{ __typename }', x: '' });
      const body = JSON.stringify({ query: '{ __typename }', x: 'x'.repeat(bytes - frame.length) });
      return fetch(`${point.server.url}/graphql`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body,
      });
    };
    expect((await send(256 * 1024)).status).toBe(200);
    expect((await send(256 * 1024 + 1)).status).toBe(413);
  });
});

describe('a stranger', () => {
  it('learns nothing of the schema, whatever the document', async () => {
    const anonymous = createGraphqlClient(point.server.url, null);
    for (const document of [
      '{ __schema { types { name } } }',
      '{ connectionz { id } }',
      '{ ',
      '{ __type(name: "Query") { name } }',
    ]) {
      const { status, text } = await anonymous.send(document);
      expect(status).toBe(401);
      expect(text).not.toMatch(/Query|Did you mean|connection|Syntax/i);
    }
  });

  it('is let in by no page of another site: no CORS, no forms, no plain text', async () => {
    const preflight = await fetch(`${point.server.url}/graphql`, {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.ok).toBe(false);
    const { token } = await addToken(point.harness, point.workspaceId);
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      '',
    ]) {
      const response = await fetch(`${point.server.url}/graphql`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          origin: 'https://evil.example',
          ...(type && { 'content-type': type }),
        },
        body: new TextEncoder().encode('{"query":"{ __typename }"}'),
      });
      expect(response.status, type).toBe(400);
      expect([...response.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });
});

describe('time', () => {
  /** A listener whose operations have hardly any, and whose keys are made through `wrap`. */
  async function hurried(
    wrap: (
      create: Point['harness']['admin']['accessKeys']['create'],
    ) => Point['harness']['admin']['accessKeys']['create'],
  ) {
    const { admin } = point.harness;
    return startTestAdminServer(point.harness, {
      operationTimeoutMs: 1_000,
      admin: { ...admin, accessKeys: { ...admin.accessKeys, create: wrap(admin.accessKeys.create) } },
    });
  }
  const CREATE =
    'mutation { accessKeyCreate(input: { name: "late" }) { accessKey { id } userErrors { code } } }';
  const aborted = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    });

  it('that runs out before a change is committed undoes it, and the answer says so', async () => {
    const late = await hurried((create) => async (context, input) => {
      await aborted(context.signal);
      return create(context, input);
    });
    try {
      const { token } = await addToken(point.harness, point.workspaceId);
      const before = await contentsOf(point.harness);
      const { status, errors } = await createGraphqlClient(late.url, token).send(CREATE);
      expect([status, errors[0]?.extensions['code']]).toEqual([504, 'TIMEOUT']);
      expect(errors[0]?.message).toContain('was not made');
      expect(await contentsOf(point.harness)).toEqual(before);
    } finally {
      await late.close();
    }
  });

  it('that runs out after a change is committed changes nothing of its answer', async () => {
    const late = await hurried((create) => async (context, input) => {
      const made = await create(context, input);
      await aborted(context.signal);
      return made;
    });
    try {
      const { token } = await addToken(point.harness, point.workspaceId);
      const { accessKeyCreate } = await createGraphqlClient(late.url, token).data(CREATE);
      expect(accessKeyCreate.userErrors).toEqual([]);
      const rows = await point.harness.database.query('SELECT id FROM access_key WHERE id = $1', [
        accessKeyCreate.accessKey.id,
      ]);
      expect(rows).toHaveLength(1);
    } finally {
      await late.close();
    }
  });

  it('that runs out between two changes of one document keeps the first and says that the second was not made', async () => {
    let calls = 0;
    const late = await hurried((create) => async (context, input) => {
      calls += 1;
      if (calls === 2) await aborted(context.signal);
      return create(context, input);
    });
    try {
      const { token } = await addToken(point.harness, point.workspaceId);
      const { status, data, errors } = await createGraphqlClient(late.url, token).send(
        `mutation { first: accessKeyCreate(input: { name: "a" }) { accessKey { id } }
          second: accessKeyCreate(input: { name: "b" }) { accessKey { id } } }`,
      );
      // Payloads are never null, so that the whole of the data is; the path tells which change failed.
      expect([status, data, errors[0]?.path]).toEqual([504, null, ['second']]);
    } finally {
      await late.close();
    }
  });

  it('that runs out for a read ends it with 504', async () => {
    const world = await startWorld({ operationTimeoutMs: 50 });
    world.workspaceFault = () => new Promise(() => undefined);
    world.connections.set('conn_1', connection('conn_1'));
    try {
      const { status, errors } = await createGraphqlClient(world.server.url, TOKEN).send(
        '{ viewer { workspace { slug } } }',
      );
      expect([status, errors[0]?.extensions['code']]).toEqual([504, 'TIMEOUT']);
    } finally {
      await world.close();
    }
  });
});
