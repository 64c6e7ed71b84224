/** `demo`: the whole router with simulated providers on loopback and a little traffic, on data that goes with it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { SIMULATED_SLUGS, startSimulatedProvider } from '../../test/support/providers/simulated-provider.js';
import { childEnvironment, readConfig } from '../config/config.js';
import { createLogger } from '../observability/logger.js';
import { findProvider } from '../providers/registry.js';
import { establishIdentity } from './identity.js';
import { addressesOf, stopOnSignals } from './serve.js';
import { startSupervisor } from './supervisor.js';

const PROMPTS = [
  'What does this regular expression match? [frames 12 every 60ms][tokens in=310 out=48 cached=120]',
  'Rename the function and its callers. [frames 20 every 40ms][tokens in=5200 out=310 cached=4100]',
  'Why does this test fail only on Mondays? [frames 30 every 30ms][tokens in=1800 out=640 reasoning=400]',
  'Write the commit message. [say Fix the Monday bug][tokens in=900 out=14 cached=700]',
];
const REQUEST_EVERY_MS = 900;
const TOLD_OF_EACH_LIST = 4;
const PROVIDERS_SHOWN = 6;

/** A handful of providers with plans: enough to see routing, few enough to read. */
function planProviders(): string[] {
  const withPlans = SIMULATED_SLUGS.filter(
    (slug) => findProvider(slug)?.offerings.some(({ billing }) => billing === 'SUBSCRIPTION') === true,
  );
  return withPlans.slice(0, PROVIDERS_SHOWN);
}

/** What the demo calls, the way any client of an operator would. */
interface DemoClient {
  readonly adminUrl: string;
  readonly gatewayUrl: string;
  readonly adminToken: string;
}

export async function demo(program: string): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'switchyard-demo-'));
  const environment = {
    DATA_DIR: dataDir,
    ALLOW_PRIVATE_UPSTREAMS: 'true',
    CATALOG_REFRESH: 'false',
    LOG_LEVEL: 'warn',
  };
  const config = readConfig(childEnvironment(environment));
  const logger = createLogger({ level: config.logLevel, role: 'supervisor' });
  const { adminToken } = await establishIdentity(config);
  const providers = await Promise.all(planProviders().map((slug) => startSimulatedProvider(slug)));
  const starting = startSupervisor({ config, logger, program, canServeAlone: false, environment });
  stopOnSignals(starting, async () => {
    await Promise.all(providers.map((provider) => provider.close()));
    await rm(dataDir, { recursive: true, force: true });
  });
  const supervisor = await starting;

  const { adminUrl, gatewayUrl } = addressesOf(config, supervisor);
  if (adminUrl === null || gatewayUrl === null) return;
  const client: DemoClient = { adminUrl, gatewayUrl, adminToken };
  say(`\nSwitchyard is ready, with ${providers.length} simulated providers. Nothing leaves this machine.\n`);
  say(`  Admin API   ${adminUrl}/graphql`);
  say(`  Gateway     ${gatewayUrl}/v1`);
  say(`  Token       ${adminToken}\n`);
  for (const provider of providers) await connect(client, provider);
  const key = await makeKey(client);
  say(`\nA key for agents: ${key}\n\nUsage as it is recorded, over a GraphQL subscription:\n`);
  followUsage(client);
  await sendTraffic(client, key);
}

async function connect(
  client: DemoClient,
  provider: { slug: string; url: string; keys: { good: string } },
): Promise<void> {
  const offering = findProvider(provider.slug)?.offerings[0];
  if (!offering) return;
  const { connectionCreate } = await graphql<{ connectionCreate: { discoveryRun: { id: string } | null } }>(
    client,
    `
      mutation ($input: ConnectionCreateInput!) {
        connectionCreate(input: $input) {
          discoveryRun {
            id
          }
          userErrors {
            message
          }
        }
      }
    `,
    {
      input: {
        provider: provider.slug,
        offering: offering.code,
        label: 'demo',
        secret: provider.keys.good,
        baseUrl: provider.url,
      },
    },
  );
  if (connectionCreate.discoveryRun) await discoveryEnd(client, connectionCreate.discoveryRun.id);
  const { models } = await graphql<{ models: { totalCount: number; nodes: { ref: string }[] } }>(
    client,
    'query ($providers: [String!]) { models(first: 4, filter: { providers: $providers }) { totalCount nodes { ref } } }',
    { providers: [provider.slug] },
  );
  const some = models.nodes.slice(0, TOLD_OF_EACH_LIST).map(({ ref }) => ref);
  say(`Connected ${provider.slug}/${offering.code}: ${models.totalCount} models (${some.join(', ')} …)`);
}

function discoveryEnd(client: DemoClient, runId: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socketTo(client).subscribe(
      {
        query: 'subscription ($runId: ID!) { discoveryProgress(runId: $runId) { run { status } } }',
        variables: { runId },
      },
      { next: () => undefined, error: reject, complete: resolve },
    );
  });
}

async function makeKey(client: DemoClient): Promise<string> {
  const { accessKeyCreate } = await graphql<{ accessKeyCreate: { plaintext: string } }>(
    client,
    'mutation { accessKeyCreate(input: { name: "demo agent" }) { plaintext } }',
  );
  return accessKeyCreate.plaintext;
}

interface RecordedMessage {
  readonly usageRecorded: {
    readonly event: {
      readonly occurredAt: string;
      readonly modelRef: string | null;
      readonly billing: string | null;
      readonly status: string;
      readonly tokens: { readonly input: number; readonly cacheRead: number; readonly output: number };
      readonly costUsd: string | null;
      readonly listCostUsd: string | null;
      readonly firstTokenMs: number | null;
      readonly durationMs: number;
    };
  };
}

function followUsage(client: DemoClient): void {
  socketTo(client).subscribe<RecordedMessage>(
    {
      query: `subscription {
        usageRecorded {
          event {
            occurredAt modelRef billing status costUsd listCostUsd firstTokenMs durationMs
            tokens { input cacheRead output }
          }
        }
      }`,
    },
    {
      next: ({ data }) => {
        if (!data) return;
        const { occurredAt, modelRef, billing, status, tokens, costUsd, listCostUsd, durationMs } =
          data.usageRecorded.event;
        const counts = `${tokens.input} in, ${tokens.cacheRead} cached, ${tokens.output} out`;
        const cost = `$${costUsd ?? '?'} (list $${listCostUsd ?? '?'})`;
        say(
          `  ${occurredAt}  ${status.padEnd(6)} ${(modelRef ?? '').padEnd(34)} ${billing ?? ''}  ${counts}  ${cost}  ${durationMs} ms`,
        );
      },
      error: () => undefined,
      complete: () => undefined,
    },
  );
}

async function sendTraffic({ gatewayUrl }: DemoClient, key: string): Promise<void> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const list = await fetch(`${gatewayUrl}/v1/models`, { headers });
  const { data = [] } = (await list.json()) as { data?: { id: string }[] };
  for (let turn = 0; data.length > 0; turn++) {
    // Two steps of different stride, so that models and prompts keep meeting anew.
    const model = data[(turn * 7) % data.length]?.id;
    const content = PROMPTS[turn % PROMPTS.length];
    const body = JSON.stringify({
      model,
      stream: turn % 2 === 0,
      max_tokens: 1000,
      messages: [{ role: 'user', content }],
    });
    for (const path of ['/v1/chat/completions', '/v1/messages']) {
      // Some models speak one format only: the refusal is an answer, too, and the next format is tried.
      const answer = await fetch(gatewayUrl + path, { method: 'POST', headers, body }).catch(() => null);
      await answer?.arrayBuffer().catch(() => null);
      if (answer?.ok) break;
    }
    await pause(REQUEST_EVERY_MS);
  }
}

async function graphql<T>(
  { adminUrl, adminToken }: DemoClient,
  query: string,
  variables: object = {},
): Promise<T> {
  const answer = await fetch(`${adminUrl}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await answer.json()) as { data?: T; errors?: { message: string }[] };
  if (!data || errors)
    throw new Error(errors?.map(({ message }) => message).join(' ') ?? `HTTP ${answer.status}`);
  return data;
}

function socketTo({ adminUrl, adminToken }: DemoClient) {
  return createClient({
    url: `${adminUrl.replace(/^http/, 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${adminToken}` },
    lazyCloseTimeout: 1_000,
  });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
