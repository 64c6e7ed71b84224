/** The snapshot turned into what a request needs to look up: keys by hash, models by name, their routes in order. */
import type { OfferingDefinition } from '../providers/define-provider.js';
import { providersWith, type ProviderSet } from '../providers/provider-set.js';
import type { Billing, WireProtocol } from '../domain/vocabulary.js';
import { indexNames, type NameIndex } from './names.js';
import type { AccessKeySnapshot, ConnectionSnapshot, ModelSnapshot, RoutingSnapshot } from './snapshot.js';

export interface RoutingTable {
  readonly version: number;
  readonly builtAt: number;
  readonly keys: ReadonlyMap<string, KeyEntry>;
}

export interface KeyEntry {
  readonly key: AccessKeySnapshot;
  readonly workspace: WorkspaceTable;
}

export interface WorkspaceTable {
  readonly id: string;
  readonly slug: string;
  /** By reference. */
  readonly models: ReadonlyMap<string, ModelEntry>;
  /** By whatever they may be called. */
  readonly names: NameIndex<ModelEntry>;
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
    const providers = providersWith(source.customProviders);
    const connections = new Map(source.connections.map((connection) => [connection.id, connection]));
    const models = new Map<string, ModelEntry>();
    for (const model of source.models) {
      const entry = { model, routes: routesOf(model, source.id, connections, providers) };
      models.set(model.ref, entry);
    }
    const names = indexNames(models.values(), ({ model }) => model, providers);
    const workspace: WorkspaceTable = { id: source.id, slug: source.slug, models, names };
    for (const key of source.accessKeys) keys.set(key.hash, { key, workspace });
  }
  return { version: snapshot.version, builtAt: snapshot.builtAt, keys };
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
