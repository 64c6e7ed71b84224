/** Secrets with marks on them, driven through everything that could let them slip: the marks must be found nowhere. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/domain/clock.js';
import { openDatabase } from '../../src/persistence/database.js';
import { quietLogger } from '../support/database.js';
import { createGraphqlClient } from '../support/graphql-client.js';
import { plainRequest } from '../support/http-client.js';
import { AUDIENCE, startIssuer } from '../support/issuer.js';
import { recordedEvents } from '../support/operator.js';
import { startEchoingProvider } from '../support/providers/echoing-provider.js';
import { openSocket } from '../support/socket.js';
import { createInstallation, type Switchyard } from '../support/switchyard.js';
import { makeTempDir } from '../support/temp-dir.js';
import { until } from '../support/wait.js';

const mark = (kind: string): string => `mark-${kind}-${randomBytes(12).toString('hex')}`;

it('finds no secret in answers, logs, files, command lines, the database, or the memory of the control process', async () => {
  await using heaps = await makeTempDir();
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
    NODE_OPTIONS: `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${heaps.path}`,
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
    'mutation { accessKeyCreate(input: { name: "agent" }) { accessKey { id } plaintext } }',
  );
  const replacedKey: string = accessKeyCreate.plaintext;
  const { accessKeyRotate } = await api.data(
    'mutation ($id: ID!) { accessKeyRotate(id: $id) { plaintext userErrors { code } } }',
    { id: accessKeyCreate.accessKey.id },
  );
  const accessKey: string = accessKeyRotate.plaintext;
  const { webhookCreate } = await api.data(
    'mutation ($url: URL!) { webhookCreate(input: { name: "hook", url: $url }) { secret webhook { id } } }',
    { url: `${provider.url}/hook` },
  );
  const webhookSecret: string = webhookCreate.secret;
  await ask('mutation ($id: ID!) { webhookTest(id: $id) { userErrors { code } } }', {
    id: webhookCreate.webhook.id,
  });
  await ask(
    'mutation { usageLimitCreate(input: { name: "one", metric: REQUESTS, window: DAY, threshold: "1" }) { userErrors { code } } }',
  );
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
  await call(replacedKey, false);
  served++;
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
  await ask('{ accessKeys { nodes { preview } } alerts { nodes { message } } }');
  await ask('{ auditLog(first: 100) { nodes { action subjectName changes { field before after } } } }');
  await until('the receiver was told', async () => {
    const { webhooks } = await ask('{ webhooks { url deliveries { event state attempts message } } }');
    const [{ deliveries }] = webhooks;
    return deliveries.length === 2 && deliveries.every(({ attempts }: any) => attempts > 0);
  });
  for (const file of ['usage-events.csv', 'usage-events.jsonl', 'usage-rollups.csv', 'usage-rollups.jsonl']) {
    const answer = await fetch(`${program.adminUrl}/export/${file}`, {
      headers: { authorization: `Bearer ${adminToken}` },
    });
    expect(answer.status).toBe(200);
    seen.push(await answer.text());
  }
  for (const path of ['/metrics', '/readyz']) seen.push(await (await fetch(program.adminUrl + path)).text());
  const arguments_ = commandLinesOf(program);
  const heap = await heapOf(program, heaps.path);
  expect((await program.stop()).code).toBe(0);

  const marks = {
    adminToken,
    secretKey,
    ...Object.fromEntries(keys.map((key, place) => [`provider key ${place}`, key])),
    wrongToken,
    wrongKey,
    replacedKey,
    accessKey,
    webhookSecret,
    cliToken,
    signed,
    forged,
  };
  const places = {
    answers: seen.join('\n'),
    logs: program.stdout() + program.stderr(),
    files: await textOfFiles(installation.dataDir),
    database: await dumpOf(installation.dataDir),
    arguments: arguments_,
    heap,
  };
  expect(places.logs.length).toBeGreaterThan(1_000);
  expect(places.database).toContain('connection.create');
  expect(places.answers).toContain('webhook.create');
  expect(places.arguments).toContain('gateway-process');
  expect(places.heap).toContain('connection.create');
  const found = Object.entries(places).flatMap(([place, text]) =>
    Object.entries(marks)
      // A signed token is its signature; what it says of itself may be shown.
      .filter(([, secret]) => text.includes(secret.split('.').at(-1) ?? secret))
      .map(([name]) => `${name} in ${place}`),
  );
  expect(found).toEqual([]);
}, 120_000);

const CREATE_PROVIDER = `mutation ($baseUrl: URL!) { customProviderCreate(input: {
  slug: "echo", name: "Echo", billing: METERED, credential: API_KEY, protocol: OPENAI_CHAT, baseUrl: $baseUrl
  liveCatalog: true, models: [] }) { userErrors { message } } }`;
const CREATE_CONNECTION = `mutation ($input: ConnectionCreateInput!) { connectionCreate(input: $input) {
  connection { id secretPreview } discoveryRun { id } userErrors { code message } } }`;

/** How its processes were started, as everybody on the machine can see. */
function commandLinesOf(program: Switchyard): string {
  const { supervisor, control, gateways } = program.processes();
  const ids = [supervisor, control, ...gateways].filter((id) => id !== null);
  return execFileSync('ps', ['-o', 'args=', '-p', ids.join(',')], { encoding: 'utf8' });
}

/** Every string that the control process holds once it has settled; V8 cuts those of more than 1,024 characters. */
async function heapOf(program: Switchyard, directory: string): Promise<string> {
  const { control } = program.processes();
  if (control === null) throw new Error('there is no control process');
  process.kill(control, 'SIGUSR2');
  const file = await until('the heap is being written', async () => (await readdir(directory))[0], 60_000);
  // It does nothing else meanwhile: once it answers again, all of it is there.
  await fetch(`${program.adminUrl}/livez`);
  return readFile(join(directory, file), 'utf8');
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
