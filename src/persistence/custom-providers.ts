/** Rows of the providers that operators described. */
import type { CustomModel, CustomProtocol, CustomProvider } from '../providers/custom-provider.js';
import { providersWith, type ProviderSet } from '../providers/provider-set.js';
import type { Prisma } from './generated/client.js';
import { toDate } from './keyset.js';
import type { ScopedTransaction } from './workspace-scope.js';

type CustomProviderRow = Prisma.CustomProviderGetPayload<object>;

/** The workspace's providers, built in and described. */
export async function readProviders(rows: ScopedTransaction): Promise<ProviderSet> {
  return providersWith(await findCustomProviders(rows));
}

/** All described providers of the workspace, by slug. */
export async function findCustomProviders(rows: ScopedTransaction): Promise<CustomProvider[]> {
  const found = await rows.customProvider.findMany({ orderBy: { slug: 'asc' } });
  return found.map(toCustomProvider);
}

/** One described provider; null when there is none. */
export async function findCustomProvider(
  rows: ScopedTransaction,
  slug: string,
): Promise<CustomProvider | null> {
  const row = await rows.customProvider.findFirst({ where: { slug } });
  return row === null ? null : toCustomProvider(row);
}

/** Keeps a described provider from being removed until the transaction ends; false when it is gone already. */
export async function holdCustomProvider(
  rows: ScopedTransaction,
  workspaceId: string,
  slug: string,
): Promise<boolean> {
  const held = await rows.$queryRaw<{ id: string }[]>`
    SELECT id FROM custom_provider WHERE workspace_id = ${workspaceId} AND slug = ${slug} FOR KEY SHARE`;
  return held.length > 0;
}

/** Keeps everyone else from changing, removing or holding a described provider; false when it is gone already. */
export async function lockCustomProvider(
  rows: ScopedTransaction,
  workspaceId: string,
  slug: string,
): Promise<boolean> {
  const locked = await rows.$queryRaw<{ id: string }[]>`
    SELECT id FROM custom_provider WHERE workspace_id = ${workspaceId} AND slug = ${slug} FOR UPDATE`;
  return locked.length > 0;
}

/** Adds one. */
export async function insertCustomProvider(
  rows: ScopedTransaction,
  id: string,
  workspaceId: string,
  provider: CustomProvider,
  now: number,
): Promise<void> {
  await rows.customProvider.create({
    data: { id, workspaceId, ...columnsOf(provider), createdAt: toDate(now), updatedAt: toDate(now) },
  });
}

/** Puts another description in the place of the one of the same slug. */
export async function updateCustomProvider(
  rows: ScopedTransaction,
  provider: CustomProvider,
  now: number,
): Promise<void> {
  const { slug } = provider;
  await rows.customProvider.updateMany({
    where: { slug },
    data: { ...columnsOf(provider), updatedAt: toDate(now) },
  });
}

/** Removes one. Models that it once offered stay, as removed ones: usage and its prices refer to them. */
export async function deleteCustomProvider(rows: ScopedTransaction, slug: string): Promise<void> {
  await rows.customProvider.deleteMany({ where: { slug } });
}

/** What the column `definition` holds; it is written here only. */
interface StoredDefinition {
  readonly protocol: CustomProtocol;
  readonly baseUrl: string;
  readonly liveCatalog: boolean;
  readonly models: readonly CustomModel[];
}

function columnsOf({ slug, name, billing, credential, ...definition }: CustomProvider) {
  const stored: StoredDefinition = definition;
  return { slug, name, billing, credential, definition: stored as unknown as Prisma.InputJsonValue };
}

/** A described provider as its row holds it. */
export function toCustomProvider(row: CustomProviderRow): CustomProvider {
  const { slug, name, billing, credential } = row;
  const definition = row.definition as unknown as StoredDefinition;
  return {
    slug,
    name,
    billing,
    credential: credential === 'NONE' ? 'NONE' : 'API_KEY',
    protocol: definition.protocol,
    baseUrl: definition.baseUrl,
    liveCatalog: definition.liveCatalog,
    models: definition.models,
  };
}
