/**
 * What translation costs: every format of clients against every format of providers, in interleaved rounds on one machine,
 * beside the same stream passed on in its own format. Time added to the first token by the gateway, with the request of an
 * agent in the midst of its work, and processor time of the gateway process per megabyte of the provider's stream.
 *
 * The whole program runs, as it is installed; the providers are a process of their own. Linux only.
 * Options: --rounds N (5).
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CLIENTS, requestOf } from './requests.mjs';
import { STREAMS } from './streams.mjs';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '5' } } });
const rounds = Number(options.rounds);
const here = fileURLToPath(new URL('.', import.meta.url));
const TTFT_SAMPLES = 40;
const CONNECTIONS = 4;
/** Streams a measurement of processor time, by their number of text frames: about as many bytes of either. */
const LOADS = { 200: 60, 2000: 8 };
const TOKEN = 'bench-admin-token-that-is-long-enough-0123456789';

/** By format: a model that its provider serves in that format only, and where the provider itself serves it. */
const MODELS = {
  OPENAI_CHAT: { model: 'opencode-go/glm-5.1', path: '/zen/go/v1/chat/completions' },
  ANTHROPIC_MESSAGES: { model: 'opencode-go/minimax-m3', path: '/zen/go/v1/messages' },
  OPENAI_RESPONSES: { model: 'opencode-go/grok-4.7', path: '/zen/go/v1/responses' },
  GEMINI: {
    model: 'gemini/gemini-3-pro-preview',
    path: '/v1beta/models/gemini-3-pro-preview:streamGenerateContent',
  },
};

const dir = mkdtempSync(join(tmpdir(), 'switchyard-bench-'));
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
const stops = [];

try {
  const provider = await startProvider();
  const ours = await startSwitchyard(provider);
  const pairs = Object.keys(MODELS)
    .flatMap((to) => Object.keys(CLIENTS).map((from) => ({ from, to })))
    // Google speaks chat completions, too, so that these are passed on.
    .filter(({ from, to }) => from !== 'OPENAI_CHAT' || to !== 'GEMINI');
  const results = new Map();
  // The first round warms everything up and is not kept.
  for (let round = 0; round <= rounds; round++) {
    for (const pair of pairs) {
      const name = `${pair.from} ${pair.to}`;
      const kept = round === 0 ? new Map() : results;
      keep(kept, `${name} ttft`, await addedToFirstToken(provider, ours, pair));
      for (const frames of Object.keys(LOADS))
        keep(kept, `${name} ${frames}`, await cpuPerMegabyte(ours, pair, frames));
    }
  }
  print(results, pairs);
} finally {
  agent.destroy();
  for (const stop of stops.reverse()) await stop();
  rmSync(dir, { recursive: true, force: true });
}

/** Median of the time to the first token through the gateway less that without it, in microseconds. */
async function addedToFirstToken(provider, ours, { from, to }) {
  const body = requestOf(from, { model: MODELS[to].model, frames: 200, whole: true });
  const direct = [];
  const through = [];
  for (let i = 0; i < TTFT_SAMPLES; i++) {
    direct.push((await stream(`${provider}${MODELS[to].path}`, {}, body)).first);
    through.push((await stream(`${ours.url}${CLIENTS[from].path}`, ours.headers, body)).first);
  }
  return median(through) - median(direct);
}

/** Milliseconds of the gateway process for each megabyte its provider sent. */
async function cpuPerMegabyte(ours, { from, to }, frames) {
  const count = LOADS[frames];
  const body = requestOf(from, { model: MODELS[to].model, frames, whole: false });
  const before = cpuNanoseconds(ours.gatewayPid);
  let left = count;
  const worker = async () => {
    while (left-- > 0) await stream(`${ours.url}${CLIENTS[from].path}`, ours.headers, body);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, worker));
  const spent = Number(cpuNanoseconds(ours.gatewayPid) - before) / 1e6;
  const bytes = STREAMS[to](Number(frames)).reduce((sum, frame) => sum + frame.length, 0);
  return spent / ((bytes * count) / 1e6);
}

/** One stream to its end; when its first token came, in microseconds. */
function stream(url, headers, body) {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const all = { ...headers, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method: 'POST', agent, headers: all }, (response) => {
      let head = '';
      let first = null;
      let tail = '';
      response.setEncoding('latin1');
      response.on('data', (text) => {
        tail = text;
        if (first !== null) return;
        head += text;
        if (head.includes('both of its numbers')) first = Number(process.hrtime.bigint() - start) / 1000;
      });
      response.on('end', () => {
        if (response.statusCode === 200 && first !== null && !tail.includes('"error":{')) resolve({ first });
        else
          reject(
            new Error(`${url} answered ${response.statusCode}: ${head.slice(0, 500)} … ${tail.slice(-200)}`),
          );
      });
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Processor time of all threads of a process. */
function cpuNanoseconds(pid) {
  return readdirSync(`/proc/${pid}/task`)
    .map((thread) => BigInt(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]))
    .reduce((sum, spent) => sum + spent, 0n);
}

async function startProvider() {
  const child = fork(join(here, 'provider.mjs'));
  stops.push(() => stopped(child));
  const [{ port }] = await once(child, 'message');
  return `http://127.0.0.1:${port}`;
}

async function startSwitchyard(provider) {
  const [adminPort, gatewayPort] = [await freePort(), await freePort()];
  const env = {
    PATH: process.env.PATH,
    DATA_DIR: join(dir, 'data'),
    ADMIN_TOKEN: TOKEN,
    ADMIN_PORT: String(adminPort),
    GATEWAY_PORT: String(gatewayPort),
    ALLOW_PRIVATE_UPSTREAMS: 'true',
    LOG_LEVEL: 'warn',
    CATALOG_REFRESH: 'false',
  };
  const child = spawn(process.execPath, [join(here, '../../dist/src/main.js'), 'serve'], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  stops.push(() => stopped(child));
  const url = `http://127.0.0.1:${gatewayPort}`;
  await answering(`http://127.0.0.1:${adminPort}/readyz`);
  await answering(`${url}/readyz`);
  const graphql = async (query, variables) => {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await answer.json();
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  for (const [slug, offering, secret] of [
    ['opencode-go', 'go', 'sk-bench-secret-0123456789'],
    ['gemini', 'api', 'AIzaBenchSecret0123456789'],
  ]) {
    const { connectionCreate } = await graphql(
      `
        mutation ($input: ConnectionCreateInput!) {
          connectionCreate(input: $input) {
            userErrors {
              message
            }
          }
        }
      `,
      { input: { provider: slug, offering, label: 'bench', secret, baseUrl: provider } },
    );
    if (connectionCreate.userErrors.length > 0) throw new Error(JSON.stringify(connectionCreate.userErrors));
  }
  const { accessKeyCreate } = await graphql(
    'mutation { accessKeyCreate(input: { name: "bench" }) { plaintext } }',
  );
  const headers = { authorization: `Bearer ${accessKeyCreate.plaintext}` };
  await until(async () => {
    const list = await fetch(`${url}/v1/models`, { headers });
    return list.ok && (await list.json()).data.length === Object.keys(MODELS).length;
  });
  return { url, headers, gatewayPid: gatewayOf(child.pid) };
}

function gatewayOf(supervisor) {
  const found = readdirSync('/proc').find((pid) => {
    try {
      const parent = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[1];
      return (
        parent === String(supervisor) &&
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('gateway-process')
      );
    } catch {
      return false;
    }
  });
  if (found === undefined) throw new Error('there is no gateway process');
  return found;
}

function keep(results, measure, value) {
  results.set(measure, [...(results.get(measure) ?? []), value]);
}

function print(results, pairs) {
  const at = (from, to, measure) => median(results.get(`${from} ${to} ${measure}`));
  console.log(
    `Medians of ${rounds} interleaved rounds. In brackets: times what the same costs passed on, which for the first`,
  );
  console.log(
    "token is the client's own format (the same request), for the stream the provider's (the same bytes).\n",
  );
  console.log(
    `${'client'.padEnd(20)}${'provider'.padEnd(20)}${'added to first token, µs'.padStart(26)}` +
      Object.keys(LOADS)
        .map((frames) => `CPU ms/MB, ${frames} frames`.padStart(26))
        .join(''),
  );
  for (const { from, to } of pairs) {
    // No client speaks Google's format.
    const same = CLIENTS[to] ? to : from;
    const cell = (own, peer, digits) => `${own.toFixed(digits)} (${(own / peer).toFixed(2)})`.padStart(26);
    console.log(
      `${from.padEnd(20)}${to.padEnd(20)}${cell(at(from, to, 'ttft'), at(from, from, 'ttft'), 0)}` +
        Object.keys(LOADS)
          .map((frames) => cell(at(from, to, frames), at(same, same, frames), 1))
          .join(''),
    );
  }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

async function answering(url) {
  await until(async () => (await fetch(url).catch(() => null))?.ok);
}

async function until(probe) {
  for (let i = 0; i < 600; i++) {
    if (await probe()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('not within the time');
}

async function stopped(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}
