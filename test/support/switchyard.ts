/** The whole program, as its operator starts it: real processes on a data directory of the test's own, driven from outside. */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { placeEmbeddedDatabase } from './database.js';
import { createGraphqlClient, type GraphqlClient } from './graphql-client.js';
import { makeTempDir } from './temp-dir.js';
import { until } from './wait.js';

const PROGRAM = fileURLToPath(new URL('../../dist/src/main.js', import.meta.url));
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 45_000;

/** What a run of the program left behind. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Processes {
  readonly supervisor: number;
  /** Null while it is down. */
  readonly control: number | null;
  readonly gateways: readonly number[];
}

/** A running program. */
export interface Switchyard extends AsyncDisposable {
  readonly adminUrl: string;
  readonly gatewayUrl: string;
  readonly token: string;
  /** Time from its start until it said that it is ready. */
  readonly readyMs: number;
  readonly api: GraphqlClient;
  readonly ended: Promise<Ended>;
  /** Everything it wrote so far. */
  stdout(): string;
  stderr(): string;
  /** Its process ids now, as the system sees them. */
  processes(): Processes;
  /** Ends one of its processes without warning and waits until it is gone. */
  kill9(role: 'supervisor' | 'control' | 'gateway'): Promise<void>;
  /** Sends a signal to the supervisor, or to all of its processes at once as a terminal does. */
  signal(signal: NodeJS.Signals, to?: 'supervisor' | 'all'): void;
  /** SIGTERM, and how it ended. */
  stop(): Promise<Ended>;
}

/** Data directory, keys and settings that outlive single starts. */
export interface Installation extends AsyncDisposable {
  readonly dataDir: string;
  readonly token: string;
  /** Starts it and waits until it is ready. */
  start(settings?: Settings): Promise<Switchyard>;
  /** Starts it and waits for nothing. */
  launch(settings?: Settings): Run;
  /** Starts it and waits until it has ended by itself. */
  run(settings?: Settings, ...args: string[]): Promise<Ended & { stdout: string; stderr: string }>;
}

export type Settings = Readonly<Record<string, string>>;

export interface InstallationOptions {
  /** Leaves making the embedded database to the first start, as for an operator, rather than placing one that is ready. */
  readonly makesDatabase?: boolean;
}

export async function createInstallation(
  settings: Settings = {},
  { makesDatabase = false }: InstallationOptions = {},
): Promise<Installation> {
  if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: run npm run build first, or npm test.`);
  const dataDir = await makeTempDir();
  const token = `test-${randomBytes(24).toString('base64url')}`;
  const running = new Set<Run>();
  const environment = (more: Settings): NodeJS.ProcessEnv => ({
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    DATA_DIR: dataDir.path,
    ADMIN_PORT: '0',
    GATEWAY_PORT: '0',
    ADMIN_TOKEN: token,
    ALLOW_PRIVATE_UPSTREAMS: 'true',
    ...settings,
    ...more,
  });
  const launch = (more: Settings, args: readonly string[]): Run => {
    const run = spawnProgram(environment(more), args);
    running.add(run);
    void run.ended.then(() => running.delete(run));
    return run;
  };
  return {
    dataDir: dataDir.path,
    token,
    launch: (more = {}) => launch(more, ['serve']),
    async start(more = {}) {
      const isEmbedded = !('DATABASE_URL' in settings || 'DATABASE_URL' in more);
      if (isEmbedded && !makesDatabase) await placeEmbeddedDatabase(dataDir.path);
      return ready(launch(more, ['serve']), { ADMIN_PORT: '0', ...settings, ...more }, token);
    },
    async run(more = {}, ...args) {
      const run = launch(more, args.length > 0 ? args : ['serve']);
      const ended = await within(run.ended, START_DEADLINE_MS, 'the program ends by itself', run);
      return { ...ended, stdout: run.stdout(), stderr: run.stderr() };
    },
    async [Symbol.asyncDispose]() {
      for (const run of running) await run.destroy();
      await dataDir[Symbol.asyncDispose]();
    },
  };
}

/** A port that nothing listens on, for settings that must stay the same over several starts. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The program from the moment it was started. */
export interface Run {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  stdout(): string;
  stderr(): string;
  signal(signal: NodeJS.Signals, to: 'supervisor' | 'all'): void;
  /** Ends whatever is left of it. */
  destroy(): Promise<void>;
}

function spawnProgram(env: NodeJS.ProcessEnv, args: readonly string[]): Run {
  // A process group of its own: what a terminal signals, and what is cleaned up.
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pid = child.pid ?? -1;
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const drained = new Promise<void>((resolve) => child.once('close', () => resolve()));
  return {
    pid,
    // Its processes hold the same output; all of it is there once the last one is gone.
    ended: ended.then(async (end) => {
      if (end.signal !== 'SIGKILL') await drained;
      return end;
    }),
    stdout: () => stdout,
    stderr: () => stderr,
    signal(signal, to) {
      send(to === 'all' ? -pid : pid, signal);
    },
    async destroy() {
      send(-pid, 'SIGKILL');
      await drained;
    },
  };
}

async function ready(run: Run, settings: Settings, token: string): Promise<Switchyard> {
  const startedAt = performance.now();
  let over: Ended | null = null;
  void run.ended.then((end) => (over = end));
  await until(
    'the program is ready',
    () => {
      if (over) throw new Error(`the program ended with ${JSON.stringify(over)}: ${run.stderr()}`);
      return /Switchyard is ready/.test(run.stdout()) && run.stdout().endsWith('\n\n');
    },
    START_DEADLINE_MS,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${run.stderr()}`);
  });
  const readyMs = performance.now() - startedAt;
  const gatewayUrl = /Gateway\s+(http:\S+)\/v1/.exec(run.stdout())?.[1];
  if (gatewayUrl === undefined) throw new Error(`no gateway address in: ${run.stdout()}`);
  const adminUrl =
    /Admin API\s+(http:\S+)\/graphql/.exec(run.stdout())?.[1] ??
    `http://127.0.0.1:${settings['ADMIN_PORT'] ?? ''}`;
  const processes = (): Processes => processesOf(run.pid);
  return {
    adminUrl,
    gatewayUrl,
    token,
    readyMs,
    api: createGraphqlClient(adminUrl, token),
    ended: run.ended,
    stdout: run.stdout,
    stderr: run.stderr,
    processes,
    async kill9(role) {
      const { supervisor, control, gateways } = processes();
      const pid = { supervisor, control, gateway: gateways[0] }[role];
      if (pid === null || pid === undefined) throw new Error(`there is no ${role} process to kill`);
      send(pid, 'SIGKILL');
      if (role === 'supervisor') await run.ended;
      else await until(`process ${pid} is gone`, () => !isRunning(pid));
    },
    signal: (signal, to = 'supervisor') => run.signal(signal, to),
    stop() {
      run.signal('SIGTERM', 'supervisor');
      return within(run.ended, STOP_DEADLINE_MS, 'the program stops', run);
    },
    [Symbol.asyncDispose]: () => run.destroy(),
  };
}

/** The processes of a program, as the system sees them. */
export function processesOf(supervisor: number): Processes {
  const children = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line))
    .flatMap((match) =>
      match?.[2] === String(supervisor) && !match[3]?.startsWith('Z')
        ? [{ pid: Number(match[1]), args: match[4] ?? '' }]
        : [],
    );
  return {
    supervisor,
    control: children.find(({ args }) => args.includes('control-process'))?.pid ?? null,
    gateways: children.filter(({ args }) => args.includes('gateway-process')).map(({ pid }) => pid),
  };
}

/** Whether a process is there and not just waiting to be buried. */
export function isRunning(pid: number): boolean {
  try {
    const state = execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
    return !state.startsWith('Z');
  } catch {
    return false;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function within<T>(promise: Promise<T>, ms: number, what: string, run: Run): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Not within ${ms} ms: ${what}\n${run.stderr()}`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
