/** The closed sets of words that the whole program shares. Each mirrors an enum of the GraphQL contract or the database. */

export const BILLINGS = ['SUBSCRIPTION', 'METERED', 'LOCAL'] as const;
/** How traffic is paid for; independent of how it authenticates. */
export type Billing = (typeof BILLINGS)[number];

export const CREDENTIAL_KINDS = ['API_KEY', 'OAUTH_TOKEN', 'NONE'] as const;
/** What kind of secret authenticates a connection. */
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

export const PROVIDER_KINDS = ['LAB', 'AGGREGATOR', 'LOCAL', 'CUSTOM'] as const;
export type ProviderKind = (typeof PROVIDER_KINDS)[number];

export const CHAT_PROTOCOLS = ['OPENAI_CHAT', 'OPENAI_RESPONSES', 'ANTHROPIC_MESSAGES', 'GEMINI'] as const;
/** Wire format of conversations; each can be put into any other. */
export type ChatProtocol = (typeof CHAT_PROTOCOLS)[number];

/** Whether conversations are held in a format. */
export function isChatProtocol(protocol: WireProtocol): protocol is ChatProtocol {
  return protocol !== 'OPENAI_EMBEDDINGS';
}

export const WIRE_PROTOCOLS = [...CHAT_PROTOCOLS, 'OPENAI_EMBEDDINGS'] as const;
/** Wire format spoken with a provider or a client. */
export type WireProtocol = (typeof WIRE_PROTOCOLS)[number];

export const HEALTH_STATES = ['HEALTHY', 'DEGRADED', 'UNHEALTHY', 'UNKNOWN'] as const;
export type HealthState = (typeof HEALTH_STATES)[number];

export const FAILURE_CLASSES = [
  'AUTHENTICATION',
  'RATE_LIMITED',
  'QUOTA_EXHAUSTED',
  'BILLING',
  'PLAN_INACTIVE',
  'FAIR_USE',
  'CLIENT_REFUSED',
  'INCOMPLETE_ANSWER',
  'INVALID_REQUEST',
  'MODEL_NOT_FOUND',
  'CONTEXT_LENGTH',
  'CONTENT_POLICY',
  'UPSTREAM_ERROR',
  'TIMEOUT',
  'NETWORK',
  'CANCELLED',
  'INTERRUPTED',
] as const;
/** Class of an upstream failure; decides whether another target is tried. */
export type FailureClass = (typeof FAILURE_CLASSES)[number];

export const MODEL_STATES = ['AVAILABLE', 'STALE', 'REMOVED'] as const;
export type ModelState = (typeof MODEL_STATES)[number];

export const MODEL_CAPABILITIES = [
  'STREAMING',
  'TOOLS',
  'VISION',
  'REASONING',
  'STRUCTURED_OUTPUT',
  'PROMPT_CACHING',
] as const;
export type ModelCapability = (typeof MODEL_CAPABILITIES)[number];

export const MODEL_KINDS = ['CHAT', 'EMBEDDING', 'OTHER'] as const;
/**
 * What a model is for. `CHAT` models route; `EMBEDDING` models are reached by name, for embeddings only; the others are known
 * so that operators see them accounted for.
 */
export type ModelKind = (typeof MODEL_KINDS)[number];

export const PRICE_SOURCES = ['PROVIDER', 'CATALOG', 'OVERRIDE'] as const;
export type PriceSource = (typeof PRICE_SOURCES)[number];

export const DISCOVERY_TRIGGERS = ['MANUAL', 'SCHEDULED', 'CONNECTION_CHANGED'] as const;
export type DiscoveryTrigger = (typeof DISCOVERY_TRIGGERS)[number];

export const JOB_STATUSES = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'PARTIAL', 'FAILED', 'CANCELLED'] as const;
/** State of a job. `QUEUED` and `RUNNING` are open, the others final. */
export type JobStatus = (typeof JOB_STATUSES)[number];

export const USAGE_STATUSES = ['OK', 'REJECTED', 'FAILED', 'CANCELLED'] as const;
/** Outcome of a request. */
export type UsageStatus = (typeof USAGE_STATUSES)[number];

export const MEASUREMENT_SOURCES = ['REPORTED', 'ESTIMATED'] as const;
export type MeasurementSource = (typeof MEASUREMENT_SOURCES)[number];

export const ADMIN_SCOPES = [
  'CONFIG_READ',
  'CONFIG_WRITE',
  'USAGE_READ',
  'KEYS_READ',
  'KEYS_WRITE',
  'AUDIT_READ',
] as const;
/** Permission carried by an admin token. */
export type AdminScope = (typeof ADMIN_SCOPES)[number];

export const USAGE_INTERVALS = ['HOUR', 'DAY', 'WEEK', 'MONTH', 'TOTAL'] as const;
/** Length of a time bucket, aligned to UTC. */
export type UsageInterval = (typeof USAGE_INTERVALS)[number];

/** Calendar window in UTC; the same units as {@link UsageInterval}. */
export type LimitWindow = UsageInterval;

export const USAGE_DIMENSIONS = [
  'PROVIDER',
  'MODEL',
  'TIER',
  'ACCESS_KEY',
  'TAG',
  'CONNECTION',
  'BILLING',
  'OFFERING',
  'STATUS',
] as const;
/** What usage can be grouped by. */
export type UsageDimension = (typeof USAGE_DIMENSIONS)[number];

export const TARGET_STRATEGIES = [
  'ORDERED',
  'SUBSCRIPTION_FIRST',
  'EXPIRING_FIRST',
  'PACED',
  'LOWEST_COST',
  'LOWEST_LATENCY',
] as const;
/** How a target is chosen within a tier. */
export type TargetStrategy = (typeof TARGET_STRATEGIES)[number];

export const SKIP_REASONS = [
  'MODEL_DISABLED',
  'MODEL_REMOVED',
  'NO_CONNECTION',
  'COOLING_DOWN',
  'QUOTA_EXHAUSTED',
  'HELD_BY_PACE',
  'LIMIT_REACHED',
  'NOT_PERMITTED',
  'CAPABILITY_MISSING',
  'CONTEXT_TOO_LONG',
] as const;
/** Why a target would not be used. */
export type SkipReason = (typeof SKIP_REASONS)[number];

export const QUOTA_UNITS = ['REQUESTS', 'TOKENS', 'CREDITS', 'USD', 'SHARE'] as const;
export type QuotaUnit = (typeof QUOTA_UNITS)[number];

export const QUOTA_PACES = ['AHEAD', 'ON_PACE', 'BEHIND', 'EXHAUSTED', 'UNKNOWN'] as const;
/** Use of a window compared with the time passed in it. */
export type QuotaPace = (typeof QUOTA_PACES)[number];

export const FAILURE_SCOPES = ['ACCOUNT', 'MODEL', 'REQUEST'] as const;
/** What a failure says something about: the whole connection, one model through it, or this request alone. */
export type FailureScope = (typeof FAILURE_SCOPES)[number];
