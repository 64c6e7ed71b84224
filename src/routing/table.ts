/** The snapshot turned into what a request needs to look up: keys by hash, models by name, their routes in order. */
import type { OfferingDefinition } from '../providers/define-provider.js';
import { findOffering, findProvider } from '../providers/registry.js';
import type { Billing, WireProtocol } from '../domain/vocabulary.js';
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
  /** By the provider's own id, for names without a provider. */
  readonly byUpstreamId: ReadonlyMap<string, readonly ModelEntry[]>;
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
    const connections = new Map(source.connections.map((connection) => [connection.id, connection]));
    const models = new Map<string, ModelEntry>();
    const byUpstreamId = new Map<string, ModelEntry[]>();
    for (const model of source.models) {
      const entry = { model, routes: routesOf(model, source.id, connections) };
      models.set(model.ref, entry);
      const namesakes = byUpstreamId.get(model.upstreamId);
      if (namesakes) namesakes.push(entry);
      else byUpstreamId.set(model.upstreamId, [entry]);
    }
    const workspace: WorkspaceTable = { id: source.id, slug: source.slug, models, byUpstreamId };
    for (const key of source.accessKeys) keys.set(key.hash, { key, workspace });
  }
  return { version: snapshot.version, builtAt: snapshot.builtAt, keys };
}

function routesOf(
  model: ModelSnapshot,
  workspaceId: string,
  connections: ReadonlyMap<string, ConnectionSnapshot>,
): readonly RouteEntry[] {
  const routes: RouteEntry[] = [];
  for (const { connectionId, protocols } of model.via) {
    const connection = connections.get(connectionId);
    const provider = connection && findProvider(connection.provider);
    const offering = provider && findOffering(provider, connection.offering);
    if (offering) routes.push({ model, workspaceId, connection, offering, protocols });
  }
  return routes.sort(
    (a, b) =>
      a.connection.priority - b.connection.priority ||
      BILLING_ORDER[a.connection.billing] - BILLING_ORDER[b.connection.billing] ||
      (a.connection.id < b.connection.id ? -1 : 1),
  );
}
