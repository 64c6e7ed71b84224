/** Providers and offerings by what stored rows call them. */
import { invariant } from '../../domain/errors.js';
import type { ConnectionRecord } from '../../domain/records.js';
import { ID_PREFIXES } from '../../domain/ids.js';
import type { OfferingDefinition, ProviderDefinition } from '../../providers/define-provider.js';
import { findOffering, findProvider } from '../../providers/registry.js';

/** Ids of providers are their slugs with a prefix: they exist in no table. */
export function idOfProvider(provider: ProviderDefinition): string {
  return `${ID_PREFIXES.provider}_${provider.slug}`;
}

/** The provider of exactly that slug; null when there is none. */
export function providerOf(slug: string): ProviderDefinition | null {
  const provider = findProvider(slug);
  return provider?.slug === slug ? provider : null;
}

/** The provider of a stored slug, which this build is taken to know. */
export function knownProvider(slug: string): ProviderDefinition {
  const provider = findProvider(slug);
  invariant(provider, `provider ${slug} is stored but not built in`);
  return provider;
}

export function offeringOf(connection: ConnectionRecord): OfferingDefinition {
  const offering = findOffering(knownProvider(connection.provider), connection.offering);
  invariant(offering, `offering ${connection.provider}/${connection.offering} is stored but not built in`);
  return offering;
}
