/** The providers of a workspace: those that are built in, and those its operator described. */
import { customDefinition, type CustomProvider } from './custom-provider.js';
import type { OfferingDefinition, ProviderDefinition } from './define-provider.js';
import { allProviders, findOffering, findProvider } from './registry.js';

export interface ProviderSet {
  /** All of them, sorted by slug. */
  all(): readonly ProviderDefinition[];
  /** The provider of that slug or alias, in any case; null when there is none. */
  find(slugOrAlias: string): ProviderDefinition | null;
  /** The offering that a connection is of; null when it is unknown here. */
  offeringOf(connection: { readonly provider: string; readonly offering: string }): OfferingDefinition | null;
}

/**
 * The providers of a workspace with these described ones. A described one stands before a built-in one of its name: it was
 * there first, and its connections must not change hands when a later version brings a provider of that name.
 */
export function providersWith(described: readonly CustomProvider[]): ProviderSet {
  const custom = new Map(described.map((provider) => [provider.slug, customDefinition(provider)]));
  const all = [...allProviders().filter(({ slug }) => !custom.has(slug)), ...custom.values()];
  all.sort((a, b) => (a.slug < b.slug ? -1 : 1));
  const find = (name: string): ProviderDefinition | null =>
    custom.get(name.toLowerCase()) ?? findProvider(name);
  return {
    all: () => all,
    find,
    offeringOf(connection) {
      const provider = find(connection.provider);
      return provider && findOffering(provider, connection.offering);
    },
  };
}
