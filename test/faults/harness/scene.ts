/** The whole program under agents' load with someone watching, and what can be done to it. */
import { startPostgres, type PostgresServer } from '../../support/postgres-server.js';
import { startSimulatedProvider } from '../../support/providers/simulated-provider.js';
import { connect, makeKey } from '../../support/operator.js';
import {
  createInstallation,
  freePort,
  type Installation,
  type Switchyard,
} from '../../support/switchyard.js';
import { until } from '../../support/wait.js';
import { auditBooks, auditListing } from './books.js';
import { startSubscriber, type Subscriber } from './subscriber.js';
import { createTraffic, type Traffic } from './traffic.js';

/** What can be killed; each comes back by itself or is brought back. */
export const VICTIMS = ['gateway', 'control', 'both', 'database', 'supervisor'] as const;
export type Victim = (typeof VICTIMS)[number];

export interface SceneOptions {
  /** A PostgreSQL of its own instead of the embedded database. */
  readonly real: boolean;
  readonly settings?: Readonly<Record<string, string>>;
  /** Done to its data directory before the first start. */
  readonly prepare?: (dataDir: string) => void;
}

export interface Scene extends AsyncDisposable {
  readonly program: Switchyard;
  readonly installation: Installation;
  readonly postgres: PostgresServer | null;
  /** Null with the embedded database. */
  readonly databaseUrl: string | null;
  readonly traffic: Traffic;
  readonly subscriber: Subscriber;
  /** Resolves once the gateway serves and the admin API answers for the database as well. */
  serves(): Promise<void>;
  gatewayServes(): Promise<boolean>;
  /** Kills, with whatever is needed for it to come back; a database stays away for `awayMs`. */
  kill(victim: Victim, awayMs?: number): Promise<void>;
  /** Starts the program again after it has ended. */
  restart(): Promise<void>;
  /** What is wrong with the books. */
  audit(): Promise<string[]>;
  /** As above, and reads all of it once more by the other way. */
  auditAll(): Promise<string[]>;
}

const FIRST_CALLS = 2;
const SERVES_DEADLINE_MS = 30_000;

export async function openScene(options: SceneOptions): Promise<Scene> {
  const opened: (() => unknown)[] = [];
  const close = async (): Promise<void> => {
    for (const one of opened.splice(0).toReversed()) await one();
  };
  try {
    return await open(options, opened, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  { real, settings = {}, prepare }: SceneOptions,
  opened: (() => unknown)[],
  close: () => Promise<void>,
): Promise<Scene> {
  const postgres = real ? await startPostgres() : null;
  opened.push(() => postgres?.[Symbol.asyncDispose]());
  const databaseUrl = (await postgres?.createDatabase()) ?? null;
  const [zai, opencode] = await Promise.all([
    startSimulatedProvider('zai'),
    startSimulatedProvider('opencode'),
  ]);
  for (const provider of [zai, opencode]) opened.push(() => provider.close());
  // Fixed ports, because agents keep asking where they asked before.
  const installation = await createInstallation({
    ...(databaseUrl === null ? {} : { DATABASE_URL: databaseUrl }),
    ADMIN_PORT: String(await freePort()),
    GATEWAY_PORT: String(await freePort()),
    ...settings,
  });
  opened.push(() => installation[Symbol.asyncDispose]());
  prepare?.(installation.dataDir);
  let program = await installation.start();
  await connect(program, zai, 'coding-plan');
  await connect(program, opencode, 'zen');
  const key = (await makeKey(program)).plaintext;
  const traffic = createTraffic(() => program.gatewayUrl, key);
  const subscriber = startSubscriber(() => program);
  opened.push(() => subscriber.stop());
  await subscriber.listening;
  await traffic.whole(FIRST_CALLS);
  await subscriber.heard(FIRST_CALLS);

  const restart = async (): Promise<void> => {
    program = await installation.start();
  };
  const gatewayServes = (): Promise<boolean> => answers(program.gatewayUrl);
  const audit = (): Promise<string[]> => auditBooks({ program, traffic, subscriber });
  return {
    get program() {
      return program;
    },
    installation,
    postgres,
    databaseUrl,
    traffic,
    subscriber,
    gatewayServes,
    async serves() {
      await until(
        'everything serves',
        async () => (await gatewayServes()) && (await answers(program.adminUrl)),
        SERVES_DEADLINE_MS,
      );
    },
    async kill(victim, awayMs = 0) {
      if (victim === 'gateway' || victim === 'both') await program.kill9('gateway');
      if (victim === 'control' || victim === 'both') await program.kill9('control');
      if (victim === 'database') {
        await postgres?.kill9();
        await new Promise((resolve) => setTimeout(resolve, awayMs));
        await postgres?.start();
      }
      if (victim === 'supervisor') {
        await program.kill9('supervisor');
        await restart();
      }
    },
    restart,
    audit,
    async auditAll() {
      return [...(await audit()), ...(await auditListing({ program, traffic, subscriber }))];
    },
    [Symbol.asyncDispose]: close,
  };
}

/** Whether the process behind an address says that it is ready. */
function answers(url: string): Promise<boolean> {
  return fetch(`${url}/readyz`).then(
    ({ status }) => status === 200,
    () => false,
  );
}
