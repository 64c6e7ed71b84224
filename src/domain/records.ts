/** Stored things as plain values: what persistence answers and every layer above passes on. Times are milliseconds since the epoch. */
import type { UpstreamFailure } from './failure.js';
import type { LimitAction, LimitMetric, LimitScope } from './limits.js';
import type { NanoUsd, TokenPrices } from './money.js';
import type {
  Billing,
  CredentialKind,
  DiscoveryTrigger,
  FailureClass,
  HealthState,
  JobStatus,
  LimitWindow,
  ModelCapability,
  ModelKind,
  ModelState,
  PriceSource,
  TargetStrategy,
  WireProtocol,
} from './vocabulary.js';

export interface WorkspaceRecord {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly createdAt: number;
}

export interface HealthRecord {
  readonly state: HealthState;
  readonly reason: FailureClass | null;
  readonly message: string | null;
  readonly checkedAt: number | null;
}

export interface ConnectionRecord {
  readonly id: string;
  readonly workspaceId: string;
  /** Slug. */
  readonly provider: string;
  /** Code within the provider. */
  readonly offering: string;
  readonly billing: Billing;
  readonly credential: CredentialKind;
  readonly label: string;
  readonly enabled: boolean;
  readonly priority: number;
  readonly region: string | null;
  /** The operator's own origin; null for the provider's. */
  readonly baseUrl: string | null;
  readonly planCode: string | null;
  readonly monthlyPriceNanoUsd: NanoUsd | null;
  readonly planActive: boolean | null;
  readonly secretPreview: string | null;
  readonly secretRotatedAt: number;
  readonly secretExpiresAt: number | null;
  readonly health: HealthRecord;
  /** The operator's own bound on requests at a time; null for the offering's. */
  readonly maxConcurrency: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface PriceVersion extends TokenPrices {
  readonly id: string;
  readonly source: PriceSource;
  readonly asOf: number;
}

export interface ModelRecord {
  readonly id: string;
  readonly workspaceId: string;
  readonly provider: string;
  readonly upstreamId: string;
  readonly ref: string;
  readonly displayName: string;
  readonly kind: ModelKind;
  readonly enabled: boolean;
  readonly state: ModelState;
  readonly contextWindow: number | null;
  readonly maxOutputTokens: number | null;
  readonly capabilities: readonly ModelCapability[];
  /** The version in force; null when the price is unknown. */
  readonly price: PriceVersion | null;
  /** Connections that offer it, by priority. */
  readonly via: readonly ModelRoute[];
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
}

/** A model through one connection. */
export interface ModelRoute {
  readonly connectionId: string;
  readonly state: ModelState;
  readonly protocols: readonly WireProtocol[];
}

export interface DiscoveryRunRecord {
  readonly id: string;
  readonly workspaceId: string;
  readonly trigger: DiscoveryTrigger;
  readonly status: JobStatus;
  readonly connectionsTotal: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  /** In the order they finished, open ones last. */
  readonly results: readonly DiscoveryResultRecord[];
}

export interface DiscoveryResultRecord {
  readonly id: string;
  readonly runId: string;
  readonly connectionId: string | null;
  readonly provider: string;
  readonly status: JobStatus;
  readonly modelsFound: number;
  /** References. */
  readonly modelsAdded: readonly string[];
  readonly modelsRemoved: readonly string[];
  readonly failure: UpstreamFailure | null;
  readonly durationMs: number | null;
  readonly finishedAt: number | null;
}

export interface AccessKeyRecord {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly preview: string;
  readonly allowedModels: readonly string[];
  /** Ids; empty for all. */
  readonly allowedTierIds: readonly string[];
  /** Words that reports are grouped by. */
  readonly tags: readonly string[];
  readonly budget: BudgetRecord | null;
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  /** Most requests at a time. */
  readonly maxConcurrency: number | null;
  /** Where requests without a model go. */
  readonly defaultTierId: string | null;
  readonly previousValidUntil: number | null;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

/** Most that may be spent in a window. */
export interface BudgetRecord {
  readonly limitNanoUsd: NanoUsd;
  readonly window: LimitWindow;
}

/** A threshold on a metric. */
export interface UsageLimitRecord {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly metric: LimitMetric;
  readonly window: LimitWindow;
  /** In billionths of the metric's unit, exactly. */
  readonly threshold: bigint;
  readonly action: LimitAction;
  readonly scope: LimitScope;
  readonly lastFiredAt: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A limit that fired. */
export interface AlertRecord {
  readonly id: string;
  readonly workspaceId: string;
  /** Null once deleted. */
  readonly limitId: string | null;
  readonly message: string;
  /** In billionths of the metric's unit. */
  readonly value: bigint;
  readonly firedAt: number;
  readonly resolvedAt: number | null;
  readonly acknowledgedAt: number | null;
  readonly acknowledgedBy: ActorRecord | null;
}

/** Where alerts are sent. */
export interface WebhookRecord {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly url: string;
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** One message to a webhook. */
export interface WebhookDeliveryRecord {
  readonly id: string;
  readonly webhookId: string;
  /** `alert.fired`, `alert.resolved` or `test`. */
  readonly event: string;
  readonly state: 'PENDING' | 'DELIVERED' | 'FAILED';
  readonly attempts: number;
  readonly httpStatus: number | null;
  /** What went wrong last. */
  readonly message: string | null;
  readonly createdAt: number;
  readonly finishedAt: number | null;
}

/** Who acted, kept by value. */
export interface ActorRecord {
  readonly kind: 'ADMIN_TOKEN' | 'CLI' | 'SYSTEM';
  readonly id: string | null;
  readonly name: string;
}

export interface RoutingTierRecord {
  readonly id: string;
  readonly workspaceId: string;
  readonly slug: string;
  readonly name: string;
  readonly description: string | null;
  /** Place among tiers, from 0. */
  readonly position: number;
  readonly enabled: boolean;
  readonly isDefault: boolean;
  readonly strategy: TargetStrategy;
  /** First to last. */
  readonly targets: readonly RouteTargetRecord[];
  readonly retryOn: readonly FailureClass[];
  readonly maxAttempts: number;
  readonly fallbackTierId: string | null;
  /** Grows by one with every change. */
  readonly version: number;
  /** Whether its targets are the program's own suggestion, kept current until an operator changes the tier. */
  readonly suggested: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface RouteTargetRecord {
  readonly modelRef: string;
  /** Null for any. */
  readonly billing: Billing | null;
  /** Null for any of the model's. */
  readonly connectionId: string | null;
}

export interface RoutingRuleRecord {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  /** Place among rules, from 0. */
  readonly position: number;
  readonly enabled: boolean;
  /** In lower case. */
  readonly header: string;
  /** Null when the header's presence is enough. */
  readonly value: string | null;
  readonly tierId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** One page of a list that grows. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly hasNextPage: boolean;
  /** Items on all pages; null where counting would cost too much. */
  readonly totalCount: number | null;
}
