/** Providers and offerings by what stored rows call them. */
import { invariant } from '../../domain/errors.js';
import type { ConnectionRecord } from '../../domain/records.js';
import type { OfferingDefinition, ProviderDefinition } from '../../providers/define-provider.js';
import type { ProviderSet } from '../../providers/provider-set.js';
import type { GraphqlContext } from '../context.js';

/** A provider as the schema shows it; one that was removed has no offerings left. */
export interface ShownProvider extends Pick<ProviderDefinition, 'slug' | 'name' | 'kind' | 'consoleUrl'> {
  readonly offerings: readonly OfferingDefinition[];
}

type LookupContext = Pick<GraphqlContext, 'loaders'>;

/** The providers of the caller's workspace. */
export function providersOf({ loaders }: LookupContext): Promise<ProviderSet> {
  return loaders.providers.load('all');
}

/** The provider of exactly that slug; null when there is none. */
export async function providerOf(context: LookupContext, slug: string): Promise<ProviderDefinition | null> {
  const provider = (await providersOf(context)).find(slug);
  return provider?.slug === slug ? provider : null;
}

/** The provider of a stored slug. Only a custom one can be gone: history outlives it, and then has its slug to show. */
export async function knownProvider(context: LookupContext, slug: string): Promise<ShownProvider> {
  const provider = await providerOf(context, slug);
  return provider ?? { slug, name: slug, kind: 'CUSTOM', consoleUrl: null, offerings: [] };
}

/** The offering of a stored connection, which keeps its provider from being removed. */
export async function offeringOf(
  context: LookupContext,
  connection: ConnectionRecord,
): Promise<OfferingDefinition> {
  const offering = (await providersOf(context)).offeringOf(connection);
  invariant(offering, `offering ${connection.provider}/${connection.offering} is stored but unknown`);
  return offering;
}
