import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../../src/domain/errors.js';
import { createGraphqlClient } from '../../support/graphql-client.js';
import { connection, READER_TOKEN, startWorld, TOKEN, type World } from './world.js';

describe('the admin listener over HTTP', () => {
  let world: World;
  beforeAll(async () => {
    world = await startWorld();
    for (let i = 0; i < 50; i++) world.connections.set(`conn_${i}`, connection(`conn_${i}`));
  });
  afterEach(() => {
    world.workspaceFault = null;
  });
  afterAll(() => world.close());

  const owner = () => createGraphqlClient(world.server.url, TOKEN);
  const post = (init: { body?: string; headers?: Record<string, string>; method?: string }) =>
    fetch(`${world.server.url}/graphql`, { method: 'POST', ...init });

  it('answers a signed-in caller, with the request id and the cost in the extensions', async () => {
    const answer = await owner().send('{ viewer { name scopes workspace { slug } rateLimit { limit } } }');
    expect(answer.status).toBe(200);
    expect(answer.data).toMatchObject({ viewer: { name: 'owner', workspace: { slug: 'default' } } });
    expect(answer.extensions).toEqual({
      requestId: answer.headers.get('x-request-id'),
      cost: {
        requested: 3,
        limit: 5000,
        depth: 3,
        bucket: expect.objectContaining({ limit: 20_000, restoreRate: 500 }),
      },
    });
  });

  it.each([
    ['no token', null],
    ['an unknown token', 'sya_nobody-has-ever-heard-of-this-token'],
    ['a token of another form', 'two words'],
  ])('answers 401 with the same text for %s', async (_name, token) => {
    const answer = await createGraphqlClient(world.server.url, token).send('{ viewer { name } }');
    expect(answer.status).toBe(401);
    expect(answer.errors).toEqual([
      {
        message: 'Send a valid admin token as `authorization: Bearer <token>`.',
        extensions: { code: 'UNAUTHENTICATED' },
      },
    ]);
    expect(answer.extensions).toEqual({ requestId: expect.stringMatching(/^req_/) });
  });

  it('echoes a sound request id and replaces a hostile one', async () => {
    const sound = await owner().send('{ __typename }', undefined, { 'x-request-id': 'trace-1.2:3' });
    expect(sound.extensions).toMatchObject({ requestId: 'trace-1.2:3' });
    const hostile = await owner().send('{ __typename }', undefined, { 'x-request-id': '<script>"' });
    expect(hostile.headers.get('x-request-id')).toMatch(/^req_/);
  });

  it.each([
    ['a syntax error', '{ viewer {', 400, 'GRAPHQL_PARSE_FAILED'],
    ['too many tokens', `{ ${'viewer { name } '.repeat(600)} }`, 400, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', '{ nobody }', 400, 'GRAPHQL_VALIDATION_FAILED'],
    [
      'two operations without a name',
      'query A { __typename } query B { __typename }',
      400,
      'OPERATION_RESOLUTION_FAILURE',
    ],
    [
      'a variable of the wrong type',
      'query ($n: Int!) { connections(first: $n) { totalCount } }',
      400,
      'BAD_USER_INPUT',
    ],
    [
      'a null for a required argument',
      'query ($n: Int = 2) { connections(first: $n) { totalCount } }',
      400,
      'BAD_USER_INPUT',
      { n: null },
    ],
    [
      'too many aliases',
      `{ ${Array.from({ length: 31 }, (_, i) => `a${i}: __typename`).join(' ')} }`,
      400,
      'TOO_MANY_ALIASES',
    ],
    ['a page too long', '{ connections(first: 101) { totalCount } }', 400, 'BAD_USER_INPUT'],
    ['a page of none', '{ connections(first: 0) { totalCount } }', 400, 'BAD_USER_INPUT'],
    ['a cursor that is none', '{ connections(after: "zzz") { totalCount } }', 400, 'BAD_USER_INPUT'],
    [
      'a cost above the bound',
      '{ connections(first: 100) { nodes { models(first: 100) { nodes { id } } } } }',
      400,
      'QUERY_TOO_COMPLEX',
    ],
    ['a subscription', 'subscription { connectionHealth { previousState } }', 400, 'BAD_REQUEST'],
  ])(
    'refuses %s with its code and status',
    async (_name, query, status, code, variables?: Record<string, unknown>) => {
      const answer = await owner().send(query, variables);
      expect([answer.status, answer.errors[0]?.extensions['code']]).toEqual([status, code]);
      expect(answer.extensions).toHaveProperty('requestId');
    },
  );

  it('refuses what it cannot read as one JSON operation, and says why', async () => {
    const authorization = `Bearer ${TOKEN}`;
    const json = { authorization, 'content-type': 'application/json' };
    const document = JSON.stringify({ query: '{ __typename }' });
    const cases = [
      [{ headers: { authorization, 'content-type': 'text/plain' }, body: document }, 400, 'BAD_REQUEST'],
      [
        {
          headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
          body: 'query={a}',
        },
        400,
        'BAD_REQUEST',
      ],
      [{ headers: json, body: `[${document}]` }, 400, 'BAD_REQUEST'],
      [{ headers: json, body: '{"query":' }, 400, 'BAD_REQUEST'],
      [{ headers: json, body: '{"query":7}' }, 400, 'BAD_REQUEST'],
      [
        { headers: json, body: JSON.stringify({ query: `#${'x'.repeat(300_000)}` }) },
        413,
        'PAYLOAD_TOO_LARGE',
      ],
      [{ method: 'GET' }, 405, 'METHOD_NOT_ALLOWED'],
    ] as const;
    for (const [init, status, code] of cases) {
      const response = await post(init);
      const body = (await response.json()) as {
        errors: { extensions: { code: string } }[];
        extensions: object;
      };
      expect([response.status, body.errors[0]?.extensions.code]).toEqual([status, code]);
      expect(body.extensions).toHaveProperty('requestId');
    }
  });

  it('answers application/graphql-response+json when asked for it', async () => {
    const accept = 'application/graphql-response+json';
    const answer = await owner().send('{ __typename }', undefined, { accept });
    expect(answer.headers.get('content-type')).toContain(accept);
    const refused = await createGraphqlClient(world.server.url, null).send('{ __typename }', undefined, {
      accept,
    });
    expect(refused.headers.get('content-type')).toContain(accept);
  });

  it('keeps the text of an unexpected error to itself', async () => {
    world.workspaceFault = () => Promise.reject(new Error('password=hunter2'));
    const answer = await owner().send('{ viewer { workspace { slug } } }');
    expect(answer.text).not.toContain('hunter2');
    expect(answer.status).toBe(500);
    expect(answer.errors[0]).toMatchObject({
      path: ['viewer', 'workspace'],
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });
  });

  it('shows an error of ours with its code, status and hint', async () => {
    world.workspaceFault = () =>
      Promise.reject(new AppError('SERVICE_UNAVAILABLE', 'The database is away.', { retryAfterSeconds: 3 }));
    const answer = await owner().send('{ viewer { workspace { slug } } }');
    expect([answer.status, answer.headers.get('retry-after'), answer.errors[0]?.message]).toEqual([
      503,
      '3',
      'The database is away.',
    ]);
  });

  it('names the missing scope', async () => {
    const answer = await createGraphqlClient(world.server.url, READER_TOKEN).send(
      '{ connections { totalCount } }',
    );
    expect([answer.status, answer.errors[0]?.message]).toEqual([
      403,
      'This token lacks the scope CONFIG_READ.',
    ]);
  });

  it('loads what a page of fifty connections shows with one call each', async () => {
    world.calls.clear();
    const { connections } = await owner().data(
      '{ connections(first: 50) { totalCount nodes { label baseUrl provider { slug } offering { name } health { state } lastDiscovery { status } } } }',
    );
    expect(connections.nodes).toHaveLength(50);
    expect(Object.fromEntries(world.calls)).toEqual({
      'connections.list': 1,
      'connections.lastDiscoveries': 1,
    });
  });

  it('walks pages to the end, every item once', async () => {
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { connections } = await owner().data(
        'query ($after: String) { connections(first: 20, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }',
        { after },
      );
      seen.push(...connections.nodes.map(({ id }: { id: string }) => id));
      after = connections.pageInfo.hasNextPage ? connections.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual([...world.connections.keys()]);
  });

  it('answers nodes by id, null for what is unknown or may not be seen', async () => {
    const document = '{ nodes(ids: ["conn_3", "conn_none", "prov_zai", "nonsense"]) { __typename id } }';
    const { nodes } = await owner().data(document);
    expect(nodes).toEqual([
      { __typename: 'Connection', id: 'conn_3' },
      null,
      { __typename: 'Provider', id: 'prov_zai' },
      null,
    ]);
  });

  it('tells leaving a field out from clearing it, and refuses to clear what must stay', async () => {
    world.connections.set('conn_edit', connection('conn_edit', { label: 'mine', region: 'cn' }));
    const update =
      'mutation ($input: ConnectionUpdateInput!) { connectionUpdate(id: "conn_edit", input: $input) { connection { label region } userErrors { code field } } }';
    expect((await owner().data(update, { input: { label: 'yours' } })).connectionUpdate.connection).toEqual({
      label: 'yours',
      region: 'cn',
    });
    expect((await owner().data(update, { input: { region: null } })).connectionUpdate.connection).toEqual({
      label: 'yours',
      region: null,
    });
    expect((await owner().data(update, { input: { label: null } })).connectionUpdate).toEqual({
      connection: null,
      userErrors: [{ code: 'REQUIRED', field: ['input', 'label'] }],
    });
    world.connections.delete('conn_edit');
  });

  it('answers what the caller can put right as data', async () => {
    const answer = await owner().send(
      'mutation { connectionCreate(input: { provider: "zai", label: "x" }) { connection { id } discoveryRun { id } userErrors { code message field } } }',
    );
    expect([answer.status, answer.data]).toEqual([
      200,
      {
        connectionCreate: {
          connection: null,
          discoveryRun: null,
          userErrors: [
            { code: 'TAKEN', message: 'Another connection is called that.', field: ['input', 'label'] },
          ],
        },
      },
    ]);
  });

  it('shows the whole schema to signed-in callers', async () => {
    const { __schema } = await owner().data(
      '{ __schema { types { name fields { name type { ofType { ofType { ofType { name } } } } } } } }',
    );
    expect(__schema.types.map(({ name }: { name: string }) => name)).toContain('DiscoveredModel');
  });

  it('serves a page to try the API on that may load nothing from elsewhere', async () => {
    const response = await fetch(`${world.server.url}/graphql`, { headers: { accept: 'text/html' } });
    const html = await response.text();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toContain(
      "default-src 'none'; script-src 'sha256-",
    );
    expect(html).toContain('graphql-transport-ws');
    expect(html).not.toContain('@@fetcher@@');
  });

  it('tells monitoring that it lives, is ready, and what it counts', async () => {
    const statuses = await Promise.all(
      ['/livez', '/readyz', '/metrics', '/nowhere'].map(
        async (path) => (await fetch(world.server.url + path)).status,
      ),
    );
    expect(statuses).toEqual([200, 200, 200, 404]);
  });

  it('reports the state of the service', async () => {
    const { health } = await owner().data(
      '{ health { state version schemaHash checks { name state } liveSubscribers liveEventsDropped } }',
    );
    expect(health).toMatchObject({
      state: 'HEALTHY',
      version: '0.0.0-test',
      liveSubscribers: 0,
      liveEventsDropped: 0,
    });
    expect(health.schemaHash).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('budgets', () => {
  it('refuses a token that spends more cost than its bucket holds, and says when to come back', async () => {
    const clock = { now: () => 1_000_000, monotonic: () => 0 };
    const world = await startWorld({ clock });
    try {
      const client = createGraphqlClient(world.server.url, TOKEN);
      const costly =
        '{ connections(first: 100) { nodes { health { state } provider { offerings { code } } } } }';
      const { extensions } = await client.send(costly);
      const { requested } = (extensions as { cost: { requested: number } }).cost;
      const affordable = Math.floor(20_000 / requested) - 1;
      for (let i = 0; i < affordable; i++) expect((await client.send(costly)).status).toBe(200);
      const refused = await client.send(costly);
      expect([refused.status, refused.errors[0]?.extensions['code']]).toEqual([429, 'RATE_LIMITED']);
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(
        (await createGraphqlClient(world.server.url, READER_TOKEN).send('{ viewer { name } }')).status,
      ).toBe(200);
    } finally {
      await world.close();
    }
  });

  it('tells whoever guesses tokens to pause for a minute, and lets good tokens pass meanwhile', async () => {
    let time = 0;
    const world = await startWorld({ clock: { now: () => time, monotonic: () => time } });
    try {
      const guess = () => createGraphqlClient(world.server.url, 'sya_wrong').send('{ __typename }');
      for (let i = 0; i < 20; i++) expect((await guess()).status).toBe(401);
      const slowed = await guess();
      expect([slowed.status, slowed.headers.get('retry-after')]).toEqual([429, '60']);
      expect((await createGraphqlClient(world.server.url, TOKEN).send('{ __typename }')).status).toBe(200);
      time += 60_000;
      expect((await guess()).status).toBe(401);
    } finally {
      await world.close();
    }
  });
});
