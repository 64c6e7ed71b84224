/** Ids of providers are their slugs with a prefix: most providers are in no table. */
import { ID_PREFIXES } from '../domain/ids.js';

const PREFIX = `${ID_PREFIXES.provider}_`;

/** Id of the provider of that slug. */
export function idOfProvider(slug: string): string {
  return PREFIX + slug;
}

/** Slug behind an id; null when it is not a provider's. */
export function slugOfProviderId(id: string): string | null {
  return id.startsWith(PREFIX) ? id.slice(PREFIX.length) : null;
}
