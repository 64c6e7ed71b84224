/** A gateway of a test's own, on a routing table made by hand, with its journal readable. */
import { randomBytes } from 'node:crypto';
import { createQuotaHeaders } from '../../src/gateway/quota-headers.js';
import type { Counters } from '../../src/admission/counter.js';
import { startGateway } from '../../src/gateway/server.js';
import { createProviderCallBuilder } from '../../src/gateway/provider-call.js';
import { createUpstreamClient } from '../../src/gateway/upstream-client.js';
import { systemClock, type Clock } from '../../src/domain/clock.js';
import { NO_SCOPE, type LimitScope } from '../../src/domain/limits.js';
import { newId } from '../../src/domain/ids.js';
import type { HeaderReading, QuotaReading } from '../../src/domain/quota.js';
import type {
  Billing,
  FailureClass,
  ModelCapability,
  TargetStrategy,
  WireProtocol,
} from '../../src/domain/vocabulary.js';
import type { SharedAffinities } from '../../src/gateway/affinity.js';
import type { RequestBounds } from '../../src/gateway/exchange.js';
import { DEFAULT_RETRY_ON, DEFAULT_TIER_ATTEMPTS } from '../../src/routing/defaults.js';
import type { EndRecord, JournalRecord } from '../../src/journal/record.js';
import type { JournalWriter } from '../../src/journal/writer.js';
import { createLogger } from '../../src/observability/logger.js';
import { kindByName } from '../../src/discovery/model-kind.js';
import { callableProtocols } from '../../src/providers/callable-protocols.js';
import type { CustomProvider } from '../../src/providers/custom-provider.js';
import { providersWith } from '../../src/providers/provider-set.js';
import {
  SNAPSHOT_FORMAT,
  type ConnectionSnapshot,
  type KeyLimits,
  type LimitSnapshot,
  type ModelSnapshot,
  type RoutingSnapshot,
  type TierSnapshot,
} from '../../src/routing/snapshot.js';
import { createCooldownBook } from '../../src/routing/cooldown-book.js';
import type { CooldownChange } from '../../src/domain/cooldown.js';
import { compileTable } from '../../src/routing/table.js';
import { hashToken, makeAccessKey } from '../../src/secrets/tokens.js';
import { createVault } from '../../src/secrets/vault.js';
import type { SimulatedProvider } from './providers/simulated-provider.js';
import { until } from './wait.js';

export interface TestConnection {
  readonly provider: string;
  readonly offering: string;
  readonly secret: string;
  readonly baseUrl: string;
  readonly models: readonly string[];
  readonly priority?: number;
  /** Put in place of the sealed secret. */
  readonly sealed?: string;
  /** The only formats its models are called in; all they speak when left out. */
  readonly formats?: readonly WireProtocol[];
  /** What targets, quota readings and assertions name it by; its id is made from it. */
  readonly id?: string;
  /** As last read. */
  readonly quota?: readonly QuotaReading[];
  readonly maxConcurrency?: number;
}

export interface TestTier {
  readonly slug: string;
  readonly targets: readonly TestTarget[];
  readonly strategy?: TargetStrategy;
  readonly retryOn?: readonly FailureClass[];
  readonly maxAttempts?: number;
  /** Slug. */
  readonly fallback?: string;
  readonly isDefault?: boolean;
}

/** A model, or a model and how it is reached. */
export type TestTarget =
  string | { readonly model: string; readonly billing?: Billing; readonly connection?: string };

export interface TestRule {
  readonly header: string;
  readonly value?: string;
  /** Slug. */
  readonly tier: string;
}

/** What is known of a model. */
export interface TestModelFacts {
  readonly contextWindow?: number;
  readonly capabilities?: readonly ModelCapability[];
}

/** A connection for the plan of a simulated provider, with one of its models. */
export function planConnection(zai: SimulatedProvider): TestConnection {
  return {
    provider: 'zai',
    offering: 'coding-plan',
    secret: zai.keys.good,
    baseUrl: zai.url,
    models: ['glm-5.1'],
  };
}

export type TestLimit = Omit<LimitSnapshot, 'scope'> & {
  readonly connection?: number;
  readonly scope?: Partial<LimitScope>;
};

export interface TestGatewayOptions {
  readonly connections: readonly TestConnection[];
  readonly customProviders?: readonly CustomProvider[];
  readonly allowedModels?: readonly string[];
  readonly validUntil?: number;
  /** Of the access key. */
  readonly limits?: KeyLimits;
  /** Of the workspace; `connection` is the place of the only connection it holds for. */
  readonly usageLimits?: readonly TestLimit[];
  /** Where requests are counted; in the gateway itself when left out. */
  readonly counters?: Counters;
  readonly clock?: Clock;
  /** Longest silence on an open stream. */
  readonly pingMs?: number;
  /** Of every model; unknown when left out. */
  readonly maxOutputTokens?: number;
  readonly tiers?: readonly TestTier[];
  readonly rules?: readonly TestRule[];
  /** Slugs; all when left out. */
  readonly allowedTiers?: readonly string[];
  /** By reference. */
  readonly facts?: Readonly<Record<string, TestModelFacts>>;
  /** Connections whose cool-downs an operator forgets with this table. */
  readonly cleared?: readonly string[];
  /** Times of the connections to providers. */
  readonly upstream?: { readonly firstByteMs?: number; readonly idleMs?: number };
  readonly bounds?: Partial<RequestBounds>;
  /** Where other gateways' conversations are. */
  readonly sharedAffinities?: SharedAffinities;
  readonly onQuota?: (reading: HeaderReading) => void;
}

export interface TestGateway extends AsyncDisposable {
  readonly url: string;
  readonly key: string;
  /** Everything journaled so far. */
  readonly records: readonly JournalRecord[];
  /** Cool-downs that began or ended, as the other gateways would be told. */
  readonly cooldownChanges: readonly CooldownChange[];
  /** The `end` of the nth request (from 0) in order of ending. */
  end(index?: number): Promise<EndRecord>;
  /** Puts another table in force. */
  reroute(options: TestGatewayOptions): void;
  /** What failed so far is held against nobody any more, as after an operator's word. */
  forgetCooldowns(): void;
  drain(timeoutMs: number): Promise<void>;
}

const WORKSPACE = 'ws_TEST';
const LIST_PRICE = {
  id: 'price_TEST',
  input: '1000000000',
  output: '2000000000',
  cacheRead: null,
  cacheWrite: null,
};

export async function startTestGateway(options: TestGatewayOptions): Promise<TestGateway> {
  const vault = createVault([randomBytes(32)]);
  const key = makeAccessKey();
  const clock = options.clock ?? systemClock;
  const records: JournalRecord[] = [];
  const changes: CooldownChange[] = [];
  let version = 0;
  const build = (wanted: TestGatewayOptions) => compileTable(snapshotOf(wanted, key, vault, ++version));
  let table = build(options);
  const upstream = createUpstreamClient({ allowPrivate: true, ...options.upstream });
  const cooldowns = createCooldownBook({ clock, onChange: (change) => changes.push(change) });
  const gateway = await startGateway(
    {
      state: { table: () => table, refresh: () => Promise.resolve(), close: () => undefined },
      journal: memoryJournal(records),
      upstream,
      calls: createProviderCallBuilder(vault),
      cooldowns,
      clock,
      logger: createLogger({ level: 'silent', role: 'test' }),
      ...(options.pingMs !== undefined && { pingMs: options.pingMs }),
      ...(options.bounds && { bounds: options.bounds }),
      ...(options.onQuota && { quotaHeaders: createQuotaHeaders({ clock, report: options.onQuota }) }),
      sharedAffinities: options.sharedAffinities ?? null,
      ...(options.counters && { counters: options.counters }),
    },
    { host: '127.0.0.1', port: 0 },
  );
  return {
    url: `http://127.0.0.1:${gateway.port}`,
    key,
    records,
    cooldownChanges: changes,
    reroute(wanted) {
      table = build(wanted);
      cooldowns.restore(table.connections);
    },
    forgetCooldowns() {
      const cooldownsClearedAt = clock.now();
      cooldowns.restore(table.connections.map(({ id }) => ({ id, cooldowns: [], cooldownsClearedAt })));
    },
    end: (index = 0) =>
      until(
        `request ${index} ends in the journal`,
        () => records.filter((record) => record.kind === 'end')[index],
      ),
    drain: (timeoutMs) => gateway.drain(timeoutMs),
    async [Symbol.asyncDispose]() {
      await gateway.drain(0);
      await upstream.close();
    },
  };
}

/** Keeps the records in the order they are appended; what reaches the disk is the journal's own tests' concern. */
export function memoryJournal(records: JournalRecord[]): JournalWriter {
  return {
    append: (record) => void records.push(structuredClone(record)),
    flush: () => undefined,
    close: () => undefined,
    stats: () => ({
      appended: records.length,
      written: records.length,
      bytes: 0,
      failing: false,
      dropped: 0,
      full: false,
      lostSegments: 0,
      lostBytes: 0,
      syncFailures: 0,
    }),
  };
}

function snapshotOf(
  options: TestGatewayOptions,
  key: string,
  vault: ReturnType<typeof createVault>,
  version: number,
): RoutingSnapshot {
  const now = Date.now();
  const connections: ConnectionSnapshot[] = [];
  const models = new Map<string, ModelSnapshot>();
  const providers = providersWith(options.customProviders ?? []);
  for (const given of options.connections) {
    const offering = providers.offeringOf(given);
    if (!offering) throw new Error(`no offering ${given.provider}/${given.offering}`);
    const id =
      given.id === undefined ? newId('connection', now + connections.length) : connectionId(given.id);
    connections.push({
      id,
      provider: given.provider,
      offering: given.offering,
      billing: offering.billing,
      region: null,
      baseUrl: given.baseUrl,
      priority: given.priority ?? 0,
      planCode: null,
      quota: given.quota ?? [],
      cooldowns: [],
      cooldownsClearedAt: options.cleared?.includes(given.id ?? '') ? (options.clock?.now() ?? now) : 0,
      maxConcurrency: given.maxConcurrency ?? null,
      secret:
        given.sealed ??
        vault.seal(given.secret, { workspaceId: WORKSPACE, subjectId: id, purpose: 'connection.secret' }),
    });
    for (const upstreamId of given.models) {
      const ref = `${given.provider}/${upstreamId}`;
      const spoken = callableProtocols(offering, upstreamId, kindByName(upstreamId));
      const protocols = spoken.filter((protocol) => given.formats?.includes(protocol) ?? true);
      const known = models.get(ref);
      models.set(ref, {
        id: known?.id ?? newId('model', now),
        ref,
        provider: given.provider,
        upstreamId,
        displayName: upstreamId,
        firstSeenAt: now,
        contextWindow: options.facts?.[ref]?.contextWindow ?? null,
        maxOutputTokens: options.maxOutputTokens ?? null,
        capabilities: options.facts?.[ref]?.capabilities ?? [],
        price: LIST_PRICE,
        via: [...(known?.via ?? []), { connectionId: id, protocols }],
      });
    }
  }
  const accessKey = {
    id: 'key_TEST',
    hash: hashToken(key),
    validUntil: options.validUntil ?? null,
    allowedModels: options.allowedModels ?? [],
    allowedTiers: (options.allowedTiers ?? []).map(tierId),
    ...(options.limits && { limits: options.limits }),
  };
  const limits = (options.usageLimits ?? []).map(({ connection, scope, ...limit }) => ({
    ...limit,
    scope: {
      ...NO_SCOPE,
      connectionId: connection === undefined ? null : (connections[connection]?.id ?? null),
      ...scope,
    },
  }));
  return {
    format: SNAPSHOT_FORMAT,
    version,
    builtAt: now,
    workspaces: [
      {
        id: WORKSPACE,
        slug: 'test',
        accessKeys: [accessKey],
        customProviders: options.customProviders ?? [],
        connections,
        models: [...models.values()],
        tiers: (options.tiers ?? []).map(tierOf),
        rules: (options.rules ?? []).map(({ header, value, tier }, index) => ({
          id: `rule_${index}`,
          name: `Rule ${index}`,
          header,
          value: value ?? null,
          tierId: tierId(tier),
        })),
        classifierWeights: null,
        limits,
      },
    ],
  };
}

/** Id of a connection by its name in a test. */
export function connectionId(name: string): string {
  return `conn_${name}`;
}

function tierId(slug: string): string {
  return `tier_${slug}`;
}

function tierOf(tier: TestTier): TierSnapshot {
  return {
    id: tierId(tier.slug),
    slug: tier.slug,
    name: tier.slug,
    isDefault: tier.isDefault ?? false,
    strategy: tier.strategy ?? 'ORDERED',
    targets: tier.targets.map((target) => {
      const { model, billing, connection } =
        typeof target === 'string' ? { model: target, billing: undefined, connection: undefined } : target;
      return {
        modelRef: model,
        billing: billing ?? null,
        connectionId: connection === undefined ? null : connectionId(connection),
      };
    }),
    retryOn: tier.retryOn ?? DEFAULT_RETRY_ON,
    maxAttempts: tier.maxAttempts ?? DEFAULT_TIER_ATTEMPTS,
    fallbackTierId: tier.fallback === undefined ? null : tierId(tier.fallback),
  };
}
