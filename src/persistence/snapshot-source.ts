/** Everything the routing snapshot is built from, of all workspaces, as of one moment and in a handful of statements. */
import type { PriceVersion } from '../domain/records.js';
import type { Billing, ModelCapability, ModelKind, WireProtocol } from '../domain/vocabulary.js';
import type { CustomProvider } from '../providers/custom-provider.js';
import type { SealedText } from '../secrets/vault.js';
import type { Prisma, PrismaClient } from './generated/client.js';
import { toCustomProvider } from './custom-providers.js';
import { toDate, toMs } from './keyset.js';
import { toPriceVersion } from './models.js';

export interface SnapshotSource {
  readonly workspaces: readonly { readonly id: string; readonly slug: string }[];
  readonly accessKeys: readonly AccessKeySource[];
  readonly customProviders: readonly CustomProviderSource[];
  readonly connections: readonly ConnectionSource[];
  readonly models: readonly ModelSource[];
  readonly routes: readonly RouteSource[];
  readonly prices: readonly (PriceVersion & { readonly modelId: string })[];
}

/** A key that works, perhaps under two hashes. */
export interface AccessKeySource {
  readonly id: string;
  readonly workspaceId: string;
  readonly hash: string;
  readonly previousHash: string | null;
  readonly previousValidUntil: number | null;
  readonly allowedModels: readonly string[];
  readonly expiresAt: number | null;
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

/** Reads it. Everything is in a fixed order, so that equal content reads equal. */
export async function readSnapshotSource(prisma: PrismaClient, now: number): Promise<SnapshotSource> {
  const embeds = {
    kind: 'EMBEDDING',
    connections: { some: { protocols: { has: 'OPENAI_EMBEDDINGS' } } },
  } as const;
  const routable = {
    enabled: true,
    state: { not: 'REMOVED' },
    OR: [{ kind: 'CHAT' }, embeds],
  } satisfies Prisma.ModelWhereInput;
  const [workspaces, accessKeys, customProviders, connections, models, routes, prices] =
    await prisma.$transaction(
      [
        prisma.workspace.findMany({ select: { id: true, slug: true }, orderBy: { id: 'asc' } }),
        prisma.accessKey.findMany({
          where: { revokedAt: null, OR: [{ expiresAt: null }, { expiresAt: { gt: toDate(now) } }] },
          orderBy: { id: 'asc' },
        }),
        prisma.customProvider.findMany({ orderBy: { id: 'asc' } }),
        prisma.connection.findMany({
          where: { enabled: true },
          include: { secret: { select: { envelope: true } } },
          orderBy: [{ priority: 'asc' }, { id: 'asc' }],
        }),
        prisma.model.findMany({ where: routable, orderBy: { ref: 'asc' } }),
        prisma.modelConnection.findMany({
          where: { state: { not: 'REMOVED' }, connection: { enabled: true }, model: routable },
          orderBy: [{ modelId: 'asc' }, { connectionId: 'asc' }],
        }),
        prisma.modelPrice.findMany({ where: { validTo: null, model: routable }, orderBy: { id: 'asc' } }),
      ],
      { isolationLevel: 'RepeatableRead' },
    );
  return {
    workspaces,
    accessKeys: accessKeys.map(({ previousValidUntil, expiresAt, ...key }) => ({
      ...key,
      previousValidUntil: toMs(previousValidUntil),
      expiresAt: toMs(expiresAt),
    })),
    customProviders: customProviders.map((row) => ({
      workspaceId: row.workspaceId,
      provider: toCustomProvider(row),
    })),
    connections: connections.map(({ secret, ...connection }) => ({
      ...connection,
      secret: secret?.envelope ?? null,
    })),
    models: models.map(({ firstSeenAt, ...model }) => ({ ...model, firstSeenAt: toMs(firstSeenAt) })),
    routes,
    prices: prices.map((price) => ({ ...toPriceVersion(price), modelId: price.modelId })),
  };
}
