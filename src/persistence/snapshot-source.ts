/** Everything the routing snapshot is built from, as of one moment and in a handful of statements. */
import type { Cooldown } from '../domain/cooldown.js';
import type { QuotaReading } from '../domain/quota.js';
import type { PriceVersion, UsageLimitRecord } from '../domain/records.js';
import type {
  Billing,
  FailureClass,
  LimitWindow,
  ModelCapability,
  ModelKind,
  TargetStrategy,
  WireProtocol,
} from '../domain/vocabulary.js';
import type { CustomProvider } from '../providers/custom-provider.js';
import type { SealedText } from '../secrets/vault.js';
import type { Prisma, PrismaClient } from './generated/client.js';
import { toCooldown } from './cooldowns.js';
import { toCustomProvider } from './custom-providers.js';
import { toDate, toMs } from './keyset.js';
import { toUsageLimit } from './limits.js';
import { toPriceVersion } from './models.js';
import { toQuotaReading } from './quota-windows.js';

export interface SnapshotSource {
  readonly workspaces: readonly WorkspaceSource[];
  readonly accessKeys: readonly AccessKeySource[];
  readonly customProviders: readonly CustomProviderSource[];
  readonly connections: readonly ConnectionSource[];
  readonly models: readonly ModelSource[];
  readonly routes: readonly RouteSource[];
  readonly prices: readonly (PriceVersion & { readonly modelId: string })[];
  /** Enabled ones, by position. */
  readonly tiers: readonly TierSource[];
  /** Enabled ones, by position. */
  readonly rules: readonly RuleSource[];
  /** That block. */
  readonly limits: readonly LimitSource[];
}

export interface WorkspaceSource {
  readonly id: string;
  readonly slug: string;
  readonly classifierWeights: Readonly<Record<string, number>> | null;
}

export interface TierSource {
  readonly id: string;
  readonly workspaceId: string;
  readonly slug: string;
  readonly name: string;
  readonly isDefault: boolean;
  readonly strategy: TargetStrategy;
  readonly retryOn: readonly FailureClass[];
  readonly maxAttempts: number;
  readonly fallbackTierId: string | null;
  readonly targets: readonly {
    readonly modelRef: string;
    readonly billing: Billing | null;
    readonly connectionId: string | null;
  }[];
}

export interface RuleSource {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly header: string;
  readonly value: string | null;
  readonly tierId: string;
}

/** A key that works, perhaps under two hashes. */
export interface AccessKeySource {
  readonly id: string;
  readonly workspaceId: string;
  readonly hash: string;
  readonly previousHash: string | null;
  readonly previousValidUntil: number | null;
  readonly allowedModels: readonly string[];
  /** Ids. */
  readonly allowedTiers: readonly string[];
  readonly defaultTierId: string | null;
  readonly budgetNanoUsd: bigint | null;
  readonly budgetWindow: LimitWindow | null;
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  readonly maxConcurrency: number | null;
  readonly expiresAt: number | null;
}

/** A limit that blocks, and when it fired if it has not resolved. */
export interface LimitSource extends UsageLimitRecord {
  readonly openSince: number | null;
}

/** A provider an operator described. */
export interface CustomProviderSource {
  readonly workspaceId: string;
  readonly provider: CustomProvider;
}

/** An enabled connection. */
export interface ConnectionSource {
  readonly id: string;
  readonly workspaceId: string;
  readonly provider: string;
  readonly offering: string;
  readonly billing: Billing;
  readonly region: string | null;
  readonly baseUrl: string | null;
  readonly priority: number;
  readonly secret: SealedText | null;
  readonly planCode: string | null;
  readonly quota: readonly QuotaReading[];
  readonly cooldowns: readonly Cooldown[];
  readonly cooldownsClearedAt: number;
  readonly maxConcurrency: number | null;
}

/** An enabled model that is still offered and can be called: one that chats or embeds. */
export interface ModelSource {
  readonly id: string;
  readonly workspaceId: string;
  readonly ref: string;
  readonly provider: string;
  readonly upstreamId: string;
  readonly displayName: string;
  readonly kind: ModelKind;
  readonly firstSeenAt: number;
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
  readonly capabilities: readonly ModelCapability[];
}

export interface RouteSource {
  readonly modelId: string;
  readonly connectionId: string;
  readonly protocols: readonly WireProtocol[];
}

/** Reads it, of one workspace or of all. Everything is in a fixed order, so that equal content reads equal. */
export async function readSnapshotSource(
  prisma: PrismaClient,
  now: number,
  workspaceId?: string,
): Promise<SnapshotSource> {
  const own = workspaceId === undefined ? {} : { workspaceId };
  const embeds = {
    kind: 'EMBEDDING',
    connections: { some: { protocols: { has: 'OPENAI_EMBEDDINGS' } } },
  } as const;
  const routable = {
    ...own,
    enabled: true,
    state: { not: 'REMOVED' },
    OR: [{ kind: 'CHAT' }, embeds],
  } satisfies Prisma.ModelWhereInput;
  const [workspaces, accessKeys, customProviders, connections, models, routes, prices, tiers, rules, limits] =
    await prisma.$transaction(
      [
        prisma.workspace.findMany({
          ...(workspaceId !== undefined && { where: { id: workspaceId } }),
          select: { id: true, slug: true, classifierWeights: true },
          orderBy: { id: 'asc' },
        }),
        prisma.accessKey.findMany({
          where: { ...own, revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: toDate(now) } }] },
          include: { allowedTiers: { select: { tierId: true }, orderBy: { tierId: 'asc' } } },
          orderBy: { id: 'asc' },
        }),
        prisma.customProvider.findMany({ where: own, orderBy: { id: 'asc' } }),
        prisma.connection.findMany({
          where: { ...own, enabled: true },
          include: {
            secret: { select: { envelope: true } },
            quotaWindows: { orderBy: { name: 'asc' } },
            cooldowns: { where: { until: { gt: toDate(now) } }, orderBy: { modelRef: 'asc' } },
          },
          orderBy: [{ priority: 'asc' }, { id: 'asc' }],
        }),
        prisma.model.findMany({ where: routable, orderBy: { ref: 'asc' } }),
        prisma.modelConnection.findMany({
          where: { ...own, state: { not: 'REMOVED' }, connection: { enabled: true }, model: routable },
          orderBy: [{ modelId: 'asc' }, { connectionId: 'asc' }],
        }),
        prisma.modelPrice.findMany({
          where: { ...own, validTo: null, model: routable },
          orderBy: { id: 'asc' },
        }),
        prisma.routingTier.findMany({
          where: { ...own, enabled: true },
          include: { targets: { orderBy: { position: 'asc' } } },
          orderBy: [{ position: 'asc' }, { id: 'asc' }],
        }),
        prisma.routingRule.findMany({
          where: { ...own, enabled: true, tier: { enabled: true } },
          orderBy: [{ position: 'asc' }, { id: 'asc' }],
        }),
        prisma.usageLimit.findMany({
          where: { ...own, action: 'BLOCK' },
          include: { alerts: { where: { resolvedAt: null }, orderBy: { id: 'desc' }, take: 1 } },
          orderBy: { id: 'asc' },
        }),
      ],
      { isolationLevel: 'RepeatableRead' },
    );
  return {
    workspaces: workspaces.map(({ classifierWeights, ...workspace }) => ({
      ...workspace,
      classifierWeights: classifierWeights as Readonly<Record<string, number>> | null,
    })),
    accessKeys: accessKeys.map(({ previousValidUntil, expiresAt, allowedTiers, ...key }) => ({
      ...key,
      allowedTiers: allowedTiers.map(({ tierId }) => tierId),
      previousValidUntil: toMs(previousValidUntil),
      expiresAt: toMs(expiresAt),
    })),
    customProviders: customProviders.map((row) => ({
      workspaceId: row.workspaceId,
      provider: toCustomProvider(row),
    })),
    connections: connections.map(
      ({ secret, quotaWindows, cooldowns, cooldownsClearedAt, ...connection }) => ({
        ...connection,
        secret: secret?.envelope ?? null,
        quota: quotaWindows.map(toQuotaReading),
        cooldowns: cooldowns.map(toCooldown),
        cooldownsClearedAt: toMs(cooldownsClearedAt) ?? 0,
      }),
    ),
    models: models.map(({ firstSeenAt, ...model }) => ({ ...model, firstSeenAt: toMs(firstSeenAt) })),
    routes,
    prices: prices.map((price) => ({ ...toPriceVersion(price), modelId: price.modelId })),
    tiers,
    rules,
    limits: limits.map(({ alerts, ...limit }) => ({
      ...toUsageLimit(limit),
      openSince: toMs(alerts[0]?.firedAt ?? null),
    })),
  };
}
