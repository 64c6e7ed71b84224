/** A gateway of a test's own, on a routing table made by hand, with its journal readable. */
import { randomBytes } from 'node:crypto';
import { startGateway } from '../../src/gateway/server.js';
import { createProviderCallBuilder } from '../../src/gateway/provider-call.js';
import { createUpstreamClient } from '../../src/gateway/upstream-client.js';
import { systemClock, type Clock } from '../../src/domain/clock.js';
import { newId } from '../../src/domain/ids.js';
import type { WireProtocol } from '../../src/domain/vocabulary.js';
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
  type ModelSnapshot,
  type RoutingSnapshot,
} from '../../src/routing/snapshot.js';
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

export interface TestGatewayOptions {
  readonly connections: readonly TestConnection[];
  readonly customProviders?: readonly CustomProvider[];
  readonly allowedModels?: readonly string[];
  readonly validUntil?: number;
  readonly clock?: Clock;
  /** Longest silence on an open stream. */
  readonly pingMs?: number;
  /** Of every model; unknown when left out. */
  readonly maxOutputTokens?: number;
}

export interface TestGateway extends AsyncDisposable {
  readonly url: string;
  readonly key: string;
  /** Everything journaled so far. */
  readonly records: readonly JournalRecord[];
  /** The `end` of the nth request (from 0) in order of ending. */
  end(index?: number): Promise<EndRecord>;
  /** Puts another table in force. */
  reroute(options: TestGatewayOptions): void;
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
  let version = 0;
  const build = (wanted: TestGatewayOptions) => compileTable(snapshotOf(wanted, key, vault, ++version));
  let table = build(options);
  const upstream = createUpstreamClient({ allowPrivate: true });
  const gateway = await startGateway(
    {
      state: { table: () => table, refresh: () => Promise.resolve(), close: () => undefined },
      journal: memoryJournal(records),
      upstream,
      calls: createProviderCallBuilder(vault),
      clock,
      logger: createLogger({ level: 'silent', role: 'test' }),
      ...(options.pingMs !== undefined && { pingMs: options.pingMs }),
    },
    { host: '127.0.0.1', port: 0 },
  );
  return {
    url: `http://127.0.0.1:${gateway.port}`,
    key,
    records,
    reroute(wanted) {
      table = build(wanted);
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
      dropped: 0,
      failing: false,
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
    const id = newId('connection', now + connections.length);
    connections.push({
      id,
      provider: given.provider,
      offering: given.offering,
      billing: offering.billing,
      region: null,
      baseUrl: given.baseUrl,
      priority: given.priority ?? 0,
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
        contextWindow: null,
        maxOutputTokens: options.maxOutputTokens ?? null,
        capabilities: [],
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
  };
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
      },
    ],
  };
}
