/** Starts the control process and the gateways, restarts what dies, stops everything in order. */
import { fork, type ChildProcess } from 'node:child_process';
import cluster, { type Worker } from 'node:cluster';
import { childEnvironment, type Config } from '../config/config.js';
import { DRAIN_TIMEOUT_MS } from '../config/limits.js';
import { systemClock } from '../domain/clock.js';
import { StartupError } from '../domain/errors.js';
import type { Logger } from '../observability/logger.js';
import { requireFreeAddresses } from './listeners.js';
import type { ProcessReport, ProcessRole } from './messages.js';
import { createRelay, type Peer } from './relay.js';

export interface SupervisorOptions {
  readonly config: Config;
  readonly logger: Logger;
  /** Path of the program that `control-process` and `gateway-process N` are commands of. */
  readonly program: string;
  /** Variables that the processes are to find other than this one does. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Whether the gateways can serve before the control process can: then a database that is away does not end the start. */
  readonly canServeAlone: boolean;
}

export interface Supervisor {
  readonly adminPort: number | null;
  readonly gatewayPort: number | null;
  /** Process ids now, for tests and for whoever looks. */
  pids(): { readonly control: number | null; readonly gateways: readonly number[] };
  /** Drains the gateways, then stops the control process. */
  stop(): Promise<void>;
}

const BACKOFF_FIRST_MS = 100;
const BACKOFF_MAX_MS = 5_000;
/** A process that lived this long was well: its next death starts the back-off anew. */
const STABLE_MS = 30_000;
/** What a stopping process may take beyond the drain time before it is killed. */
const STOP_GRACE_MS = 5_000;

interface Child {
  readonly role: ProcessRole;
  readonly slot: number;
  process: ChildProcess | null;
  backoffMs: number;
  startedAt: number;
  /** Kept over restarts, so that a port chosen by the system stays. */
  port: number | null;
}

/** Resolves once everything serves; rejects with a {@link StartupError} when a first start cannot succeed. */
export async function startSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const { config, logger, program, canServeAlone, environment = {} } = options;
  await requireFreeAddresses(config);
  const children: Child[] = [];
  const relay = createRelay({ clock: systemClock });
  let started = false;
  let stopping = false;

  // Each gateway accepts for itself; handing connections out from here would put this process into every request's way.
  cluster.schedulingPolicy = cluster.SCHED_NONE;

  const add = (role: ProcessRole, slot: number): Child => {
    const child: Child = {
      role,
      slot,
      process: null,
      backoffMs: BACKOFF_FIRST_MS,
      startedAt: 0,
      port: null,
    };
    children.push(child);
    return child;
  };
  const spawn = (child: Child): ChildProcess =>
    child.role === 'control'
      ? forkControl(program, child, environment)
      : forkGateway(program, child, environment);

  const launch = (child: Child): Promise<void> =>
    new Promise((resolve, reject) => {
      const spawned = spawn(child);
      child.process = spawned;
      child.startedAt = performance.now();
      const peer = peerOf(child.role, spawned);
      relay.joined(peer);
      let startupFailure: StartupError | null = null;
      spawned.on('message', (message) => {
        const received = message as ProcessReport;
        if (received.kind === 'startup-failed') {
          startupFailure = new StartupError(received.message, { mayPass: received.mayPass });
        } else if (received.kind === 'ready') {
          child.port = received.port;
          relay.served(peer);
          resolve();
        } else {
          relay.take(peer, received);
        }
      });
      // A process that could not even be made has no exit.
      spawned.on('error', (error) => {
        if (spawned.pid === undefined) {
          child.process = null;
          relay.left(peer);
        }
        reject(new StartupError(`the ${child.role} process failed: ${error.message}`, { mayPass: true }));
      });
      spawned.once('exit', (code, signal) => {
        child.process = null;
        relay.left(peer);
        const how = signal ?? `code ${code}`;
        reject(
          startupFailure ??
            new StartupError(`the ${child.role} process ended with ${how}`, { mayPass: true }),
        );
        // Of a first start that fails, the error says all there is to say.
        if (started && !stopping)
          logger.warn({ child: child.role, slot: child.slot, code, signal }, 'a process ended');
      });
    });

  /** Starts a child again and again until it serves or everything stops. */
  const relaunch = async (child: Child): Promise<void> => {
    while (!stopping) {
      const lived = performance.now() - child.startedAt;
      child.backoffMs = lived > STABLE_MS ? BACKOFF_FIRST_MS : Math.min(child.backoffMs * 2, BACKOFF_MAX_MS);
      await delay(lived > STABLE_MS ? 0 : child.backoffMs);
      if (stopping) return;
      try {
        await launch(child);
        watch(child);
        logger.info({ child: child.role, slot: child.slot }, 'a process was started again');
        return;
      } catch (error) {
        logger.error(
          { child: child.role, slot: child.slot, reason: (error as Error).message },
          'start failed',
        );
      }
    }
  };
  const watch = (child: Child): void => {
    if (child.process) child.process.once('exit', () => void relaunch(child));
    else void relaunch(child);
  };
  const start = async (child: Child, mayFail: boolean): Promise<void> => {
    try {
      await launch(child);
    } catch (error) {
      if (!mayFail || !(error instanceof StartupError) || !error.mayPass) throw error;
      if (!stopping) logger.error({ child: child.role, reason: error.message }, 'start failed; trying again');
    }
    watch(child);
  };
  const stopChildren = async (role: ProcessRole): Promise<void> => {
    await Promise.all(children.filter((child) => child.role === role).map(stopChild));
  };
  const stop = async (): Promise<void> => {
    stopping = true;
    // The recorder must see what the last requests wrote, so the control process goes last.
    await stopChildren('gateway');
    await stopChildren('control');
  };

  // A node that only routes still needs the control process: it reads the journal and makes the snapshots.
  const control = add('control', 0);
  const gateways = config.roles.gateway
    ? Array.from({ length: config.gateway.workers }, (_, slot) => add('gateway', slot))
    : [];
  try {
    await Promise.all([start(control, canServeAlone), ...gateways.map((gateway) => start(gateway, false))]);
  } catch (error) {
    await stop();
    throw error;
  }
  started = true;
  return {
    get adminPort() {
      return control.port;
    },
    get gatewayPort() {
      return gateways[0]?.port ?? null;
    },
    pids: () => ({
      control: control.process?.pid ?? null,
      gateways: gateways.flatMap(({ process: running }) => running?.pid ?? []),
    }),
    stop,
  };
}

type Environment = Readonly<Record<string, string>>;

function forkControl(program: string, child: Child, environment: Environment): ChildProcess {
  const port = child.port === null ? {} : { ADMIN_PORT: String(child.port) };
  return fork(program, ['control-process'], { env: childEnvironment({ ...environment, ...port }) });
}

function forkGateway(program: string, child: Child, environment: Environment): ChildProcess {
  cluster.setupPrimary({ exec: program, args: ['gateway-process', String(child.slot)] });
  const port = child.port === null ? {} : { GATEWAY_PORT: String(child.port) };
  const worker: Worker = cluster.fork({ ...environment, ...port });
  return worker.process;
}

function peerOf(role: ProcessRole, running: ChildProcess): Peer {
  return {
    role,
    pid: running.pid ?? 0,
    send(order) {
      // With a callback, because without one the failure to reach a process that is just dying would end this one.
      if (running.connected) running.send(order, () => undefined);
    },
  };
}

async function stopChild(child: Child): Promise<void> {
  const running = child.process;
  if (!running) return;
  const exited = new Promise<void>((resolve) => running.once('exit', () => resolve()));
  peerOf(child.role, running).send({ kind: 'stop' });
  const kill = setTimeout(() => running.kill('SIGKILL'), DRAIN_TIMEOUT_MS + STOP_GRACE_MS);
  await exited;
  clearTimeout(kill);
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
