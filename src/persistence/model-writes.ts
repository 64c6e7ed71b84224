/** What discovery writes about models, in few statements however long a provider's list is. */
import type { TokenPrices } from '../domain/money.js';
import type { PriceVersion } from '../domain/records.js';
import type {
  ModelCapability,
  ModelKind,
  ModelState,
  PriceSource,
  WireProtocol,
} from '../domain/vocabulary.js';
import { toTimeOfDayRecord } from '../journal/price-record.js';
import { toDate } from './keyset.js';
import { toPriceVersion } from './models.js';
import type { ScopedTransaction } from './workspace-scope.js';

/** A model as it stands before a list is applied. */
export interface KnownModel {
  readonly id: string;
  readonly upstreamId: string;
  readonly ref: string;
  /** Through the connection in question; null when it never offered the model. */
  readonly routeState: ModelState | null;
  readonly price: PriceVersion | null;
}

/** A model that a connection offers, ready to be written. */
export interface OfferedModelRow {
  readonly id: string;
  readonly upstreamId: string;
  readonly ref: string;
  readonly displayName: string;
  readonly kind: ModelKind;
  readonly capabilities: readonly ModelCapability[];
  readonly protocols: readonly WireProtocol[];
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
}

export interface PriceRow extends TokenPrices {
  readonly id: string;
  readonly modelId: string;
  readonly source: PriceSource;
  /** When the source last confirmed it. */
  readonly asOf: number;
}

/** Changes of list prices: versions that end, versions that were confirmed, and versions that begin. */
export interface PriceChanges {
  readonly ended: readonly string[];
  readonly confirmed: readonly { readonly id: string; readonly asOf: number }[];
  readonly begun: readonly PriceRow[];
}

/** Keeps other transactions from changing the provider's models until this one ends. */
export async function lockProviderModels(
  rows: ScopedTransaction,
  workspaceId: string,
  provider: string,
): Promise<void> {
  await rows.$executeRaw`SELECT pg_advisory_xact_lock(hashtextextended(${`models:${workspaceId}:${provider}`}, 0))`;
}

/** Every model known of a provider, as seen from one of its connections. */
export async function readKnownModels(
  rows: ScopedTransaction,
  provider: string,
  connectionId: string,
): Promise<KnownModel[]> {
  const found = await rows.model.findMany({
    where: { provider },
    select: {
      id: true,
      upstreamId: true,
      ref: true,
      connections: { where: { connectionId }, select: { state: true } },
      prices: { where: { validTo: null } },
    },
  });
  return found.map(({ connections, prices: [price], ...model }) => ({
    ...model,
    routeState: connections[0]?.state ?? null,
    price: price === undefined ? null : toPriceVersion(price),
  }));
}

/** Adds or renews the models a connection offers, and its routes to them. What an operator set stays. */
export async function writeOfferedModels(
  rows: ScopedTransaction,
  connection: { readonly id: string; readonly workspaceId: string; readonly provider: string },
  offered: readonly OfferedModelRow[],
  now: number,
): Promise<void> {
  const models = JSON.stringify(
    offered.map((model) => ({
      id: model.id,
      upstream_id: model.upstreamId,
      ref: model.ref,
      display_name: model.displayName,
      kind: model.kind,
      capabilities: model.capabilities,
    })),
  );
  await rows.$executeRaw`
    INSERT INTO model (id, workspace_id, provider, upstream_id, ref, display_name, kind, capabilities,
                       first_seen_at, last_seen_at)
    SELECT id, ${connection.workspaceId}, ${connection.provider}, upstream_id, ref, display_name, kind, capabilities,
           ${toDate(now)}, ${toDate(now)}
    FROM jsonb_populate_recordset(null::model, ${models}::jsonb)
    ON CONFLICT (workspace_id, provider, upstream_id) DO UPDATE
      SET display_name = excluded.display_name, kind = excluded.kind, capabilities = excluded.capabilities,
          last_seen_at = excluded.last_seen_at`;
  const routes = JSON.stringify(
    offered.map((model) => ({
      model_id: model.id,
      protocols: model.protocols,
      context_window: model.contextWindow,
      max_output_tokens: model.maxOutputTokens,
    })),
  );
  await rows.$executeRaw`
    INSERT INTO model_connection (model_id, connection_id, workspace_id, state, protocols, context_window,
                                  max_output_tokens, first_seen_at, last_seen_at)
    SELECT model_id, ${connection.id}, ${connection.workspaceId}, 'AVAILABLE', protocols, context_window,
           max_output_tokens, ${toDate(now)}, ${toDate(now)}
    FROM jsonb_populate_recordset(null::model_connection, ${routes}::jsonb)
    ON CONFLICT (model_id, connection_id) DO UPDATE
      SET state = excluded.state, protocols = excluded.protocols, context_window = excluded.context_window,
          max_output_tokens = excluded.max_output_tokens, last_seen_at = excluded.last_seen_at`;
}

/** Marks a connection's routes to these models as gone. */
export async function removeRoutes(
  rows: ScopedTransaction,
  connectionId: string,
  modelIds: readonly string[],
): Promise<void> {
  if (modelIds.length === 0) return;
  await rows.modelConnection.updateMany({
    where: { connectionId, modelId: { in: [...modelIds] } },
    data: { state: 'REMOVED' },
  });
}

/** Marks everything a connection offers as last known rather than current. */
export async function staleRoutes(rows: ScopedTransaction, connectionId: string): Promise<void> {
  await rows.modelConnection.updateMany({
    where: { connectionId, state: 'AVAILABLE' },
    data: { state: 'STALE' },
  });
}

/** Brings the provider's models in line with their routes: offered by one is offered; the largest windows count. */
export async function refreshModels(
  rows: ScopedTransaction,
  workspaceId: string,
  provider: string,
): Promise<void> {
  await rows.$executeRaw`
    UPDATE model SET state = now.state,
      context_window = CASE WHEN now.state = 'REMOVED' THEN model.context_window ELSE now.context_window END,
      max_output_tokens = CASE WHEN now.state = 'REMOVED' THEN model.max_output_tokens ELSE now.max_output_tokens END
    FROM (
      SELECT m.id,
        (CASE WHEN bool_or(route.state = 'AVAILABLE') THEN 'AVAILABLE'
              WHEN bool_or(route.state = 'STALE') THEN 'STALE'
              ELSE 'REMOVED' END)::model_state AS state,
        max(route.context_window) FILTER (WHERE route.state <> 'REMOVED') AS context_window,
        max(route.max_output_tokens) FILTER (WHERE route.state <> 'REMOVED') AS max_output_tokens
      FROM model m LEFT JOIN model_connection route ON route.model_id = m.id
      WHERE m.workspace_id = ${workspaceId} AND m.provider = ${provider}
      GROUP BY m.id
    ) now
    WHERE model.id = now.id AND (model.state, model.context_window, model.max_output_tokens)
      IS DISTINCT FROM (now.state, now.context_window, now.max_output_tokens)`;
}

/** Allows or forbids routing to a model. */
export async function setModelEnabled(rows: ScopedTransaction, id: string, enabled: boolean): Promise<void> {
  await rows.model.updateMany({ where: { id }, data: { enabled } });
}

/** The newest price of a model that was not the operator's own; null when nobody ever stated one. */
export async function findLastStatedPrice(
  rows: ScopedTransaction,
  modelId: string,
): Promise<PriceVersion | null> {
  const row = await rows.modelPrice.findFirst({
    where: { modelId, source: { not: 'OVERRIDE' } },
    orderBy: [{ validFrom: 'desc' }, { id: 'desc' }],
  });
  return row && toPriceVersion(row);
}

/** Writes changes of list prices; versions that ended stay, because events name them. */
export async function writePrices(
  rows: ScopedTransaction,
  workspaceId: string,
  changes: PriceChanges,
  now: number,
): Promise<void> {
  if (changes.confirmed.length > 0) {
    const confirmed = JSON.stringify(changes.confirmed.map(({ id, asOf }) => ({ id, as_of: toDate(asOf) })));
    await rows.$executeRaw`
      UPDATE model_price SET as_of = confirmed.as_of
      FROM jsonb_populate_recordset(null::model_price, ${confirmed}::jsonb) confirmed
      WHERE model_price.id = confirmed.id AND model_price.workspace_id = ${workspaceId}`;
  }
  if (changes.ended.length > 0) {
    await rows.modelPrice.updateMany({
      where: { id: { in: [...changes.ended] } },
      data: { validTo: toDate(now) },
    });
  }
  if (changes.begun.length === 0) return;
  const begun = JSON.stringify(
    changes.begun.map((price) => ({
      id: price.id,
      model_id: price.modelId,
      input: price.input.toString(),
      output: price.output.toString(),
      cache_read: price.cacheRead?.toString() ?? null,
      cache_write: price.cacheWrite?.toString() ?? null,
      per_request: price.perRequest?.toString() ?? null,
      times_of_day: price.timesOfDay?.map(toTimeOfDayRecord) ?? null,
      source: price.source,
      as_of: toDate(price.asOf),
    })),
  );
  await rows.$executeRaw`
    INSERT INTO model_price (id, workspace_id, model_id, input, output, cache_read, cache_write, per_request,
                             times_of_day, source, as_of, valid_from)
    SELECT id, ${workspaceId}, model_id, input, output, cache_read, cache_write, per_request,
           nullif(times_of_day, 'null'::jsonb), source, as_of, ${toDate(now)}
    FROM jsonb_populate_recordset(null::model_price, ${begun}::jsonb)`;
}
