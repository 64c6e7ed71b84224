/**
 * The operator's use cases as one object, grouped by what they are about. Each verb checks the scope, validates, works
 * in one transaction, and writes the audit entry in it. Whoever serves operators, over whatever transport, calls these.
 */
import type { QuotaReading } from '../domain/quota.js';
import type { Cooldown } from '../domain/cooldown.js';
import type {
  ConnectionRecord,
  DiscoveryRunRecord,
  DiscoveryResultRecord,
  ModelRecord,
  Page,
  RoutingRuleRecord,
  RoutingTierRecord,
  WorkspaceRecord,
} from '../domain/records.js';
import type {
  Billing,
  CredentialKind,
  FailureClass,
  HealthState,
  ModelCapability,
  ModelState,
  TargetStrategy,
  WireProtocol,
} from '../domain/vocabulary.js';
import type { ProviderDefinition } from '../providers/define-provider.js';
import type { ProviderSet } from '../providers/provider-set.js';
import type { AccessKeyVerbs, BudgetInput } from './access-keys/verbs.js';
import type { Actor, AdminContext } from './actor.js';
import type { AuditVerbs } from './audit-log.js';
import type { AlertVerbs } from './alerts/verbs.js';
import type { LimitVerbs } from './limits/verbs.js';
import type { WebhookVerbs } from './webhooks/verbs.js';
import type { Result } from './result.js';
import type { RoutePlan } from './route-plan/plan-route.js';
import type { RoutingView } from './route-plan/routing-view.js';

/** Which items of a list: the first `first` after the cursor's position. Positions are opaque to callers. */
export interface PageRequest {
  readonly first: number;
  /** Sort key and id of the item before the page; null for the first page. */
  readonly after: PagePosition | null;
}

export interface PagePosition {
  readonly sortKey: string | number | null;
  readonly id: string;
}

export interface ConnectionFilter {
  readonly providers?: readonly string[];
  readonly billing?: Billing;
  readonly enabled?: boolean;
  readonly healthStates?: readonly HealthState[];
}

export interface ConnectionCreateInput {
  readonly provider: string;
  readonly offering?: string;
  readonly label: string;
  readonly secret?: string;
  readonly region?: string;
  readonly baseUrl?: string;
  readonly planCode?: string;
  /** Decimal dollars. */
  readonly monthlyPriceUsd?: string;
  readonly priority: number;
  readonly verify: boolean;
  readonly discover: boolean;
  readonly idempotencyKey?: string;
}

/** Absent fields stay; null clears. */
export interface ConnectionUpdateInput {
  readonly label?: string;
  readonly enabled?: boolean;
  readonly priority?: number;
  readonly region?: string | null;
  readonly baseUrl?: string | null;
  readonly planCode?: string | null;
  readonly monthlyPriceUsd?: string | null;
  /** Needed where the change would send the stored one to another address. */
  readonly secret?: string;
}

export interface CustomProviderCreateInput {
  readonly slug: string;
  readonly name: string;
  readonly billing: Billing;
  readonly credential: CredentialKind;
  readonly protocol: WireProtocol;
  readonly baseUrl: string;
  readonly liveCatalog: boolean;
  readonly models: readonly CustomModelInput[];
}

/** Absent fields stay. */
export type CustomProviderUpdateInput = Partial<
  Pick<CustomProviderCreateInput, 'name' | 'protocol' | 'baseUrl' | 'liveCatalog' | 'models'>
>;

export interface CustomModelInput {
  readonly upstreamId: string;
  readonly displayName?: string | null;
  readonly contextWindow?: number | null;
  readonly maxOutputTokens?: number | null;
  readonly capabilities?: readonly ModelCapability[] | null;
  readonly listPrice?: CustomPriceInput | null;
}

/** Decimal dollars. */
export interface CustomPriceInput {
  readonly inputUsdPerMillion: string;
  readonly outputUsdPerMillion: string;
  readonly cacheReadUsdPerMillion?: string | null;
  readonly cacheWriteUsdPerMillion?: string | null;
}

export interface ModelFilter {
  readonly search?: string;
  readonly providers?: readonly string[];
  readonly billing?: Billing;
  readonly capabilities?: readonly ModelCapability[];
  /** `AVAILABLE` and `STALE` when absent. */
  readonly states?: readonly ModelState[];
  readonly enabled?: boolean;
  readonly connectionId?: string;
}

/** Absent fields stay. */
export interface ModelUpdateInput {
  readonly enabled?: boolean;
  /** Null drops the operator's own price. */
  readonly listPrice?: CustomPriceInput | null;
}

export interface ModelOrder {
  readonly field: 'REF' | 'INPUT_PRICE' | 'CONTEXT_WINDOW' | 'FIRST_SEEN_AT';
  readonly direction: 'ASC' | 'DESC';
}

export type AccessKeyState = 'ACTIVE' | 'ROTATING' | 'SUSPENDED' | 'EXPIRED' | 'REVOKED';

export interface AccessKeyFilter {
  readonly search?: string;
  /** All but `REVOKED` when absent. */
  readonly states?: readonly AccessKeyState[];
}

export interface AccessKeyCreateInput {
  readonly name: string;
  /** References and `provider/*` patterns; empty for all. */
  readonly allowedModels: readonly string[];
  /** Empty for all. */
  readonly allowedTierIds?: readonly string[];
  readonly defaultTierId?: string;
  readonly tags?: readonly string[];
  readonly budget?: BudgetInput;
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  readonly maxConcurrency?: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt?: number;
  readonly idempotencyKey?: string;
}

export interface RoutingTierCreateInput {
  readonly slug: string;
  readonly name: string;
  readonly description?: string;
  readonly strategy: TargetStrategy;
  readonly targets: readonly RouteTargetInput[];
  readonly retryOn?: readonly FailureClass[];
  readonly maxAttempts: number;
  readonly fallbackTierId?: string;
  readonly isDefault: boolean;
}

/** Absent fields stay; null clears. */
export interface RoutingTierUpdateInput {
  readonly expectedVersion?: number;
  readonly name?: string;
  readonly description?: string | null;
  readonly enabled?: boolean;
  readonly strategy?: TargetStrategy;
  readonly retryOn?: readonly FailureClass[];
  readonly maxAttempts?: number;
  readonly fallbackTierId?: string | null;
  readonly isDefault?: boolean;
}

export interface RoutingTierSetTargetsInput {
  readonly expectedVersion: number;
  readonly targets: readonly RouteTargetInput[];
}

export interface RouteTargetInput {
  readonly modelRef: string;
  readonly billing?: Billing | null;
  readonly connectionId?: string | null;
}

export interface RoutingRuleCreateInput {
  readonly name: string;
  readonly header: string;
  /** Any when absent. */
  readonly value?: string;
  readonly tierId: string;
}

/** Absent fields stay. */
export interface RoutingRuleUpdateInput {
  readonly name?: string;
  readonly enabled?: boolean;
  readonly header?: string;
  /** Null for any. */
  readonly value?: string | null;
  readonly tierId?: string;
}

export interface RoutePlanInput {
  readonly model: string;
  readonly prompt?: string;
  readonly inputTokens?: number;
  readonly outputTokens: number;
  readonly capabilities?: readonly ModelCapability[];
  readonly accessKeyId?: string;
}

/** What one of the classifier's signals counts for. */
export interface ClassifierWeight {
  readonly name: string;
  /** In words; null for a boundary between tiers. */
  readonly measures: string | null;
  readonly shippedValue: number;
  /** The workspace's own; null when it counts as shipped. */
  readonly ownValue: number | null;
}

export interface ClassifierWeightInput {
  readonly name: string;
  readonly value: number;
}

export interface ConnectionVerbs {
  list(context: AdminContext, page: PageRequest, filter: ConnectionFilter): Promise<Page<ConnectionRecord>>;
  /** In the order of `ids`; null where there is none to be seen. */
  byIds(context: AdminContext, ids: readonly string[]): Promise<readonly (ConnectionRecord | null)[]>;
  create(
    context: AdminContext,
    input: ConnectionCreateInput,
  ): Promise<Result<{ connection: ConnectionRecord; discoveryRun: DiscoveryRunRecord | null }>>;
  update(context: AdminContext, id: string, input: ConnectionUpdateInput): Promise<Result<ConnectionRecord>>;
  rotateSecret(
    context: AdminContext,
    id: string,
    input: { secret: string; verify: boolean },
  ): Promise<Result<ConnectionRecord>>;
  /** A failed check is a result: it is in the connection's health. */
  verify(context: AdminContext, id: string): Promise<Result<ConnectionRecord>>;
  remove(context: AdminContext, id: string): Promise<Result<string>>;
  /** Every connection that is paid for by a plan, by priority. */
  plans(context: AdminContext): Promise<readonly ConnectionRecord[]>;
  /** Quota windows of each, shortest first. */
  quotaWindows(
    context: AdminContext,
    connectionIds: readonly string[],
  ): Promise<readonly (readonly QuotaReading[])[]>;
  refreshQuota(context: AdminContext, id: string): Promise<Result<ConnectionRecord>>;
  /** Latest discovery outcome of each; null before the first. */
  lastDiscoveries(
    context: AdminContext,
    connectionIds: readonly string[],
  ): Promise<readonly (DiscoveryResultRecord | null)[]>;
  /** Forgets what keeps traffic away, so that the next request tries it again. */
  clearCooldown(context: AdminContext, id: string): Promise<Result<ConnectionRecord>>;
  /** What keeps traffic from each, over or not. */
  cooldowns(
    context: AdminContext,
    connectionIds: readonly string[],
  ): Promise<readonly (readonly Cooldown[])[]>;
}

export interface ProviderVerbs {
  /** Built in and described; asks for no scope, because whoever sees something of a provider sees its name. */
  known(context: AdminContext): Promise<ProviderSet>;
  create(context: AdminContext, input: CustomProviderCreateInput): Promise<Result<ProviderDefinition>>;
  update(
    context: AdminContext,
    id: string,
    input: CustomProviderUpdateInput,
  ): Promise<Result<ProviderDefinition>>;
  remove(context: AdminContext, id: string): Promise<Result<string>>;
}

export interface ModelVerbs {
  list(
    context: AdminContext,
    page: PageRequest,
    filter: ModelFilter,
    order: ModelOrder,
  ): Promise<Page<ModelRecord>>;
  byRef(context: AdminContext, ref: string): Promise<ModelRecord | null>;
  /** In the order of `refs`; null where there is none. */
  byRefs(context: AdminContext, refs: readonly string[]): Promise<readonly (ModelRecord | null)[]>;
  byIds(context: AdminContext, ids: readonly string[]): Promise<readonly (ModelRecord | null)[]>;
  update(context: AdminContext, id: string, input: ModelUpdateInput): Promise<Result<ModelRecord>>;
}

export interface DiscoveryVerbs {
  runs(context: AdminContext, page: PageRequest): Promise<Page<DiscoveryRunRecord>>;
  byIds(context: AdminContext, ids: readonly string[]): Promise<readonly (DiscoveryRunRecord | null)[]>;
  start(context: AdminContext, connectionIds: readonly string[] | null): Promise<Result<DiscoveryRunRecord>>;
  cancel(context: AdminContext, id: string): Promise<Result<DiscoveryRunRecord>>;
}

export interface TierVerbs {
  list(context: AdminContext): Promise<readonly RoutingTierRecord[]>;
  byIds(context: AdminContext, ids: readonly string[]): Promise<readonly (RoutingTierRecord | null)[]>;
  bySlugs(context: AdminContext, slugs: readonly string[]): Promise<readonly (RoutingTierRecord | null)[]>;
  create(context: AdminContext, input: RoutingTierCreateInput): Promise<Result<RoutingTierRecord>>;
  update(
    context: AdminContext,
    id: string,
    input: RoutingTierUpdateInput,
  ): Promise<Result<RoutingTierRecord>>;
  setTargets(
    context: AdminContext,
    id: string,
    input: RoutingTierSetTargetsInput,
  ): Promise<Result<RoutingTierRecord>>;
  reorder(context: AdminContext, ids: readonly string[]): Promise<Result<readonly RoutingTierRecord[]>>;
  remove(context: AdminContext, id: string): Promise<Result<string>>;
}

export interface RuleVerbs {
  list(context: AdminContext): Promise<readonly RoutingRuleRecord[]>;
  byIds(context: AdminContext, ids: readonly string[]): Promise<readonly (RoutingRuleRecord | null)[]>;
  create(context: AdminContext, input: RoutingRuleCreateInput): Promise<Result<RoutingRuleRecord>>;
  update(
    context: AdminContext,
    id: string,
    input: RoutingRuleUpdateInput,
  ): Promise<Result<RoutingRuleRecord>>;
  reorder(context: AdminContext, ids: readonly string[]): Promise<Result<readonly RoutingRuleRecord[]>>;
  remove(context: AdminContext, id: string): Promise<Result<string>>;
}

export interface RoutingVerbs {
  /** What decisions are made from, as it stands now. */
  view(context: AdminContext): Promise<RoutingView>;
  plan(context: AdminContext, input: RoutePlanInput): Promise<RoutePlan>;
  weights(context: AdminContext): Promise<readonly ClassifierWeight[]>;
  setWeights(
    context: AdminContext,
    weights: readonly ClassifierWeightInput[],
  ): Promise<Result<readonly ClassifierWeight[]>>;
}

export interface Admin {
  /** Who a bearer token belongs to; null for unknown, revoked and expired ones alike. */
  authenticate(token: string): Promise<Actor | null>;
  workspace(context: AdminContext): Promise<WorkspaceRecord>;
  readonly providers: ProviderVerbs;
  readonly connections: ConnectionVerbs;
  readonly models: ModelVerbs;
  readonly discovery: DiscoveryVerbs;
  readonly tiers: TierVerbs;
  readonly rules: RuleVerbs;
  readonly routing: RoutingVerbs;
  readonly accessKeys: AccessKeyVerbs;
  readonly auditLog: AuditVerbs;
  readonly limits: LimitVerbs;
  readonly alerts: AlertVerbs;
  readonly webhooks: WebhookVerbs;
}
