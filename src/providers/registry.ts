/** Every provider that is built in: those whose file lies in `modules/`. */
import { PROVIDERS as MODULES } from './all.generated.js';
import type { OfferingDefinition, ProviderDefinition } from './define-provider.js';

const PROVIDERS: readonly ProviderDefinition[] = [...MODULES].toSorted((a, b) => (a.slug < b.slug ? -1 : 1));

const byName = new Map<string, ProviderDefinition>();
for (const provider of PROVIDERS) {
  for (const name of [provider.slug, ...provider.aliases]) {
    const holder = byName.get(name);
    if (holder) throw new Error(`${holder.slug} and ${provider.slug} are both called ${name}`);
    byName.set(name, provider);
  }
}

/** All built-in providers, sorted by slug. */
export function allProviders(): readonly ProviderDefinition[] {
  return PROVIDERS;
}

/** The provider of that slug or alias, in any case; null when there is none. */
export function findProvider(slugOrAlias: string): ProviderDefinition | null {
  return byName.get(slugOrAlias.toLowerCase()) ?? null;
}

/** A provider's offering of that code; null when it has none. */
export function findOffering(provider: ProviderDefinition, code: string): OfferingDefinition | null {
  return provider.offerings.find((offering) => offering.code === code) ?? null;
}
