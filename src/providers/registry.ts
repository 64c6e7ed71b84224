/** Every provider that is built in. A new one is a file beside this one and a line in the list. */
import type { OfferingDefinition, ProviderDefinition } from './define-provider.js';
import { kimi } from './kimi.js';
import { nanoGpt } from './nano-gpt.js';
import { ollamaCloud } from './ollama-cloud.js';
import { opencode } from './opencode.js';
import { opencodeGo } from './opencode-go.js';
import { zai } from './zai.js';

const PROVIDERS: readonly ProviderDefinition[] = [
  kimi,
  nanoGpt,
  ollamaCloud,
  opencode,
  opencodeGo,
  zai,
].toSorted((a, b) => (a.slug < b.slug ? -1 : 1));

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
