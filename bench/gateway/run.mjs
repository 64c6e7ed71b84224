/**
 * Switchyard's gateway beside a bare Node proxy, both before nginx with canned answers, in interleaved rounds on one
 * machine: requests per second at concurrency 1 and 32, and time to the first byte of a stream. Everything is switched on
 * in ours: key check, routing, usage capture, journal, recorder, database.
 *
 * Needs Debian's nginx and wrk. Options: --rounds N (5), --seconds N (4) a measurement, --database URL (embedded).
 */
import { fork, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const here = fileURLToPath(new URL('.', import.meta.url));
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    database: { type: 'string' },
  },
});
const rounds = Number(options.rounds);
const seconds = Number(options.seconds);
const PATH = '/api/coding/paas/v4/chat/completions';
const TTFB_SAMPLES = 300;

const dir = mkdtempSync(join(tmpdir(), 'switchyard-bench-'));
const stops = [];

try {
  const nginx = await startNginx();
  const bare = await startBare(nginx);
  const ours = await startSwitchyard(nginx);
  const targets = {
    direct: { url: `${nginx}${PATH}`, headers: {} },
    bare: { url: `http://127.0.0.1:${bare}/`, headers: {} },
    switchyard: {
      url: `${ours.gatewayUrl}/v1/chat/completions`,
      headers: { authorization: `Bearer ${ours.key}` },
    },
  };
  const measures = [
    ['json, 300 B prompt, c=1', { body: bodyOf(300, false), connections: 1 }],
    ['json, 300 B prompt, c=32', { body: bodyOf(300, false), connections: 32 }],
    ['json, 100 KB prompt, c=32', { body: bodyOf(100_000, false), connections: 32 }],
    ['stream of 64 frames, c=32', { body: bodyOf(300, true), connections: 32, stream: true }],
  ];
  const results = new Map();
  for (let round = 0; round < rounds; round++) {
    for (const [name, measure] of measures) {
      for (const [target, at] of Object.entries(targets)) {
        keep(results, `${name}, requests/s`, target, throughput(at, measure));
      }
    }
    for (const [target, at] of Object.entries(targets)) {
      const { ttfb, whole } = await latency(at, bodyOf(300, true));
      keep(results, 'time to first byte of a stream, c=1, µs p50', target, ttfb);
      keep(results, 'time to last byte of a stream, c=1, µs p50', target, whole);
    }
  }
  print(results);
  await ours.check();
} finally {
  for (const stop of stops.reverse()) await stop();
  rmSync(dir, { recursive: true, force: true });
}

function bodyOf(bytes, stream) {
  const content = 'Please read this function and say what it does. '
    .repeat(Math.ceil(bytes / 48))
    .slice(0, bytes);
  // The peer and nginx do not look; ours resolves the name.
  return JSON.stringify({ model: 'zai/glm-5.1', stream, messages: [{ role: 'user', content }] });
}

function throughput({ url, headers }, { body, connections, stream }) {
  const script = join(dir, 'post.lua');
  const all = {
    'content-type': 'application/json',
    ...headers,
    ...(stream ? { 'x-bench-stream': '1' } : {}),
  };
  writeFileSync(
    script,
    `wrk.method = "POST"\nwrk.body = [==[${body}]==]\n` +
      Object.entries(all)
        .map(([name, value]) => `wrk.headers["${name}"] = "${value}"\n`)
        .join(''),
  );
  const run = spawnSync('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '-s', script, url], {
    encoding: 'utf8',
  });
  const failed = /Non-2xx or 3xx responses: (\d+)|Socket errors: (.*)/.exec(run.stdout);
  if (failed) throw new Error(`${url}: ${failed[0]}`);
  return Number(/Requests\/sec:\s+([\d.]+)/.exec(run.stdout)?.[1]);
}

async function latency({ url, headers }, body) {
  const ttfb = [];
  const whole = [];
  for (let i = 0; i < TTFB_SAMPLES; i++) {
    const times = await once(
      url,
      { 'content-type': 'application/json', 'x-bench-stream': '1', ...headers },
      body,
    );
    ttfb.push(times.first);
    whole.push(times.last);
  }
  return { ttfb: median(ttfb), whole: median(whole) };
}

function once(url, headers, body) {
  return new Promise((resolve, reject) => {
    const start = process.hrtime.bigint();
    const since = () => Number(process.hrtime.bigint() - start) / 1000;
    const sent = request(
      url,
      { method: 'POST', headers: { ...headers, 'content-length': Buffer.byteLength(body) } },
      (response) => {
        let first = null;
        response.on('data', () => (first ??= since()));
        response.on('end', () => resolve({ first, last: since() }));
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

async function startNginx() {
  const port = await freePort();
  const answers = join(dir, 'answers');
  mkdirSync(answers);
  const usage = {
    prompt_tokens: 75,
    completion_tokens: 64,
    total_tokens: 139,
    prompt_tokens_details: { cached_tokens: 11 },
  };
  const base = { id: 'chatcmpl-1', created: 1, model: 'glm-5.1' };
  const chunk = (delta, finish = null) => ({
    ...base,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const frames = [
    chunk({ role: 'assistant', content: '' }),
    ...Array.from({ length: 64 }, (_, i) => chunk({ content: ` word${i}` })),
    { ...chunk({}, 'stop'), usage },
  ];
  writeFileSync(
    join(answers, 'stream.sse'),
    `${frames.map((frame) => `data: ${JSON.stringify(frame)}\n\n`).join('')}data: [DONE]\n\n`,
  );
  const message = { role: 'assistant', content: 'It adds two numbers and returns their sum. '.repeat(12) };
  writeFileSync(
    join(answers, 'answer.json'),
    JSON.stringify({
      ...base,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: 'stop' }],
      usage,
    }),
  );
  writeFileSync(
    join(answers, 'models.json'),
    JSON.stringify({
      object: 'list',
      data: [{ id: 'glm-5.1', object: 'model', created: 1, owned_by: 'z-ai' }],
    }),
  );
  const window = {
    type: 'CREDIT_LIMIT',
    unit: 3,
    number: 5,
    usage: 2000,
    currentValue: 5,
    remaining: 1995,
    percentage: 1,
  };
  writeFileSync(
    join(answers, 'quota.json'),
    JSON.stringify({
      code: 200,
      msg: 'Operation successful',
      success: true,
      data: { limits: [window], level: 'pro' },
    }),
  );
  const config = readFileSync(join(here, 'nginx.conf.template'), 'utf8')
    .replaceAll('@DIR@', dir)
    .replaceAll('@PORT@', String(port));
  writeFileSync(join(dir, 'nginx.conf'), config);
  // The answers must be readable by nginx's own user.
  spawnSync('chmod', ['-R', 'a+rX', dir]);
  const child = spawn('nginx', ['-c', join(dir, 'nginx.conf'), '-g', 'daemon off;'], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  stops.push(() => stopped(child));
  await answering(`http://127.0.0.1:${port}/answer.json`);
  return `http://127.0.0.1:${port}`;
}

async function startBare(nginx) {
  const child = fork(join(here, 'bare-proxy.mjs'), [nginx, PATH]);
  stops.push(() => stopped(child));
  const { port } = await new Promise((resolve) => child.once('message', resolve));
  return port;
}

async function startSwitchyard(nginx) {
  const token = 'bench-admin-token-that-is-long-enough-0123456789';
  const [adminPort, gatewayPort] = [await freePort(), await freePort()];
  const env = {
    ...process.env,
    DATA_DIR: join(dir, 'data'),
    ADMIN_TOKEN: token,
    ADMIN_PORT: String(adminPort),
    GATEWAY_PORT: String(gatewayPort),
    ALLOW_PRIVATE_UPSTREAMS: 'true',
    LOG_LEVEL: 'warn',
    CATALOG_REFRESH: 'false',
    ...(options.database ? { DATABASE_URL: options.database } : {}),
  };
  const child = spawn(process.execPath, [join(here, '../../dist/src/main.js'), 'serve'], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  stops.push(() => stopped(child));
  const gatewayUrl = `http://127.0.0.1:${gatewayPort}`;
  await answering(`http://127.0.0.1:${adminPort}/readyz`);
  await answering(`${gatewayUrl}/readyz`);
  const graphql = async (query, variables) => {
    const answer = await fetch(`http://127.0.0.1:${adminPort}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
    });
    const { data, errors } = await answer.json();
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  };
  const made = await graphql(
    `
      mutation ($url: URL!) {
        connectionCreate(
          input: {
            provider: "zai"
            offering: "coding-plan"
            label: "bench"
            secret: "bench.secret-0123456789"
            baseUrl: $url
          }
        ) {
          connection {
            id
          }
          userErrors {
            message
          }
        }
        accessKeyCreate(input: { name: "bench" }) {
          plaintext
        }
      }
    `,
    { url: nginx },
  );
  if (!made.connectionCreate.connection) throw new Error(JSON.stringify(made.connectionCreate.userErrors));
  const key = made.accessKeyCreate.plaintext;
  await until(async () => {
    const list = await fetch(`${gatewayUrl}/v1/models`, { headers: { authorization: `Bearer ${key}` } });
    return list.ok && (await list.json()).data.length > 0;
  });
  const total = async () => {
    const report = await graphql(
      `
        query ($from: DateTime!) {
          usageReport(input: { range: { from: $from }, interval: TOTAL }) {
            totals {
              requests
              failures
              tokens {
                total
              }
            }
          }
        }
      `,
      { from: new Date(Date.now() - 3_600_000).toISOString() },
    );
    return report.usageReport.totals;
  };
  return {
    gatewayUrl,
    key,
    async check() {
      let seen = -1;
      await until(
        async () => {
          const { requests } = await total();
          const settled = requests === seen;
          seen = requests;
          return settled;
        },
        1000,
        240,
      );
      console.log(`\nRecorded by Switchyard: ${JSON.stringify(await total())}`);
    },
  };
}

function keep(results, measure, target, value) {
  if (!results.has(measure)) results.set(measure, new Map());
  const byTarget = results.get(measure);
  byTarget.set(target, [...(byTarget.get(target) ?? []), value]);
}

function print(results) {
  console.log(`\nMedian of ${rounds} interleaved rounds (min–max); ratio of the medians.\n`);
  for (const [measure, byTarget] of results) {
    console.log(measure);
    const bare = median(byTarget.get('bare'));
    for (const [target, values] of byTarget) {
      const own = median(values);
      const range = `${Math.round(Math.min(...values))}–${Math.round(Math.max(...values))}`;
      console.log(
        `  ${target.padEnd(11)} ${String(Math.round(own)).padStart(7)}  (${range})  ${(own / bare).toFixed(2)} × bare`,
      );
    }
  }
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function answering(url) {
  await until(async () => (await fetch(url).catch(() => null))?.ok);
}

async function until(probe, everyMs = 50, times = 600) {
  for (let i = 0; i < times; i++) {
    if (await probe()) return;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  throw new Error('not within the time');
}

function stopped(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once('exit', resolve);
    child.kill('SIGTERM');
  });
}
