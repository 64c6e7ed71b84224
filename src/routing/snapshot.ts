/**
 * The routing snapshot: everything the gateway needs to serve, as one immutable value that the control process builds,
 * numbers and pushes. Provider secrets in it are still sealed; access keys are hashes.
 */
import type { SealedText } from '../secrets/vault.js';
import type { Cooldown } from '../domain/cooldown.js';
import type { LimitMetric, LimitScope } from '../domain/limits.js';
import type { QuotaReading } from '../domain/quota.js';
import type {
  Billing,
  FailureClass,
  LimitWindow,
  ModelCapability,
  TargetStrategy,
  WireProtocol,
} from '../domain/vocabulary.js';
import type { PriceRecord } from '../journal/record.js';
import type { CustomProvider } from '../providers/custom-provider.js';

/** Grows when the shape below changes; a gateway ignores a snapshot of another format and waits for a fresh one. */
export const SNAPSHOT_FORMAT = 3;

export interface RoutingSnapshot {
  readonly format: typeof SNAPSHOT_FORMAT;
  /** Grows with every build, also across restarts of the control process. */
  readonly version: number;
  /** Milliseconds since the epoch. */
  readonly builtAt: number;
  readonly workspaces: readonly WorkspaceSnapshot[];
}

export interface WorkspaceSnapshot {
  readonly id: string;
  readonly slug: string;
  readonly accessKeys: readonly AccessKeySnapshot[];
  /** Providers the operator described, without what only discovery needs of them: their models. */
  readonly customProviders: readonly CustomProvider[];
  readonly connections: readonly ConnectionSnapshot[];
  readonly models: readonly ModelSnapshot[];
  /** In the order of their positions, disabled ones left out. */
  readonly tiers: readonly TierSnapshot[];
  /** In the order in which they are tried, disabled ones left out. */
  readonly rules: readonly RuleSnapshot[];
  /** The operator's own weights of the classifier's signals, by name; null for the shipped ones. */
  readonly classifierWeights: Readonly<Record<string, number>> | null;
  /** Those that refuse requests once they are reached; none when left out. */
  readonly limits?: readonly LimitSnapshot[];
}

/** A limit that blocks. */
export interface LimitSnapshot {
  readonly id: string;
  readonly name: string;
  readonly metric: LimitMetric;
  readonly window: LimitWindow;
  /** In whole units of the metric: nano-dollars, tokens, requests; 0 where the metric is no sum. */
  readonly max: number;
  readonly scope: LimitScope;
  /** Until when it was found reached, in milliseconds since the epoch; null while it was not. */
  readonly reachedUntil: number | null;
}

/** What an access key may do; what is null is not limited. */
export interface KeyLimits {
  readonly budget: { readonly nanoUsd: number; readonly window: LimitWindow } | null;
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  readonly maxConcurrency: number | null;
}

export interface TierSnapshot {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly isDefault: boolean;
  readonly strategy: TargetStrategy;
  readonly targets: readonly TargetSnapshot[];
  readonly retryOn: readonly FailureClass[];
  readonly maxAttempts: number;
  readonly fallbackTierId: string | null;
}

export interface TargetSnapshot {
  readonly modelRef: string;
  readonly billing: Billing | null;
  readonly connectionId: string | null;
}

/** Sends requests with a certain header to a tier. */
export interface RuleSnapshot {
  readonly id: string;
  readonly name: string;
  /** In lower case. */
  readonly header: string;
  /** Null when the header's presence is enough. */
  readonly value: string | null;
  readonly tierId: string;
}

export interface AccessKeySnapshot {
  readonly id: string;
  /** SHA-256 of the plaintext, base64url. A rotated key appears twice: once with the old hash and its last moment. */
  readonly hash: string;
  /** Milliseconds since the epoch after which this hash is refused; null for never. */
  readonly validUntil: number | null;
  /** References and `provider/*` patterns; empty for all. */
  readonly allowedModels: readonly string[];
  /** Ids of tiers; empty for all. */
  readonly allowedTiers: readonly string[];
  /** Where requests without a model go; the classifier decides when left out. */
  readonly defaultTierId?: string;
  /** None when left out. */
  readonly limits?: KeyLimits;
}

export interface ConnectionSnapshot {
  readonly id: string;
  readonly provider: string;
  /** Code of the offering within its provider. */
  readonly offering: string;
  readonly billing: Billing;
  readonly region: string | null;
  /** Replaces the origin of the offering's URLs; null for the provider's own. */
  readonly baseUrl: string | null;
  /** Lower goes first. */
  readonly priority: number;
  readonly secret: SealedText | null;
  /** Code of the plan the operator bought; null when not declared. */
  readonly planCode: string | null;
  /** Quota windows as last read or estimated; empty without any. */
  readonly quota: readonly QuotaReading[];
  readonly cooldowns: readonly Cooldown[];
  /** An operator forgot every cool-down that began at or before this moment; 0 when none did. */
  readonly cooldownsClearedAt: number;
  /** Most requests at a time; null for no bound. */
  readonly maxConcurrency: number | null;
}

export interface ModelSnapshot {
  readonly id: string;
  /** `provider/upstreamId`. */
  readonly ref: string;
  readonly provider: string;
  readonly upstreamId: string;
  readonly displayName: string;
  /** Milliseconds since the epoch; shown as `created` in model lists. */
  readonly firstSeenAt: number;
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
  readonly capabilities: readonly ModelCapability[];
  readonly price: PriceRecord | null;
  /** Connections that offer it. */
  readonly via: readonly ModelRouteSnapshot[];
}

export interface ModelRouteSnapshot {
  readonly connectionId: string;
  /** Formats this model can be called with there, preferred first. */
  readonly protocols: readonly WireProtocol[];
}
