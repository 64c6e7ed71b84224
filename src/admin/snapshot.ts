/** Builds the routing snapshot from what is stored. */
import { isSummed, windowAt } from '../domain/limits.js';
import { isChatProtocol } from '../domain/vocabulary.js';
import {
  SNAPSHOT_FORMAT,
  type AccessKeySnapshot,
  type ConnectionSnapshot,
  type KeyLimits,
  type LimitSnapshot,
  type ModelSnapshot,
  type RoutingSnapshot,
  type TierSnapshot,
  type WorkspaceSnapshot,
} from '../routing/snapshot.js';
import { toPriceRecord } from '../journal/price-record.js';
import type { PriceRecord } from '../journal/record.js';
import type {
  AccessKeySource,
  ConnectionSource,
  LimitSource,
  ModelSource,
  RouteSource,
  SnapshotSource,
  TierSource,
} from '../persistence/snapshot-source.js';

/** Billionths in one, as thresholds are held. */
const BILLION = 1_000_000_000n;

/** What numbers and dates a snapshot. */
export interface SnapshotStamp {
  readonly version: number;
  readonly builtAt: number;
}

/** Equal sources give equal snapshots, but for the stamp. */
export function buildSnapshot(source: SnapshotSource, stamp: SnapshotStamp): RoutingSnapshot {
  return { format: SNAPSHOT_FORMAT, ...stamp, workspaces: buildWorkspaces(source) };
}

function buildWorkspaces(source: SnapshotSource): readonly WorkspaceSnapshot[] {
  const keys = groupBy(source.accessKeys, ({ workspaceId }) => workspaceId);
  const customProviders = groupBy(source.customProviders, ({ workspaceId }) => workspaceId);
  const connections = groupBy(source.connections, ({ workspaceId }) => workspaceId);
  const models = groupBy(source.models, ({ workspaceId }) => workspaceId);
  const routes = groupBy(source.routes, ({ modelId }) => modelId);
  const tiers = groupBy(source.tiers, ({ workspaceId }) => workspaceId);
  const rules = groupBy(source.rules, ({ workspaceId }) => workspaceId);
  const limits = groupBy(source.limits, ({ workspaceId }) => workspaceId);
  const prices = new Map(source.prices.map((price) => [price.modelId, toPriceRecord(price)]));
  const place = new Map(source.connections.map(({ id }, index) => [id, index]));

  return source.workspaces.map(({ id, slug, classifierWeights }) => ({
    id,
    slug,
    classifierWeights,
    accessKeys: (keys.get(id) ?? []).flatMap(hashesOf),
    customProviders: (customProviders.get(id) ?? []).map(({ provider }) => ({ ...provider, models: [] })),
    connections: (connections.get(id) ?? []).map(toConnectionSnapshot),
    models: (models.get(id) ?? []).map((model) =>
      toModelSnapshot(model, routes.get(model.id) ?? [], place, prices.get(model.id) ?? null),
    ),
    tiers: (tiers.get(id) ?? []).map(toTierSnapshot),
    rules: (rules.get(id) ?? []).map(({ workspaceId: _, ...rule }) => rule),
    ...(limits.has(id) && { limits: (limits.get(id) ?? []).map(toLimitSnapshot) }),
  }));
}

/** A rotated key appears under both hashes; the old one ends with its grace period, or with the key if that is sooner. */
function hashesOf(key: AccessKeySource): AccessKeySnapshot[] {
  const { id, hash, allowedModels, allowedTiers, defaultTierId, expiresAt } = key;
  const { previousHash, previousValidUntil } = key;
  const limits = limitsOfKey(key);
  const current: AccessKeySnapshot = {
    id,
    hash,
    validUntil: expiresAt,
    allowedModels,
    allowedTiers,
    ...(defaultTierId !== null && { defaultTierId }),
    ...(limits && { limits }),
  };
  if (previousHash === null || previousValidUntil === null) return [current];
  const validUntil = Math.min(previousValidUntil, expiresAt ?? Infinity);
  return [current, { ...current, hash: previousHash, validUntil }];
}

/** Null for a key that is not limited. */
function limitsOfKey(key: AccessKeySource): KeyLimits | null {
  const { budgetNanoUsd, budgetWindow, requestsPerMinute, tokensPerMinute, maxConcurrency } = key;
  const budget =
    budgetNanoUsd === null ? null : { nanoUsd: Number(budgetNanoUsd), window: budgetWindow ?? 'MONTH' };
  const all = [budget, requestsPerMinute, tokensPerMinute, maxConcurrency];
  return all.every((limit) => limit === null)
    ? null
    : { budget, requestsPerMinute, tokensPerMinute, maxConcurrency };
}

/** Where nothing but falling below it ends a limit, it holds until it does. */
const NO_END_MS = Number.MAX_SAFE_INTEGER;

function toLimitSnapshot(limit: LimitSource): LimitSnapshot {
  const { id, name, metric, window, threshold, scope, openSince } = limit;
  const units = metric === 'COST_USD' ? threshold : threshold / BILLION;
  const end = metric === 'QUOTA_PERCENT' ? NO_END_MS : windowAt(openSince ?? 0, window).to;
  return {
    id,
    name,
    metric,
    window,
    max: isSummed(metric) ? Number(units) : 0,
    scope,
    reachedUntil: openSince === null ? null : end,
  };
}

function toConnectionSnapshot(connection: ConnectionSource): ConnectionSnapshot {
  const { id, provider, offering, billing, region, baseUrl, priority, secret } = connection;
  const { planCode, quota, cooldowns, cooldownsClearedAt, maxConcurrency } = connection;
  return {
    id,
    provider,
    offering,
    billing,
    region,
    baseUrl,
    priority,
    secret,
    planCode,
    quota,
    cooldowns,
    cooldownsClearedAt,
    maxConcurrency,
  };
}

function toTierSnapshot(tier: TierSource): TierSnapshot {
  const { id, slug, name, isDefault, strategy, retryOn, maxAttempts, fallbackTierId } = tier;
  const targets = tier.targets.map(({ modelRef, billing, connectionId }) => ({
    modelRef,
    billing,
    connectionId,
  }));
  return { id, slug, name, isDefault, strategy, targets, retryOn, maxAttempts, fallbackTierId };
}

/**
 * A model keeps its place without a connection: asking for it then says so, instead of that it is unknown. What embeds is
 * called in no other format, whatever was noted when it was listed.
 */
function toModelSnapshot(
  model: ModelSource,
  routes: readonly RouteSource[],
  place: ReadonlyMap<string, number>,
  price: PriceRecord | null,
): ModelSnapshot {
  const byPriority = (a: RouteSource, b: RouteSource): number =>
    (place.get(a.connectionId) ?? 0) - (place.get(b.connectionId) ?? 0);
  return {
    id: model.id,
    ref: model.ref,
    provider: model.provider,
    upstreamId: model.upstreamId,
    displayName: model.displayName,
    firstSeenAt: model.firstSeenAt,
    contextWindow: model.contextWindow,
    maxOutputTokens: model.maxOutputTokens,
    capabilities: model.capabilities,
    price,
    via: routes.toSorted(byPriority).flatMap(({ connectionId, protocols }) => {
      const spoken = protocols.filter((protocol) => isChatProtocol(protocol) === (model.kind === 'CHAT'));
      return spoken.length > 0 || model.kind === 'CHAT' ? [{ connectionId, protocols: spoken }] : [];
    }),
  };
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
