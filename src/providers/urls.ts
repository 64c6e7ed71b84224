/** Where an offering is really called: its region, then the operator's own origin. */
import type { OfferingDefinition } from './define-provider.js';

export interface AddressSettings {
  readonly region: string | null;
  /** Replaces scheme, host, port and path prefix of the provider's URL; its path stays. For a custom provider, its base. */
  readonly baseUrl: string | null;
}

/** The URL to call for one of an offering's own URLs. */
export function addressOf(offering: OfferingDefinition, url: string, settings: AddressSettings): string {
  const { baseUrl } = settings;
  if (baseUrl !== null) return offering.ownBase?.rebase(url, baseUrl) ?? withOrigin(url, baseUrl);
  const region = offering.regions.find(({ code }) => code === settings.region);
  const replacement = region?.origins[new URL(url).origin];
  return replacement === undefined ? url : withOrigin(url, replacement);
}

function withOrigin(url: string, base: string): string {
  const own = new URL(url);
  const { origin, pathname } = new URL(base);
  return origin + pathname.replace(/\/+$/, '') + own.pathname + own.search;
}
