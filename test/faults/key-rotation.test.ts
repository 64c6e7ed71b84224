/** Replacing the key that seals secrets, from beginning to end, with the real program and agents that call all the while. */
import { createHmac, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openDatabase } from '../../src/persistence/database.js';
import { systemClock } from '../../src/domain/clock.js';
import { quietLogger } from '../support/database.js';
import { connect, makeKey } from '../support/operator.js';
import { plainRequest } from '../support/http-client.js';
import { startSimulatedProvider } from '../support/providers/simulated-provider.js';
import { createInstallation, type Installation, type Switchyard } from '../support/switchyard.js';
import { until } from '../support/wait.js';

const key = (): string => randomBytes(32).toString('base64');

it(
  'needs the old key until all secrets are sealed anew, and never again after',
  { timeout: 120_000 },
  async () => {
    await using zai = await disposable(startSimulatedProvider('zai'));
    await using kimi = await disposable(startSimulatedProvider('kimi'));
    const [old, fresh] = [key(), key()];
    await using installation = await createInstallation({ CATALOG_REFRESH: 'false' });

    let program = await installation.start({ SECRET_KEY: old });
    const { connectionId } = await connect(program, zai.provider, 'coding-plan');
    const moved = await connect(program, kimi.provider, 'coding-plan');
    const agent = (await makeKey(program)).plaintext;
    await using receiver = await startReceiver();
    const webhook = await makeWebhook(program, receiver.url);
    const broken = await makeWebhook(program, receiver.url);
    await program.stop();
    await damageWebhook(installation, broken.id);
    await swapSecrets(installation, connectionId, moved.connectionId);

    // The new key alone opens nothing, and says so instead of failing request by request.
    const alone = await installation.run({ SECRET_KEY: fresh });
    expect(alone).toMatchObject({ code: 1 });
    expect(alone.stderr).toContain('SECRET_KEY is not the key that sealed');

    const both = { SECRET_KEY: fresh, SECRET_KEY_PREVIOUS: old };
    program = await installation.start(both);
    expect(await call(program, agent)).toBe(200);
    const calls = callAllTheWhile(program, agent);
    const resealed = await installation.run(both, 'secrets', 'reseal', '--json');
    expect(resealed.stderr).toContain('4 of 4');
    expect(JSON.parse(resealed.stdout)).toMatchObject({
      resealed: 2,
      unreadable: [
        { connectionId: moved.connectionId, keyMissing: false },
        { webhookId: broken.id, keyMissing: false },
      ],
    });
    expect(await calls.stop()).toEqual([200]);
    // A second time finds nothing left but what no key opens.
    const again = await installation.run(both, 'secrets', 'reseal', '--json');
    expect(JSON.parse(again.stdout)).toMatchObject({ resealed: 0 });

    const { nodes } = (
      await program.api.data('{ connections(first: 10) { nodes { id health { state message } } } }')
    ).connections;
    const health = nodes.find(({ id }: any) => id === moved.connectionId).health;
    expect(health).toMatchObject({ state: 'UNHEALTHY' });
    expect(health.message).toContain('The stored secret cannot be read');
    expect(nodes.find(({ id }: any) => id === connectionId).health.state).toBe('HEALTHY');
    await program.stop();

    const sealed = await readFile(join(installation.dataDir, 'routing.snapshot'), 'utf8');
    program = await installation.start({ SECRET_KEY: fresh });
    expect(await call(program, agent)).toBe(200);
    // What the webhook's receiver was told once still tells genuine messages.
    await program.api.data('mutation ($id: ID!) { webhookTest(id: $id) { userErrors { code } } }', {
      id: webhook.id,
    });
    const message = await until('the webhook is sent its message', () => receiver.received[0]);
    expect(message.signature).toBe(signatureOf(webhook.secret, message));
    expect(sealed.split('.')[1]).toBe(
      (await readFile(join(installation.dataDir, 'routing.snapshot'), 'utf8')).split('.')[1],
    );
    await program.stop();
    const tooLate = await installation.run({ SECRET_KEY: old });
    expect(tooLate.stderr).toContain('SECRET_KEY is not the key that sealed');
  },
);

async function disposable<T extends { close(): Promise<void> }>(
  starting: Promise<T>,
): Promise<AsyncDisposable & { provider: T }> {
  const provider = await starting;
  return { provider, [Symbol.asyncDispose]: () => provider.close() };
}

async function call({ gatewayUrl }: Switchyard, agent: string): Promise<number> {
  const { status } = await plainRequest(`${gatewayUrl}/v1/chat/completions`, {
    headers: { authorization: `Bearer ${agent}` },
    body: { model: 'zai/glm-5.1', messages: [{ role: 'user', content: 'hello' }] },
  });
  return status;
}

/** Calls one after the other; answers which statuses there were. */
function callAllTheWhile(program: Switchyard, agent: string): { stop(): Promise<number[]> } {
  const statuses = new Set<number>();
  let stopped = false;
  const running = (async () => {
    while (!stopped) statuses.add(await call(program, agent));
  })();
  return {
    async stop() {
      await until('a call was made', () => statuses.size > 0);
      stopped = true;
      await running;
      return [...statuses];
    },
  };
}

/** Puts the first connection's ciphertext in the place of the second's, as somebody with the database could. */
function swapSecrets(installation: Installation, from: string, to: string): Promise<void> {
  return tamper(
    installation,
    'UPDATE sealed_secret SET envelope = (SELECT envelope FROM sealed_secret WHERE connection_id = $1) WHERE connection_id = $2',
    [from, to],
  );
}

function damageWebhook(installation: Installation, id: string): Promise<void> {
  return tamper(
    installation,
    `UPDATE webhook SET envelope = overlay(envelope placing 'AAAA' from 40) WHERE id = $1`,
    [id],
  );
}

async function tamper({ dataDir }: Installation, statement: string, values: string[]): Promise<void> {
  const database = await openDatabase({
    databaseUrl: null,
    dataDir,
    logger: quietLogger,
    clock: systemClock,
  });
  await database.query(statement, values);
  await database.close();
}

interface Message {
  readonly body: string;
  readonly signature: string;
}

async function startReceiver() {
  const received: Message[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      received.push({ body, signature: String(request.headers['x-switchyard-signature']) });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    received,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function makeWebhook(program: Switchyard, url: string): Promise<{ id: string; secret: string }> {
  const { webhookCreate } = await program.api.data(
    'mutation ($input: WebhookCreateInput!) { webhookCreate(input: $input) { secret webhook { id } } }',
    { input: { name: 'team', url } },
  );
  return { id: webhookCreate.webhook.id, secret: webhookCreate.secret };
}

function signatureOf(secret: string, { body, signature }: Message): string {
  const seconds = /^t=(\d+),/.exec(signature)?.[1];
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}
