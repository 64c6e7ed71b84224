/**
 * The shape of a provider: facts and small pure functions, no I/O. A provider is one file in this folder; everything
 * else reads it through the registry.
 */
import type { TokenPrices } from '../domain/money.js';
import type {
  Billing,
  CredentialKind,
  FailureClass,
  FailureScope,
  ModelCapability,
  ModelKind,
  ProviderKind,
  WireProtocol,
} from '../domain/vocabulary.js';
import type { Quirks } from '../protocols/target.js';
import type { PublishedWindow, QuotaSource, StatedWindow } from './plan-quota.js';

/** How a secret is presented: `Authorization: Bearer …`, or bare in a header of that name. */
export type AuthHeader = 'bearer' | 'x-api-key' | 'x-goog-api-key';

/** Where one wire format of an offering is called. */
export interface Endpoint {
  readonly protocol: WireProtocol;
  /** Full URL with the provider's own origin and path. */
  readonly url: string;
  readonly auth: AuthHeader;
}

/** A model as a provider's list states it; absent fields are not stated. */
export interface ListedModel {
  readonly upstreamId: string;
  readonly displayName?: string;
  readonly kind?: ModelKind;
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
  readonly capabilities?: readonly ModelCapability[];
  readonly prices?: TokenPrices;
}

/** A `GET` with the credential. */
export interface Probe {
  readonly url: string;
  readonly auth: AuthHeader;
  /** Further headers it wants, always the same. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A call that proves a credential. */
export interface VerifyProbe extends Probe {
  /** Types of error answers that still prove the credential, because only an accepted one gets that far. */
  readonly toleratedTypes?: readonly string[];
  /** Classes of failures that say nothing against the credential. */
  readonly toleratedClasses?: readonly FailureClass[];
}

/** Where the models of an offering come from. */
export type ModelSource =
  | (Probe & {
      readonly kind: 'live';
      /** Reads the list's JSON body; throws when it is not of the expected shape. */
      readonly parse: (body: unknown) => readonly ListedModel[];
      /** URL of the next page, from the body of one; null after the last. Left out where the list is one page. */
      readonly nextPage?: (body: unknown) => string | null;
    })
  | { readonly kind: 'curated'; readonly models: readonly ListedModel[] };

/** What an error answer says, in whatever shape the provider says it. */
export interface ErrorAnswer {
  readonly status: number;
  /** Business code, always as text: providers use numbers and strings alike. */
  readonly code: string | null;
  readonly type: string | null;
  readonly message: string;
  /** The whole parsed body; null when it is not JSON. */
  readonly body: unknown;
}

/** One rule of a provider's own words for a failure. All given conditions must hold; rules are tried in order. */
export interface FailureRule {
  readonly status?: number;
  readonly codes?: readonly string[];
  readonly types?: readonly string[];
  readonly message?: RegExp;
  readonly class: FailureClass;
  /** What else it holds for, where that is not what its class says. */
  readonly scope?: FailureScope;
  /** Reads from the message when the refusal ends, in milliseconds since the epoch, as `now` is; null when it does not say. */
  readonly resetAt?: (message: string, now: number) => number | null;
}

/** A plan a provider sells. */
export interface PlanOffer {
  readonly code: string;
  readonly name: string;
  /** Decimal dollars; null when unknown. */
  readonly monthlyPriceUsd: string | null;
}

/** A region, and what replaces what in the offering's URLs there. */
export interface Region {
  readonly code: string;
  readonly name: string;
  /** Origin (and path prefix) to use instead of the offering's default origin, keyed by that default. */
  readonly origins: Readonly<Record<string, string>>;
}

/** A base URL that the operator chose. */
export interface OwnBase {
  /** As it was given. */
  readonly url: string;
  /** One of the offering's URLs behind another base. */
  readonly rebase: (url: string, base: string) => string;
}

/** One way to buy access. */
export interface OfferingDefinition {
  readonly code: string;
  readonly name: string;
  readonly billing: Billing;
  readonly credential: CredentialKind;
  /** Whether a key may be given although none is needed: a server that can be started with one. */
  readonly takesKey?: boolean;
  /** Form of the secret, as a hint for input fields; null when unknown. */
  readonly secretHint: string | null;
  /** Secrets that certainly belong to another product of the provider, and which. */
  readonly foreignSecrets: readonly { readonly pattern: RegExp; readonly belongsTo: string }[];
  readonly termsNotice: string | null;
  readonly plans: readonly PlanOffer[];
  /** First is the default; empty when there is only one. */
  readonly regions: readonly Region[];
  /** Preferred first. */
  readonly endpoints: readonly [Endpoint, ...Endpoint[]];
  /** Set where operators give a base that paths are added to, instead of an origin that replaces the provider's. */
  readonly ownBase?: OwnBase;
  /** Formats a given model can be called with, when that depends on the model; all of `endpoints` otherwise. */
  readonly protocolsOf?: (upstreamId: string) => readonly WireProtocol[];
  /**
   * Where its reading of the formats departs from the formats, for a given model. Left out: nowhere. Each fact stands with
   * its public source; one that is UNCONFIRMED is chosen so that being wrong costs least, which is to send what the format
   * has rather than to drop it.
   */
  readonly quirks?: (upstreamId: string) => Quirks;
  readonly models: ModelSource;
  /** Calls that prove the credential, in order; each must answer without a failure. */
  readonly verify: readonly [VerifyProbe, ...VerifyProbe[]];
  /** Failures a verification call may also show in an answer that looks like success. */
  readonly verifyAnswer?: (body: unknown) => { class: FailureClass; message: string } | null;
  /** Whether the plan's quota windows can be read with the key: exactly when `quota` says how. */
  readonly reportsQuota: boolean;
  readonly quota?: QuotaSource;
  /** Windows of plans that cannot be read, as the provider publishes them, by plan code. */
  readonly publishedWindows?: Readonly<Record<string, readonly PublishedWindow[]>>;
  /** Windows that come along with an answer. Names of headers are in lower case. */
  readonly quotaOfHeaders?: (
    headers: Readonly<Record<string, string | undefined>>,
    now: number,
  ) => readonly StatedWindow[];
  /** Names of this offering in the model catalogue (models.dev ids): facts first, then where list prices are looked up. */
  readonly catalog: { readonly facts: readonly string[]; readonly prices: readonly string[] };
  /** Spelling here → spelling in the price catalogue, where the two differ. */
  readonly catalogAliases?: Readonly<Record<string, string>>;
  /** What the provider publishes where neither its list nor the catalogue can say it, such as prices by time of day. */
  readonly publishedPrices?: {
    /** Day they were read, `YYYY-MM-DD`. */
    readonly asOf: string;
    /** By upstream id. */
    readonly models: Readonly<Record<string, TokenPrices>>;
  };
  readonly failures: readonly FailureRule[];
  /** Where it counts the tokens of a messages request; left out where it does not. */
  readonly countTokensUrl?: string;
  /** Requests at a time that a plan takes, where its provider says so; left out where it does not. */
  readonly maxConcurrency?: number;
  /** Header that wants a value which is stable per conversation; null when none does. */
  readonly sessionHeader: string | null;
}

export interface ProviderDefinition {
  /** Prefixes its model references. */
  readonly slug: string;
  readonly name: string;
  /** Other prefixes that mean this provider. */
  readonly aliases: readonly string[];
  readonly kind: ProviderKind;
  /** Page on which an operator obtains credentials. */
  readonly consoleUrl: string | null;
  readonly offerings: readonly [OfferingDefinition, ...OfferingDefinition[]];
}

/** Checks what the types cannot, at start-up, and returns the definition unchanged. */
export function defineProvider(definition: ProviderDefinition): ProviderDefinition {
  const codes = new Set<string>();
  for (const offering of definition.offerings) {
    if (codes.has(offering.code)) throw new Error(`${definition.slug} has two offerings ${offering.code}`);
    codes.add(offering.code);
    if (offering.reportsQuota !== (offering.quota !== undefined)) {
      throw new Error(
        `${definition.slug}/${offering.code} reports its quota without saying how, or the reverse`,
      );
    }
    const unknown = Object.keys(offering.publishedWindows ?? {}).find(
      (plan) => !offering.plans.some(({ code }) => code === plan),
    );
    if (unknown !== undefined) {
      throw new Error(`${definition.slug}/${offering.code} publishes windows of an unknown plan ${unknown}`);
    }
    const urls = [...offering.endpoints, ...offering.verify, ...(offering.quota?.probes ?? [])].map(
      (endpoint) => new URL(endpoint.url),
    );
    if (definition.kind !== 'LOCAL' && urls.some((url) => url.protocol !== 'https:')) {
      throw new Error(`${definition.slug}/${offering.code} has a URL without https`);
    }
  }
  return definition;
}
