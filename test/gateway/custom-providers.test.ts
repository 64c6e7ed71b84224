/** A provider that only its operator knows, from its description to an answered request and the record of it. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { buildSnapshot } from '../../src/admin/snapshot.js';
import { systemClock } from '../../src/domain/clock.js';
import { createProviderCallBuilder } from '../../src/gateway/provider-call.js';
import { startGateway } from '../../src/gateway/server.js';
import { createUpstreamClient } from '../../src/gateway/upstream-client.js';
import type { EndRecord, JournalRecord } from '../../src/journal/record.js';
import { readSnapshotSource } from '../../src/persistence/snapshot-source.js';
import type { RoutingSnapshot } from '../../src/routing/snapshot.js';
import { createCooldownBook } from '../../src/routing/cooldown-book.js';
import { compileTable } from '../../src/routing/table.js';
import { quietLogger } from '../support/database.js';
import { memoryJournal } from '../support/gateway.js';
import { plainRequest } from '../support/http-client.js';
import { startHomelab } from '../support/providers/homelab.js';
import type { SimulatedProvider } from '../support/providers/simulated-provider.js';
import { until } from '../support/wait.js';
import { startHarness, valueOf, type Harness } from '../unit/admin/harness.js';

let harness: Harness;
let homelab: SimulatedProvider;
beforeAll(async () => {
  harness = await startHarness();
  homelab = await startHomelab({ prefix: '/lab' });
});
afterEach(async () => {
  const { prisma } = harness.database;
  await harness.discovery.settled();
  await prisma.connection.deleteMany();
  await prisma.model.deleteMany();
  await prisma.customProvider.deleteMany();
});
afterAll(async () => {
  await homelab.close();
  await harness[Symbol.asyncDispose]();
});

/** A gateway on what is stored now, which reaches it as text and without the database, as in life. */
async function startOnSnapshot() {
  const source = await readSnapshotSource(harness.database.prisma, Date.now());
  const sent = JSON.stringify(buildSnapshot(source, { version: 1, builtAt: Date.now() }));
  const table = compileTable(JSON.parse(sent) as RoutingSnapshot);
  const records: JournalRecord[] = [];
  const upstream = createUpstreamClient({ allowPrivate: true });
  const gateway = await startGateway(
    {
      state: { table: () => table, refresh: () => Promise.resolve(), close: () => undefined },
      journal: memoryJournal(records),
      upstream,
      calls: createProviderCallBuilder(harness.vault),
      cooldowns: createCooldownBook({ clock: systemClock, onChange: () => undefined }),
      clock: systemClock,
      logger: quietLogger,
    },
    { host: '127.0.0.1', port: 0 },
  );
  return {
    sent,
    url: `http://127.0.0.1:${gateway.port}`,
    ended: () =>
      until('the request ends', () => records.find((record): record is EndRecord => record.kind === 'end')),
    async [Symbol.asyncDispose]() {
      await gateway.drain(0);
      await upstream.close();
    },
  };
}

async function describeAndConnect(protocol: 'OPENAI_CHAT' | 'ANTHROPIC_MESSAGES'): Promise<string> {
  const { admin, context, discovery } = harness;
  const described = await admin.providers.create(context, {
    slug: 'my-lab',
    name: 'My lab',
    billing: 'LOCAL',
    credential: 'API_KEY',
    protocol,
    baseUrl: `${homelab.url}/v1`,
    liveCatalog: protocol === 'OPENAI_CHAT',
    models: [
      {
        upstreamId: 'llama-4',
        listPrice: { inputUsdPerMillion: '1', outputUsdPerMillion: '2' },
      },
    ],
  });
  valueOf(described);
  const connection = await admin.connections.create(context, {
    provider: 'my-lab',
    label: 'rack',
    secret: homelab.keys.good,
    priority: 0,
    verify: protocol === 'OPENAI_CHAT',
    discover: true,
  });
  valueOf(connection);
  await discovery.settled();
  const key = await admin.accessKeys.create(context, { name: 'agent', allowedModels: ['my-lab/*'] });
  return valueOf(key).plaintext ?? '';
}

it('a custom provider answers chat completions under its own prefix, and its usage is recorded as its own', async () => {
  const key = await describeAndConnect('OPENAI_CHAT');
  await using gateway = await startOnSnapshot();
  const answer = await plainRequest(`${gateway.url}/v1/chat/completions`, {
    headers: { authorization: `Bearer ${key}` },
    body: {
      model: 'my-lab/qwen/qwen3-coder',
      messages: [{ role: 'user', content: '[say pong][tokens in=9 out=5]' }],
    },
  });
  expect(answer.status).toBe(200);
  expect(answer.text).toContain('pong');
  expect(answer.headers).toMatchObject({
    'x-switchyard-provider': 'my-lab',
    'x-switchyard-offering': 'my-lab/custom',
  });
  expect(homelab.requests.at(-1)).toMatchObject({
    path: '/v1/chat/completions',
    headers: { authorization: `Bearer ${homelab.keys.good}` },
    body: { model: 'qwen/qwen3-coder' },
  });
  expect(await gateway.ended()).toMatchObject({
    status: 'OK',
    attempts: [{ provider: 'my-lab', offering: 'my-lab/custom', billing: 'LOCAL' }],
  });
});

it('a custom provider is found in any case, by a bare name, and in the list of models', async () => {
  const key = await describeAndConnect('OPENAI_CHAT');
  await using gateway = await startOnSnapshot();
  for (const model of ['My-Lab/llama-4', 'llama-4']) {
    const { status, headers } = await plainRequest(`${gateway.url}/v1/chat/completions`, {
      headers: { authorization: `Bearer ${key}` },
      body: { model, messages: [{ role: 'user', content: 'hi' }] },
    });
    expect([status, headers['x-switchyard-model']]).toEqual([200, 'my-lab/llama-4']);
  }
  const list = await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
  expect(await list.text()).toContain('my-lab/llama-4');
});

it('a custom provider of Anthropic’s format is called with its header, and described models reach no gateway', async () => {
  const key = await describeAndConnect('ANTHROPIC_MESSAGES');
  await using gateway = await startOnSnapshot();
  const answer = await plainRequest(`${gateway.url}/v1/messages`, {
    headers: { 'x-api-key': key },
    body: { model: 'my-lab/llama-4', max_tokens: 9, messages: [{ role: 'user', content: '[say pong]' }] },
  });
  expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('pong')]);
  expect(homelab.requests.at(-1)).toMatchObject({
    path: '/v1/messages',
    headers: { 'x-api-key': homelab.keys.good },
  });
  const { workspaces } = JSON.parse(gateway.sent) as RoutingSnapshot;
  expect(workspaces[0]?.customProviders).toMatchObject([{ slug: 'my-lab', models: [] }]);
});
