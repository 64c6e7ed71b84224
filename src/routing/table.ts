/** The snapshot turned into what a request needs to look up: keys by hash, models by name, their routes in order. */
import type { OfferingDefinition } from '../providers/define-provider.js';
import { providersWith, type ProviderSet } from '../providers/provider-set.js';
import type { Billing, WireProtocol } from '../domain/vocabulary.js';
import { indexNames, type NameIndex } from './names.js';
import type {
  AccessKeySnapshot,
  ConnectionSnapshot,
  LimitSnapshot,
  ModelSnapshot,
  RoutingSnapshot,
  RuleSnapshot,
  TargetSnapshot,
  TierSnapshot,
  WorkspaceSnapshot,
} from './snapshot.js';

export interface RoutingTable {
  readonly version: number;
  readonly builtAt: number;
  readonly keys: ReadonlyMap<string, KeyEntry>;
  /** Of all workspaces. */
  readonly connections: readonly ConnectionSnapshot[];
}

export interface KeyEntry {
  readonly key: AccessKeySnapshot;
  readonly workspace: WorkspaceTable;
}

export interface WorkspaceTable {
  readonly id: string;
  readonly slug: string;
  /** The operator's own weights of the classifier's signals; null for the shipped ones. */
  readonly classifierWeights: Readonly<Record<string, number>> | null;
  /** Enabled ones, by id. */
  readonly connections: ReadonlyMap<string, ConnectionSnapshot>;
  /** By reference. */
  readonly models: ReadonlyMap<string, ModelEntry>;
  /** By whatever they may be called. */
  readonly names: NameIndex<ModelEntry>;
  /** In order. */
  readonly tiers: readonly TierEntry[];
  readonly rules: readonly RuleEntry[];
  /** That block. */
  readonly limits: readonly LimitSnapshot[];
}

/** A tier with its targets looked up. */
export interface TierEntry {
  readonly tier: TierSnapshot;
  readonly targets: readonly TargetEntry[];
  /** Null for none. */
  readonly fallback: TierEntry | null;
  /** This tier and those it falls back to, in order. */
  readonly chain: readonly ChainLink[];
}

/** A tier on the way down, with what of its targets leads where none further up does. */
export interface ChainLink {
  readonly tier: TierEntry;
  readonly targets: readonly TargetEntry[];
}

export interface TargetEntry {
  readonly target: TargetSnapshot;
  /** Null when the model is no longer known or disabled. */
  readonly entry: ModelEntry | null;
  /** The model's routes that the target allows, best first. */
  readonly routes: readonly RouteEntry[];
}

export interface RuleEntry {
  readonly rule: RuleSnapshot;
  readonly tier: TierEntry;
}

export interface ModelEntry {
  readonly model: ModelSnapshot;
  /** Ways to reach it, best first. */
  readonly routes: readonly RouteEntry[];
}

/** A model through one connection. */
export interface RouteEntry {
  readonly model: ModelSnapshot;
  readonly workspaceId: string;
  readonly connection: ConnectionSnapshot;
  readonly offering: OfferingDefinition;
  readonly protocols: readonly WireProtocol[];
}

/** Among connections of one priority, what is paid for already goes first. */
const BILLING_ORDER: Readonly<Record<Billing, number>> = { SUBSCRIPTION: 0, LOCAL: 1, METERED: 2 };

export function compileTable(snapshot: RoutingSnapshot): RoutingTable {
  const keys = new Map<string, KeyEntry>();
  for (const source of snapshot.workspaces) {
    const workspace = compileWorkspace(source);
    for (const key of source.accessKeys) keys.set(key.hash, { key, workspace });
  }
  const connections = snapshot.workspaces.flatMap((workspace) => workspace.connections);
  return { version: snapshot.version, builtAt: snapshot.builtAt, keys, connections };
}

/** One workspace's part of the table. */
export function compileWorkspace(source: WorkspaceSnapshot): WorkspaceTable {
  const providers = providersWith(source.customProviders);
  const connections = new Map(source.connections.map((connection) => [connection.id, connection]));
  const models = new Map<string, ModelEntry>();
  for (const model of source.models) {
    const entry = { model, routes: routesOf(model, source.id, connections, providers) };
    models.set(model.ref, entry);
  }
  const names = indexNames(models.values(), ({ model }) => model, providers);
  const tiers = compileTiers(source.tiers, models);
  const byId = new Map(tiers.map((entry) => [entry.tier.id, entry]));
  const rules = source.rules.flatMap((rule) => {
    const tier = byId.get(rule.tierId);
    return tier ? [{ rule, tier }] : [];
  });
  const { id, slug, classifierWeights, limits = [] } = source;
  return { id, slug, classifierWeights, connections, models, names, tiers, rules, limits };
}

/** Tiers know the one they fall back to; control refuses cycles, and one that got in all the same is cut where it closes. */
function compileTiers(
  tiers: readonly TierSnapshot[],
  models: ReadonlyMap<string, ModelEntry>,
): readonly TierEntry[] {
  const byId = new Map(tiers.map((tier) => [tier.id, tier]));
  const compiled = new Map<string, TierEntry>();
  const compile = (tier: TierSnapshot, above: readonly string[]): TierEntry => {
    const known = compiled.get(tier.id);
    if (known) return known;
    const path = [...above, tier.id];
    const next = tier.fallbackTierId === null ? undefined : byId.get(tier.fallbackTierId);
    const fallback = next && !path.includes(next.id) ? compile(next, path) : null;
    const targets = tier.targets.map((target) => compileTarget(target, models));
    const chain: ChainLink[] = [];
    const entry: TierEntry = { tier, targets, fallback, chain };
    chain.push(...chainOf([entry, ...(fallback?.chain ?? []).map((link) => link.tier)]));
    compiled.set(tier.id, entry);
    return entry;
  };
  return tiers.map((tier) => compile(tier, []));
}

/** A target with what it leads to among the models. */
export function compileTarget(target: TargetSnapshot, models: ReadonlyMap<string, ModelEntry>): TargetEntry {
  const entry = models.get(target.modelRef) ?? null;
  const routes = (entry?.routes ?? []).filter(
    ({ connection }) =>
      (target.billing === null || connection.billing === target.billing) &&
      (target.connectionId === null || connection.id === target.connectionId),
  );
  return { target, entry, routes };
}

/** Tiers that are tried one after the other, without going the same way twice. */
export function chainOf(tiers: readonly TierEntry[]): readonly ChainLink[] {
  // Routes are one object each in a table, whichever target they are reached by.
  const seen = new Set<RouteEntry | string>();
  const isNew = (way: RouteEntry | string): boolean => seen.size < seen.add(way).size;
  return tiers.map((tier) => {
    const targets = tier.targets.flatMap((target) => {
      const routes = target.routes.filter(isNew);
      const leadsOn = target.routes.length === 0 ? isNew(target.target.modelRef) : routes.length > 0;
      return leadsOn ? [{ ...target, routes }] : [];
    });
    return { tier, targets };
  });
}

function routesOf(
  model: ModelSnapshot,
  workspaceId: string,
  connections: ReadonlyMap<string, ConnectionSnapshot>,
  providers: ProviderSet,
): readonly RouteEntry[] {
  const routes: RouteEntry[] = [];
  for (const { connectionId, protocols } of model.via) {
    const connection = connections.get(connectionId);
    const offering = connection && providers.offeringOf(connection);
    if (!offering) continue;
    // A custom provider may speak another format since its models were listed.
    const spoken = protocols.filter((format) =>
      offering.endpoints.some(({ protocol }) => protocol === format),
    );
    routes.push({ model, workspaceId, connection, offering, protocols: spoken });
  }
  return routes.sort(
    (a, b) =>
      a.connection.priority - b.connection.priority ||
      BILLING_ORDER[a.connection.billing] - BILLING_ORDER[b.connection.billing] ||
      (a.connection.id < b.connection.id ? -1 : 1),
  );
}
