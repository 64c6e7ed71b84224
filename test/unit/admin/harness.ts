/** The operator's use cases on a real database and over real HTTP, with what a test needs to look behind them. */
import { createAdmin } from '../../../src/admin/create-admin.js';
import type { AdminContext } from '../../../src/admin/actor.js';
import type { Admin } from '../../../src/admin/admin.js';
import type { ConnectionCreateInput } from '../../../src/admin/connections/verbs.js';
import { ensureBootstrap } from '../../../src/admin/bootstrap.js';
import type { Result } from '../../../src/admin/result.js';
import { factsFor } from '../../../src/discovery/catalog/catalog.js';
import { createDiscovery, type Discovery } from '../../../src/discovery/discovery.js';
import { createCredentialProbe } from '../../../src/discovery/probe.js';
import { systemClock, type Clock } from '../../../src/domain/clock.js';
import { HOUR_MS } from '../../../src/domain/time-range.js';
import type { ConnectionRecord, DiscoveryRunRecord } from '../../../src/domain/records.js';
import { ADMIN_SCOPES } from '../../../src/domain/vocabulary.js';
import { createBus, type Bus } from '../../../src/live/bus.js';
import type { Database } from '../../../src/persistence/database.js';
import { createQuotaPoller } from '../../../src/quota/poller.js';
import { createVault, type Vault } from '../../../src/secrets/vault.js';
import { createHttpGet } from '../../../src/upstream/http-get.js';
import { quietLogger } from '../../support/database.js';
import { borrowDatabase } from '../../support/borrowed-database.js';
import {
  type EngineOptions,
  startSimulatedProvider,
  type SimulatedProvider,
} from '../../support/providers/simulated-provider.js';

export const ADMIN_TOKEN = 'sya_test-token-of-the-workspace-default-000';

export interface Harness extends AsyncDisposable {
  readonly database: Database;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly vault: Vault;
  readonly discovery: Discovery;
  readonly admin: Admin;
  /** Acts with every scope in the workspace `default`. */
  readonly context: AdminContext;
  /** Starts a simulated provider that ends with the harness. */
  simulate(slug: string, options?: EngineOptions): Promise<SimulatedProvider>;
  /** Creates a connection to it, with its good key unless told otherwise. */
  connect(
    provider: SimulatedProvider,
    input?: Partial<ConnectionCreateInput>,
  ): Promise<Result<{ connection: ConnectionRecord; discoveryRun: DiscoveryRunRecord | null }>>;
}

export interface HarnessOptions {
  readonly allowPrivateUpstreams?: boolean;
  /** The system's when left out. */
  readonly clock?: Clock;
}

export async function startHarness(options: HarnessOptions = {}): Promise<Harness> {
  const { clock = systemClock } = options;
  const database = await borrowDatabase();
  const bus = createBus(quietLogger);
  const vault = createVault([Buffer.alloc(32, 7)]);
  const http = createHttpGet({ allowPrivateUpstreams: true, userAgent: 'switchyard-test' });
  const discovery = createDiscovery({ database, bus, clock, logger: quietLogger, vault, http, factsFor });
  const quota = createQuotaPoller({
    database,
    bus,
    clock,
    logger: quietLogger,
    vault,
    http,
    // Tests count calls: only those they ask for are made.
    checkEveryMs: HOUR_MS,
  });
  const admin = createAdmin({
    configInForce: () => Promise.resolve(),
    database,
    bus,
    clock,
    vault,
    discovery,
    probe: createCredentialProbe({ http, clock }),
    quota,
    allowPrivateUpstreams: options.allowPrivateUpstreams ?? true,
  });
  const workspace = await ensureBootstrap({ database, adminToken: ADMIN_TOKEN, clock });
  const context = contextOf(workspace.id);
  const simulated: SimulatedProvider[] = [];
  return {
    database,
    bus,
    clock,
    vault,
    discovery,
    admin,
    context,
    async simulate(slug, options) {
      const provider = await startSimulatedProvider(slug, options);
      simulated.push(provider);
      return provider;
    },
    connect: (provider, input = {}) =>
      admin.connections.create(context, {
        provider: provider.slug,
        label: 'main',
        secret: provider.keys.good,
        baseUrl: provider.url,
        priority: 0,
        verify: true,
        discover: true,
        ...input,
      }),
    async [Symbol.asyncDispose]() {
      await discovery.close();
      await quota.close();
      await http.close();
      await Promise.all(simulated.map((provider) => provider.close()));
      await database.close();
    },
  };
}

/** An actor of a workspace. */
export function contextOf(
  workspaceId: string,
  scopes: AdminContext['actor']['scopes'] = ADMIN_SCOPES,
): AdminContext {
  return {
    actor: { kind: 'ADMIN_TOKEN', id: 'tok_test', name: 'tester', scopes, workspaceId, expiresAt: null },
    ip: '127.0.0.1',
    requestId: 'req_test',
    signal: new AbortController().signal,
  };
}

/** The value of a result that must have succeeded. */
export function valueOf<T>(result: Result<T>): T {
  if (!result.ok)
    throw new Error(result.userErrors.map(({ code, message }) => `${code}: ${message}`).join('; '));
  return result.value;
}

/** The codes of a result that must have failed. */
export function codesOf(result: Result<unknown>): string[] {
  return result.ok ? [] : result.userErrors.map(({ code }) => code);
}
