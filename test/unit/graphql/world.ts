/** A small operator's world in memory, behind the real listener: enough to try the transports without a database. */
import { Registry } from 'prom-client';
import type { Actor } from '../../../src/admin/actor.js';
import { requireScope } from '../../../src/admin/actor.js';
import type { Admin } from '../../../src/admin/admin.js';
import { fail, ok } from '../../../src/admin/result.js';
import { ADMIN_SCOPES } from '../../../src/domain/vocabulary.js';
import { systemClock, type Clock } from '../../../src/domain/clock.js';
import type { Cooldown } from '../../../src/domain/cooldown.js';
import type {
  ConnectionRecord,
  DiscoveryResultRecord,
  DiscoveryRunRecord,
  HealthRecord,
} from '../../../src/domain/records.js';
import { providersWith } from '../../../src/providers/provider-set.js';
import type { UsageReads } from '../../../src/graphql/usage/reads.js';
import { startAdminServer, type AdminServer } from '../../../src/graphql/server.js';
import { createBus, type Bus } from '../../../src/live/bus.js';
import { createLogger, type Logger } from '../../../src/observability/logger.js';
import { createMailbox } from '../../../src/live/mailbox.js';

export const TOKEN = 'sya_the-operators-own-token-of-43-characters-xx';
export const READER_TOKEN = 'sya_a-token-that-may-read-usage-only';
export const WORKSPACE = 'ws_01';

export interface World {
  readonly server: AdminServer;
  readonly bus: Bus;
  readonly connections: Map<string, ConnectionRecord>;
  readonly runs: Map<string, DiscoveryRunRecord>;
  /** By connection. */
  readonly cooldowns: Map<string, readonly Cooldown[]>;
  /** Actors by token; take one out to revoke it. */
  readonly actors: Map<string, Actor>;
  /** Calls per verb since the start: what batching keeps low. */
  readonly calls: Map<string, number>;
  /** Makes reads of the workspace, and removals of connections, fail with this or wait for it. */
  workspaceFault: (() => Promise<unknown>) | null;
  /** Holds up whoever signs in. */
  signInHeld: Promise<unknown> | null;
  /** What `usageRecorded` follows; nothing ever happens there unless set. */
  followed: (() => AsyncIterableIterator<never>) | null;
  setHealth(id: string, health: Partial<HealthRecord>): void;
  close(): Promise<void>;
}

export async function startWorld(
  options: {
    clock?: Clock;
    sockets?: { initTimeoutMs?: number; keepAliveMs?: number };
    host?: string;
    operationTimeoutMs?: number;
    logger?: Logger;
  } = {},
): Promise<World> {
  const clock = options.clock ?? systemClock;
  const logger = options.logger ?? createLogger({ level: 'silent', role: 'test' });
  const bus = createBus(logger);
  const connections = new Map<string, ConnectionRecord>();
  const runs = new Map<string, DiscoveryRunRecord>();
  const cooldowns = new Map<string, readonly Cooldown[]>();
  const calls = new Map<string, number>();
  const actors = new Map<string, Actor>([
    [TOKEN, actor('tok_owner', 'owner', ADMIN_SCOPES)],
    [READER_TOKEN, actor('tok_reader', 'reader', ['USAGE_READ'])],
  ]);
  const count = (verb: string): void => void calls.set(verb, (calls.get(verb) ?? 0) + 1);
  const unused = (): never => {
    throw new Error('not part of this world');
  };

  const admin: Admin = {
    async authenticate(token) {
      await world.signInHeld;
      return actors.get(token) ?? null;
    },
    async workspace() {
      await world.workspaceFault?.();
      return { id: WORKSPACE, slug: 'default', name: 'Default', createdAt: 0 };
    },
    providers: {
      known: () => Promise.resolve(providersWith([])),
      create: unused,
      update: unused,
      remove: unused,
    },
    connections: {
      list: (context, page) => {
        requireScope(context, 'CONFIG_READ');
        count('connections.list');
        const all = [...connections.values()];
        const start = page.after ? all.findIndex(({ id }) => id === page.after?.id) + 1 : 0;
        const items = all.slice(start, start + page.first);
        return Promise.resolve({
          items,
          hasNextPage: start + items.length < all.length,
          totalCount: all.length,
        });
      },
      byIds: (_context, ids) => {
        count('connections.byIds');
        return Promise.resolve(ids.map((id) => connections.get(id) ?? null));
      },
      create: () => Promise.resolve(fail('TAKEN', 'Another connection is called that.', ['input', 'label'])),
      update: (_context, id, input) => {
        const known = connections.get(id);
        if (!known) return Promise.resolve(fail('NOT_FOUND', 'There is no such connection.', ['id']));
        const { label = known.label, region = known.region } = input;
        connections.set(id, { ...known, label, region });
        return Promise.resolve(ok({ ...known, label, region }));
      },
      rotateSecret: unused,
      verify: unused,
      async remove(_context, id) {
        await world.workspaceFault?.();
        return connections.delete(id) ? ok(id) : fail('NOT_FOUND', 'Gone.', ['id']);
      },
      plans: () => Promise.resolve([]),
      quotaWindows: (_context, ids) => Promise.resolve(ids.map(() => [])),
      refreshQuota: unused,
      lastDiscoveries: (_context, ids) => {
        count('connections.lastDiscoveries');
        return Promise.resolve(ids.map(() => null));
      },
      clearCooldown: unused,
      cooldowns: (_context, ids) => Promise.resolve(ids.map((id) => cooldowns.get(id) ?? [])),
    },
    models: {
      list: () => Promise.resolve({ items: [], hasNextPage: false, totalCount: 0 }),
      byRef: () => Promise.resolve(null),
      byRefs: (_context, refs) => Promise.resolve(refs.map(() => null)),
      byIds: (_context, ids) => Promise.resolve(ids.map(() => null)),
      update: unused,
    },
    discovery: {
      runs: () => Promise.resolve({ items: [...runs.values()], hasNextPage: false, totalCount: null }),
      byIds: (_context, ids) => Promise.resolve(ids.map((id) => runs.get(id) ?? null)),
      start: unused,
      cancel: unused,
    },
    tiers: {
      list: () => Promise.resolve([]),
      byIds: (_context, ids) => Promise.resolve(ids.map(() => null)),
      bySlugs: (_context, slugs) => Promise.resolve(slugs.map(() => null)),
      create: unused,
      update: unused,
      setTargets: unused,
      reorder: unused,
      remove: unused,
    },
    rules: {
      list: () => Promise.resolve([]),
      byIds: (_context, ids) => Promise.resolve(ids.map(() => null)),
      create: unused,
      update: unused,
      reorder: unused,
      remove: unused,
    },
    routing: { view: unused, plan: unused, weights: unused, setWeights: unused },
    accessKeys: {
      list: (context) => {
        requireScope(context, 'KEYS_READ');
        return Promise.resolve({ items: [], hasNextPage: false, totalCount: 0 });
      },
      byIds: (_context, ids) => Promise.resolve(ids.map(() => null)),
      create: unused,
      update: unused,
      rotate: unused,
      revoke: unused,
      spent: unused,
      state: () => 'ACTIVE',
    },
    auditLog: {
      list: () => Promise.resolve({ items: [], hasNextPage: false, totalCount: null }),
      byIds: (_context, ids) => Promise.resolve(ids.map(() => null)),
    },
    limits: {
      list: () => Promise.resolve([]),
      byIds: (_context, ids) => Promise.resolve(ids.map(() => null)),
      current: unused,
      create: unused,
      update: unused,
      remove: unused,
    },
    alerts: {
      list: () => Promise.resolve({ items: [], hasNextPage: false, totalCount: null }),
      byIds: (_context, ids) => Promise.resolve(ids.map(() => null)),
      acknowledge: unused,
    },
    webhooks: {
      list: unused,
      byIds: (_context, ids) => Promise.resolve(ids.map(() => null)),
      deliveries: unused,
      create: unused,
      update: unused,
      remove: unused,
      test: unused,
    },
  };
  const usage: UsageReads = {
    events: () => Promise.resolve({ items: [], hasNextPage: false, totalCount: null }),
    keysTagged: () => Promise.resolve([]),
    eventsByIds: (_context, ids) => Promise.resolve(ids.map(() => null)),
    attempts: (_context, ids) => Promise.resolve(ids.map(() => [])),
    report: unused,
    sums: unused,
    errorRate: () => null,
    savings: unused,
    export: unused,
    follow: () => ({ ...(world.followed?.() ?? silence()), ready: () => undefined }),
    followTotals: unused,
  };

  const server = await startAdminServer({
    host: options.host ?? '127.0.0.1',
    port: 0,
    admin,
    usage,
    bus,
    clock,
    logger,
    metrics: new Registry(),
    version: '0.0.0-test',
    usageRetentionDays: 90,
    checks: () => Promise.resolve([{ name: 'database', state: 'HEALTHY', latencyMs: 1, message: null }]),
    ...(options.sockets && { sockets: options.sockets }),
    ...(options.operationTimeoutMs !== undefined && { operationTimeoutMs: options.operationTimeoutMs }),
  });
  const world: World = {
    server,
    bus,
    connections,
    runs,
    cooldowns,
    actors,
    calls,
    workspaceFault: null,
    signInHeld: null,
    followed: null,
    setHealth(id, health) {
      const known = connections.get(id);
      if (!known) throw new Error(`no connection ${id}`);
      connections.set(id, { ...known, health: { ...known.health, ...health } });
      bus.publish('connection.health', { workspaceId: WORKSPACE, connectionId: id });
    },
    close: () => server.close(),
  };
  return world;
}

/** A stream on which nothing ever happens: what an idle subscriber waits on. */
function silence(): AsyncIterableIterator<never> {
  const mailbox = createMailbox<never>({ capacity: 1 });
  const stream: AsyncIterableIterator<never> = {
    next: async () => {
      await mailbox.next();
      return { done: true, value: undefined };
    },
    return: async () => {
      await mailbox.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => stream,
  };
  return stream;
}

function actor(id: string, name: string, scopes: Actor['scopes']): Actor {
  return { kind: 'ADMIN_TOKEN', id, name, scopes, workspaceId: WORKSPACE, expiresAt: null };
}

export function connection(id: string, changes: Partial<ConnectionRecord> = {}): ConnectionRecord {
  return {
    id,
    workspaceId: WORKSPACE,
    provider: 'zai',
    offering: 'coding-plan',
    billing: 'SUBSCRIPTION',
    credential: 'API_KEY',
    label: id,
    enabled: true,
    priority: 0,
    region: null,
    baseUrl: null,
    planCode: null,
    monthlyPriceNanoUsd: null,
    planActive: null,
    secretPreview: 'abc…wxyz',
    secretRotatedAt: 0,
    secretExpiresAt: null,
    health: { state: 'HEALTHY', reason: null, message: null, checkedAt: 0 },
    maxConcurrency: null,
    createdAt: 0,
    updatedAt: 0,
    ...changes,
  };
}

export function discoveryRun(id: string, changes: Partial<DiscoveryRunRecord> = {}): DiscoveryRunRecord {
  return {
    id,
    workspaceId: WORKSPACE,
    trigger: 'MANUAL',
    status: 'RUNNING',
    connectionsTotal: 2,
    createdAt: 0,
    startedAt: 0,
    finishedAt: null,
    results: [],
    ...changes,
  };
}

export function discoveryResult(
  id: string,
  changes: Partial<DiscoveryResultRecord> = {},
): DiscoveryResultRecord {
  return {
    id,
    runId: 'run_1',
    connectionId: null,
    provider: 'zai',
    status: 'SUCCEEDED',
    modelsFound: 1,
    modelsAdded: [],
    modelsRemoved: [],
    failure: null,
    durationMs: 5,
    finishedAt: 5,
    ...changes,
  };
}
