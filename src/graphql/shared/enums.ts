/** Enums of the schema, each value described. The types make sure that none is forgotten. */
import { registerEnumType } from 'type-graphql';
import type { AccessKeyState } from '../../admin/access-keys/verbs.js';
import type { ModelOrder } from '../../admin/models/verbs.js';
import type { LimitAction, LimitMetric } from '../../domain/limits.js';
import type { ActorRecord, WebhookDeliveryRecord } from '../../domain/records.js';
import type { UserErrorCode } from '../../admin/result.js';
import type {
  AdminScope,
  Billing,
  CredentialKind,
  ProviderKind,
  WireProtocol,
  HealthState,
  FailureClass,
  ModelState,
  ModelCapability,
  PriceSource,
  QuotaPace,
  QuotaUnit,
  DiscoveryTrigger,
  JobStatus,
  UsageStatus,
  MeasurementSource,
  UsageInterval,
  LimitWindow,
  UsageDimension,
  TargetStrategy,
  SkipReason,
} from '../../domain/vocabulary.js';

type EnumObject<T extends string> = { readonly [K in T]: K };

/** Registers an enum under `name` and returns the object by which fields refer to it. */
function describeEnum<T extends string>(
  name: string,
  description: string,
  values: Record<T, string>,
): EnumObject<T> {
  const entries = Object.entries<string>(values);
  const object = Object.fromEntries(entries.map(([value]) => [value, value]));
  const valuesConfig = Object.fromEntries(entries.map(([value, text]) => [value, { description: text }]));
  registerEnumType(object, { name, description, valuesConfig });
  return object as EnumObject<T>;
}

export const AdminScopeEnum = describeEnum<AdminScope>(
  'AdminScope',
  'Permission carried by an admin token.',
  {
    CONFIG_READ: 'Read the catalog, connections, models and tiers.',
    CONFIG_WRITE: 'Change connections, models, tiers and limits.',
    USAGE_READ: 'Read usage, savings and alerts.',
    KEYS_READ: 'Read gateway keys, never their plaintext.',
    KEYS_WRITE: 'Create, rotate and revoke gateway keys.',
    AUDIT_READ: 'Read the audit log.',
  },
);

export const ActorKindEnum = describeEnum<ActorRecord['kind']>('ActorKind', 'Kind of actor.', {
  ADMIN_TOKEN: 'Someone using an admin token.',
  CLI: 'The command line.',
  SYSTEM: 'This service itself.',
});

export const HealthStateEnum = describeEnum<HealthState>('HealthState', 'How well something works.', {
  HEALTHY: 'Works.',
  DEGRADED: 'Works in part, or is close to a limit.',
  UNHEALTHY: 'Does not work.',
  UNKNOWN: 'Not checked yet.',
});

export const ProviderKindEnum = describeEnum<ProviderKind>('ProviderKind', 'Kind of provider.', {
  LAB: 'Serves its own models.',
  AGGREGATOR: 'Resells models of others.',
  LOCAL: "Runs on the operator's machine.",
  CUSTOM: 'Described by the operator.',
});

export const BillingEnum = describeEnum<Billing>(
  'Billing',
  'How traffic is paid for. Independent of how it authenticates: a coding plan may well use an API key.',
  {
    SUBSCRIPTION: 'Flat-rate coding plan with quota windows; a request costs nothing extra.',
    METERED: 'Paid per token.',
    LOCAL: "The operator's own server; costs nothing.",
  },
);

export const CredentialKindEnum = describeEnum<CredentialKind>(
  'CredentialKind',
  'What kind of secret authenticates.',
  {
    API_KEY: 'Key pasted by the operator.',
    OAUTH_TOKEN: 'Token obtained by signing in, refreshed by this service.',
    NONE: 'No secret, such as a local server.',
  },
);

export const WireProtocolEnum = describeEnum<WireProtocol>(
  'WireProtocol',
  'Wire format spoken with a provider or a client.',
  {
    OPENAI_CHAT: 'OpenAI chat completions.',
    OPENAI_RESPONSES: 'OpenAI responses.',
    ANTHROPIC_MESSAGES: 'Anthropic messages.',
    GEMINI: 'Gemini generate content; spoken with providers only.',
    OPENAI_EMBEDDINGS: 'OpenAI embeddings.',
  },
);

export const FailureClassEnum = describeEnum<FailureClass>(
  'FailureClass',
  'Class of an upstream failure; decides whether a fallback is tried.',
  {
    AUTHENTICATION: 'Credential refused.',
    RATE_LIMITED: 'Too many requests.',
    QUOTA_EXHAUSTED: 'Plan allowance used up.',
    BILLING: 'Account out of credit.',
    PLAN_INACTIVE: 'Plan expired or not bought.',
    FAIR_USE: 'Provider objects to how the account is used; calling on makes it worse.',
    CLIENT_REFUSED: 'Provider refuses this client or wants something only the client can send.',
    INCOMPLETE_ANSWER: 'Answer ended early or was empty.',
    INVALID_REQUEST: 'Request refused as malformed; not retried.',
    MODEL_NOT_FOUND: 'Model unknown to the provider.',
    CONTEXT_LENGTH: 'Input longer than the context window.',
    CONTENT_POLICY: "Refused by the provider's content policy; not retried.",
    UPSTREAM_ERROR: 'Provider answered 5xx.',
    TIMEOUT: 'No answer in time.',
    NETWORK: 'Connection could not be made or broke.',
    CANCELLED: 'Caller went away.',
    INTERRUPTED: 'This service stopped before the answer ended.',
  },
);

export const ModelStateEnum = describeEnum<ModelState>('ModelState', 'Whether a model is offered.', {
  AVAILABLE: 'Seen in the latest discovery.',
  STALE: 'Discovery failed lately; last known data.',
  REMOVED: 'No longer offered.',
});

export const ModelCapabilityEnum = describeEnum<ModelCapability>('ModelCapability', 'Ability of a model.', {
  STREAMING: 'Streams its answer.',
  TOOLS: 'Calls tools.',
  VISION: 'Reads images.',
  REASONING: 'Thinks before answering.',
  STRUCTURED_OUTPUT: 'Follows a JSON schema.',
  PROMPT_CACHING: 'Caches prompts.',
});

export const PriceSourceEnum = describeEnum<PriceSource>('PriceSource', 'Origin of a price.', {
  PROVIDER: 'Stated by the provider.',
  CATALOG: 'Shipped with this build.',
  OVERRIDE: 'Set by the operator.',
});

export const DiscoveryTriggerEnum = describeEnum<DiscoveryTrigger>(
  'DiscoveryTrigger',
  'What started a discovery run.',
  {
    MANUAL: 'An operator.',
    SCHEDULED: 'The schedule.',
    CONNECTION_CHANGED: 'A new or changed connection.',
  },
);

export const JobStatusEnum = describeEnum<JobStatus>(
  'JobStatus',
  'State of a job. `QUEUED` and `RUNNING` are open, the others final.',
  {
    QUEUED: 'Waiting.',
    RUNNING: 'Working.',
    SUCCEEDED: 'All parts succeeded.',
    PARTIAL: 'Some parts failed.',
    FAILED: 'All parts failed.',
    CANCELLED: 'Stopped by an operator.',
  },
);

export const AccessKeyStateEnum = describeEnum<AccessKeyState>('AccessKeyState', 'Whether a key works.', {
  ACTIVE: 'Works.',
  ROTATING: 'Replaced; works until its grace period ends.',
  SUSPENDED: 'Over budget; works again in the next window.',
  EXPIRED: 'Past its expiry.',
  REVOKED: 'Stopped for good.',
});

export const LimitWindowEnum = describeEnum<LimitWindow>('LimitWindow', 'Calendar window in UTC.', {
  HOUR: 'Hour.',
  DAY: 'Day.',
  WEEK: 'Week from Monday.',
  MONTH: 'Calendar month.',
  TOTAL: 'All time.',
});

export const LimitMetricEnum = describeEnum<LimitMetric>('LimitMetric', 'Metric of a limit.', {
  COST_USD: 'Charged cost.',
  TOKENS: 'Tokens of all kinds.',
  REQUESTS: 'Requests.',
  FAILURE_RATE: 'Share of failed requests, 0 to 1.',
  QUOTA_PERCENT: 'Largest used share of a plan quota, 0 to 100.',
});

export const LimitActionEnum = describeEnum<LimitAction>('LimitAction', 'What a limit does.', {
  NOTIFY: 'Raise an alert.',
  BLOCK: 'Raise an alert and refuse further requests in the window.',
});

export const DeliveryStateEnum = describeEnum<WebhookDeliveryRecord['state']>(
  'DeliveryState',
  'Where a message stands.',
  {
    PENDING: 'It waits to be sent, perhaps again.',
    DELIVERED: 'It was taken.',
    FAILED: 'It was given up.',
  },
);

export const UsageStatusEnum = describeEnum<UsageStatus>('UsageStatus', 'Outcome of a request.', {
  OK: 'Answered.',
  REJECTED: 'Refused here, before any attempt.',
  FAILED: 'Every attempt failed.',
  CANCELLED: 'Client went away; tokens so far are counted.',
});

export const UsageDimensionEnum = describeEnum<UsageDimension>(
  'UsageDimension',
  'What usage can be grouped by.',
  {
    PROVIDER: 'Provider slug.',
    MODEL: 'Model reference.',
    TIER: 'Tier slug.',
    ACCESS_KEY: 'Gateway key.',
    TAG: 'Tags of the gateway key, as they are now; a key with several counts under all of them together.',
    CONNECTION: 'Connection.',
    BILLING: 'Way of paying.',
    OFFERING: 'Way to buy access, as `provider/offering`.',
    STATUS: 'Outcome.',
  },
);

export const UsageIntervalEnum = describeEnum<UsageInterval>(
  'UsageInterval',
  'Length of a time bucket, aligned to UTC.',
  {
    HOUR: 'Hour.',
    DAY: 'Day.',
    WEEK: 'Week from Monday.',
    MONTH: 'Calendar month.',
    TOTAL: 'The whole range in one bucket.',
  },
);

export const MeasurementSourceEnum = describeEnum<MeasurementSource>(
  'MeasurementSource',
  'Origin of a number.',
  {
    REPORTED: 'Stated by the provider.',
    ESTIMATED: 'Computed here.',
  },
);

export const QuotaUnitEnum = describeEnum<QuotaUnit>('QuotaUnit', 'Unit of a quota.', {
  REQUESTS: 'Requests.',
  TOKENS: 'Tokens of all kinds.',
  CREDITS: 'Credits of the provider.',
  USD: "US dollars at the provider's list price.",
  SHARE: 'Only a share is known.',
});

export const QuotaPaceEnum = describeEnum<QuotaPace>(
  'QuotaPace',
  'Use of a window compared with the time passed in it.',
  {
    AHEAD: 'Used faster than time passes: it will run out before the reset.',
    ON_PACE: 'About in step with time.',
    BEHIND: 'Used slower than time passes: some will expire unused.',
    EXHAUSTED: 'Exhausted.',
    UNKNOWN: 'Length or reset unknown, or too early to tell.',
  },
);

export const UserErrorCodeEnum = describeEnum<UserErrorCode>('UserErrorCode', 'Code of a user error.', {
  INVALID: 'Value not acceptable.',
  REQUIRED: 'Value missing.',
  OUT_OF_RANGE: 'Value too long, too short or out of range.',
  NOT_FOUND: 'Thing named does not exist or may not be seen.',
  TAKEN: 'Name or combination already in use.',
  CONFLICT: 'Thing changed since it was read; read again and retry.',
  IN_USE: 'Thing is in use and cannot be removed.',
  INVALID_STATE: 'Not possible in the present state.',
  UNSUPPORTED_OFFERING: 'Provider has no such offering, or several and none was named.',
  CREDENTIAL_REJECTED: 'Provider refused the credential.',
  UPSTREAM_UNAVAILABLE: 'Provider could not be reached.',
  FALLBACK_CYCLE: 'Fallbacks would form a cycle.',
  IDEMPOTENCY_MISMATCH: 'Idempotency key was used with other arguments.',
  LIMIT_EXCEEDED: 'Too many of these exist already.',
});

export const ModelOrderFieldEnum = describeEnum<ModelOrder['field']>(
  'ModelOrderField',
  'What models can be ordered by.',
  {
    REF: 'Reference.',
    INPUT_PRICE: 'Input price, unknown last.',
    CONTEXT_WINDOW: 'Context window, unknown last.',
    FIRST_SEEN_AT: 'When first seen.',
  },
);

export const OrderDirectionEnum = describeEnum<ModelOrder['direction']>(
  'OrderDirection',
  'Which way to order.',
  {
    ASC: 'Smallest first.',
    DESC: 'Largest first.',
  },
);

export const TargetStrategyEnum = describeEnum<TargetStrategy>(
  'TargetStrategy',
  'How a target is chosen within a tier.',
  {
    ORDERED: 'As listed.',
    SUBSCRIPTION_FIRST: 'Subscriptions with quota left first, then as listed.',
    EXPIRING_FIRST:
      'Among usable subscriptions, the one whose unused allowance expires soonest first; then as listed.',
    PACED:
      "Subscriptions that are not ahead of their pace first, so that a week's allowance lasts the week; then as listed.",
    LOWEST_COST: 'Cheapest ready target first.',
    LOWEST_LATENCY: 'Fastest to the first token lately first.',
  },
);

export const SkipReasonEnum = describeEnum<SkipReason>('SkipReason', 'Why a target would not be used.', {
  MODEL_DISABLED: 'Model disabled.',
  MODEL_REMOVED: 'Model no longer offered.',
  NO_CONNECTION: 'No enabled connection.',
  COOLING_DOWN: 'Connection cooling down.',
  QUOTA_EXHAUSTED: 'Plan allowance used up.',
  HELD_BY_PACE: 'Plan ahead of its pace.',
  LIMIT_REACHED: 'A limit blocks it.',
  NOT_PERMITTED: 'The key may not use it.',
  CAPABILITY_MISSING: 'Model lacks an ability the request needs.',
  CONTEXT_TOO_LONG: 'Request exceeds the context window.',
});
