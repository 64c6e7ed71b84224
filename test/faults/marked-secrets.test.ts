/** Secrets with marks on them, driven through everything that could let them slip: the marks must be found nowhere. */
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.js';
import { openDatabase } from '../../src/persistence/database.js';
import { quietLogger } from '../support/database.js';
import { createGraphqlClient } from '../support/graphql-client.js';
import { plainRequest } from '../support/http-client.js';
import { AUDIENCE, startIssuer } from '../support/issuer.js';
import { recordedEvents } from '../support/operator.js';
import { openSocket } from '../support/socket.js';
import { createInstallation } from '../support/switchyard.js';

const mark = (kind: string): string => `mark-${kind}-${randomBytes(12).toString('hex')}`;

/** How a provider behaves that repeats the key it was called with wherever it can. */
type Manner = 'good' | 'json' | 'text' | 'long' | 'whole' | 'first-frame' | 'later-frame' | 'objects';

it('finds no secret in answers, logs, journal, snapshot, metrics or database', async () => {
  await using provider = await startEchoingProvider();
  await using issuer = await startIssuer();
  const adminToken = mark('admin-token');
  const secretKey = randomBytes(32).toString('base64');
  const keys = [mark('refused-key'), mark('provider-key'), mark('rotated-key'), mark('moved-key')] as const;
  const wrongToken = mark('wrong-token');
  const wrongKey = `sy_${mark('wrong-access-key')}`;
  const seen: string[] = [];

  await using installation = await createInstallation({
    ADMIN_TOKEN: adminToken,
    SECRET_KEY: secretKey,
    LOG_LEVEL: 'trace',
    CATALOG_REFRESH: 'false',
    OIDC_ISSUER: issuer.url,
    OIDC_AUDIENCE: AUDIENCE,
  });
  const program = await installation.start();
  const api = createGraphqlClient(program.adminUrl, adminToken);
  const signed = await issuer.token();
  const forged = await issuer.token({ unknownKey: true });
  const ask = async (
    query: string,
    variables: Record<string, unknown> = {},
    token = adminToken,
  ): Promise<any> => {
    const answer = await createGraphqlClient(program.adminUrl, token).send(query, variables);
    seen.push(answer.text, JSON.stringify([...answer.headers]));
    return answer.data;
  };

  // Sign-in: good and bad, over both transports.
  await ask('{ viewer { name } }', {}, signed);
  for (const token of [wrongToken, forged]) {
    await ask('{ viewer { name } }', {}, token);
    const socket = await openSocket(program.adminUrl);
    await socket.init(token).catch(() => undefined);
    seen.push(socket.transcript(), (await socket.ended).reason);
  }
  const made = await installation.run(
    {},
    ...'token create --name x --scopes all --expires 1d --json'.split(' '),
  );
  const cliToken = JSON.parse(made.stdout).token as string;
  await ask('{ viewer { name } }', {}, cliToken);

  // A provider that refuses a key, takes one, and later refuses what it took.
  await ask(CREATE_PROVIDER, { baseUrl: provider.url });
  const connect = (secret: string): Promise<any> =>
    ask(CREATE_CONNECTION, { input: { provider: 'echo', label: 'main', secret } });
  for (const manner of ['json', 'text', 'long', 'whole', 'objects'] as const) {
    provider.manner = manner;
    expect((await connect(keys[0])).connectionCreate.userErrors).not.toEqual([]);
  }
  provider.manner = 'good';
  const { id } = (await connect(keys[1])).connectionCreate.connection;
  await expect
    .poll(async () => (await ask('{ models(first: 5) { nodes { ref } } }')).models.nodes)
    .toEqual([{ ref: 'echo/model-a' }]);
  for (const manner of ['json', 'text', 'long', 'objects'] as const) {
    provider.manner = manner;
    await ask(
      `mutation ($id: ID!) { connectionVerify(id: $id) { connection { health { message } } userErrors { message } } }`,
      { id },
    );
    await ask(
      'mutation ($id: ID!, $secret: String!) { connectionRotateSecret(id: $id, input: { secret: $secret }) { userErrors { message } } }',
      { id, secret: keys[2] },
    );
    await ask('mutation { discoveryStart { run { id } userErrors { message } } }');
  }
  await ask(
    'mutation ($id: ID!, $input: ConnectionUpdateInput!) { connectionUpdate(id: $id, input: $input) { userErrors { message } } }',
    {
      id,
      input: { secret: keys[3], baseUrl: `${provider.url}/` },
    },
  );
  await ask('mutation ($input: ConnectionCreateInput!) { connectionCreate(input: $input) { nothing } }', {
    input: { secret: keys[3] },
  });

  // Requests of agents: served, refused in every manner, and with a key that is none.
  const { accessKeyCreate } = await api.data(
    'mutation { accessKeyCreate(input: { name: "agent" }) { plaintext } }',
  );
  const accessKey: string = accessKeyCreate.plaintext;
  const call = async (key: string, stream: boolean): Promise<void> => {
    const answer = await plainRequest(`${program.gatewayUrl}/v1/chat/completions`, {
      headers: { authorization: `Bearer ${key}`, 'x-api-key': key },
      body: { model: 'echo/model-a', stream, messages: [{ role: 'user', content: 'hello' }] },
    });
    seen.push(JSON.stringify(answer.headers), answer.text);
  };
  let served = 0;
  for (const manner of [
    'good',
    'json',
    'text',
    'long',
    'whole',
    'first-frame',
    'later-frame',
    'objects',
  ] as const) {
    provider.manner = manner;
    for (const stream of [false, true]) {
      await call(accessKey, stream);
      served++;
    }
  }
  await call(wrongKey, false);
  expect(provider.secretsSeen).toEqual(new Set(keys));

  // Everything that can be read back.
  const events = await recordedEvents({ api }, (found) => found.length >= served);
  expect(events.length).toBeGreaterThanOrEqual(served);
  await ask(
    '{ usageEvents(first: 100) { nodes { requestId error { message } attempts { error { message } } } } }',
  );
  await ask('{ connections(first: 10) { nodes { secretPreview baseUrl health { message } } } }');
  await ask('{ discoveryRuns(first: 10) { nodes { results { error { message } } } } }');
  await ask('{ health { checks { message } } }');
  for (const path of ['/metrics', '/readyz']) seen.push(await (await fetch(program.adminUrl + path)).text());
  expect((await program.stop()).code).toBe(0);

  const marks = [adminToken, secretKey, ...keys, wrongToken, wrongKey, accessKey, cliToken, signed, forged];
  const places = {
    answers: seen.join('\n'),
    logs: program.stdout() + program.stderr(),
    files: await textOfFiles(installation.dataDir),
    database: await dumpOf(installation.dataDir),
  };
  expect(places.logs.length).toBeGreaterThan(1_000);
  expect(places.database).toContain('connection.create');
  const found = Object.entries(places).flatMap(([place, text]) =>
    // A signed token is its signature; what it says of itself may be shown.
    marks
      .filter((text_) => text.includes(text_.split('.').at(-1) ?? text_))
      .map((text_) => `${text_} in ${place}`),
  );
  expect(found).toEqual([]);
});

const CREATE_PROVIDER = `mutation ($baseUrl: URL!) { customProviderCreate(input: {
  slug: "echo", name: "Echo", billing: METERED, credential: API_KEY, protocol: OPENAI_CHAT, baseUrl: $baseUrl
  liveCatalog: true, models: [] }) { userErrors { message } } }`;
const CREATE_CONNECTION = `mutation ($input: ConnectionCreateInput!) { connectionCreate(input: $input) {
  connection { id secretPreview } discoveryRun { id } userErrors { code message } } }`;

interface EchoingProvider extends AsyncDisposable {
  readonly url: string;
  manner: Manner;
  readonly secretsSeen: ReadonlySet<string>;
}

async function startEchoingProvider(): Promise<EchoingProvider> {
  const secretsSeen = new Set<string>();
  const state = { manner: 'good' as Manner };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const secret = request.headers.authorization?.replace('Bearer ', '') ?? '';
      if (secret !== '') secretsSeen.add(secret);
      if (secret !== '') response.setHeader('x-echo', secret);
      if (state.manner === 'good')
        succeed(response, request.method === 'GET', body.includes('"stream":true'));
      else refuse(response, state.manner, secret);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secretsSeen,
    get manner() {
      return state.manner;
    },
    set manner(next) {
      state.manner = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const DELTA = `data: ${JSON.stringify({ id: '1', object: 'chat.completion.chunk', model: 'model-a', choices: [{ index: 0, delta: { role: 'assistant', content: 'hi' } }] })}\n\n`;

function succeed(response: ServerResponse, isList: boolean, stream: boolean): void {
  if (isList) return json(response, 200, { object: 'list', data: [{ id: 'model-a', object: 'model' }] });
  if (stream) {
    const last = { id: '1', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] };
    response.setHeader('content-type', 'text/event-stream');
    response.end(`${DELTA}data: ${JSON.stringify(last)}\n\ndata: [DONE]\n\n`);
    return;
  }
  const message = { role: 'assistant', content: 'hi' };
  json(response, 200, { id: '1', model: 'model-a', choices: [{ index: 0, message, finish_reason: 'stop' }] });
}

function refuse(response: ServerResponse, manner: Exclude<Manner, 'good'>, secret: string): void {
  const error = { message: `Incorrect API key provided: ${secret}.`, type: 'invalid_api_key', code: secret };
  const frame = `data: ${JSON.stringify({ error })}\n\n`;
  if (manner === 'json') return json(response, 401, { error });
  if (manner === 'objects')
    return json(response, 422, { detail: [{ loc: ['header'], msg: secret, input: secret }] });
  if (manner === 'whole') return json(response, 200, { error });
  // Where the message is cut, half of a key must not stay.
  if (manner === 'long') return json(response, 500, { error: { message: `${'x'.repeat(480)} ${secret}` } });
  if (manner === 'text') {
    response.writeHead(500, { 'content-type': 'text/plain' }).end(`no: ${secret}`);
    return;
  }
  response.setHeader('content-type', 'text/event-stream');
  response.end(manner === 'first-frame' ? frame : DELTA + frame);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Everything in the data directory, as it lies on the disk. */
async function textOfFiles(directory: string): Promise<string> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = await Promise.all(
    files.map((entry) => readFile(join(entry.parentPath, entry.name), 'latin1')),
  );
  return texts.join('\n');
}

/** Every row of every table. */
async function dumpOf(dataDir: string): Promise<string> {
  const database = await openDatabase({
    databaseUrl: null,
    dataDir,
    logger: quietLogger,
    clock: systemClock,
  });
  const tables = await database.query<{ name: string }>(
    "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema')",
  );
  const dumps: string[] = [];
  for (const { name } of tables) {
    const rows = await database.query<{ row: string }>(`SELECT to_jsonb(t)::text AS row FROM ${name} AS t`);
    dumps.push(...rows.map(({ row }) => row));
  }
  await database.close();
  return dumps.join('\n');
}
