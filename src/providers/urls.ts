/** Where an offering is really called: its region, then the operator's own origin, then what a call fills in. */
import type { OfferingDefinition } from './define-provider.js';

export interface AddressSettings {
  readonly region: string | null;
  /** Replaces scheme, host, port and path prefix of the provider's URL; its path stays. For a custom provider, its base. */
  readonly baseUrl: string | null;
}

/** What of a call may stand in its URL. */
export interface CallSettings {
  /** What the provider itself calls the model. */
  readonly upstreamId: string;
  readonly stream: boolean;
}

// The braces of a template come out of the URL parser escaped.
const MODEL = /(?:\{|%7B)model(?:\}|%7D)/i;
const METHOD = /(?:\{|%7B)method(?:\}|%7D)/i;

/** The URL to call for one of an offering's own URLs. */
export function addressOf(offering: OfferingDefinition, url: string, settings: AddressSettings): string {
  const { baseUrl } = settings;
  if (baseUrl !== null) return offering.ownBase?.rebase(url, baseUrl) ?? withOrigin(url, baseUrl);
  const region = offering.regions.find(({ code }) => code === settings.region);
  const replacement = region?.origins[new URL(url).origin];
  return replacement === undefined ? url : withOrigin(url, replacement);
}

/**
 * The URL of one call, before or after {@link addressOf}. Google's format names the model and the way to answer in the path:
 * its endpoints have `{model}:{method}` there. Any other URL stays as it is.
 */
export function callUrl(url: string, { upstreamId, stream }: CallSettings): string {
  if (!MODEL.test(url)) return url;
  const method = stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
  return url.replace(MODEL, () => encodeURIComponent(upstreamId)).replace(METHOD, method);
}

function withOrigin(url: string, base: string): string {
  const own = new URL(url);
  const { origin, pathname } = new URL(base);
  return origin + pathname.replace(/\/+$/, '') + own.pathname + own.search;
}
