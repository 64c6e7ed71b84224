/** How late subscribers hear of requests: the installed program, a journal that is written at a fixed rate, websockets. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const TOKEN = 'sya_bench-token-of-the-workspace-default-0000';
const PER_SECOND = 1_000;
const WARM_UP_MS = 2_000;
const START_MS = 60_000;
const script = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Delays from a request's end to each subscriber's hearing of it. */
export async function measureLag({ databaseUrl, subscribers, seconds }) {
  const dataDir = mkdtempSync(join(tmpdir(), 'switchyard-bench-live-'));
  const port = await freePort();
  const program = fork(script('../../dist/src/main.js'), ['serve'], {
    stdio: 'ignore',
    env: {
      ...process.env,
      ...(databaseUrl === null ? {} : { DATABASE_URL: databaseUrl }),
      DATA_DIR: dataDir,
      ADMIN_PORT: String(port),
      ADMIN_TOKEN: TOKEN,
      ROLES: 'control',
      LOG_LEVEL: 'silent',
      CATALOG_REFRESH: 'false',
    },
  });
  const children = [];
  const start = (name, ...args) => {
    const child = fork(script(name), args.map(String));
    children.push(child);
    return child;
  };
  try {
    const workspaceId = await workspaceOf(`http://127.0.0.1:${port}/graphql`);
    const listeners = start('./subscribers.mjs', `ws://127.0.0.1:${port}/graphql`, TOKEN, subscribers);
    await once(listeners, 'message');
    const gateway = start('./gateway.mjs', join(dataDir, 'journal'), workspaceId, PER_SECOND);
    await pause(WARM_UP_MS);
    listeners.send('start');
    await pause(seconds * 1_000);
    listeners.send('stop');
    const [{ delays, dropped, failure }] = await once(listeners, 'message');
    gateway.send('stop');
    await once(gateway, 'message');
    if (failure) throw new Error(`a subscription ended: ${JSON.stringify(failure)}`);
    const inOrder = delays.toSorted((a, b) => a - b);
    const at = (fraction) => inOrder[Math.floor(fraction * inOrder.length)] ?? Number.NaN;
    return { p50: at(0.5), p99: at(0.99), heardPerSecond: delays.length / seconds, dropped };
  } finally {
    for (const child of children) child.kill();
    program.kill('SIGTERM');
    await once(program, 'exit');
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function workspaceOf(url) {
  const deadline = performance.now() + START_MS;
  for (;;) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify({ query: '{ viewer { workspace { id } } }' }),
      });
      const { data } = await response.json();
      return data.viewer.workspace.id;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(100);
    }
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  return port;
}
