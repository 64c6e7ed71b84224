/**
 * The operator's use cases as one object, grouped by what they are about. Each verb checks the scope, validates, works
 * in one transaction, and writes the audit entry in it. Whoever serves operators, over whatever transport, calls these.
 */
import type { WorkspaceRecord } from '../domain/records.js';
import type { AccessKeyVerbs, BudgetInput } from './access-keys/verbs.js';
import type { Actor, AdminContext } from './actor.js';
import type { AlertVerbs } from './alerts/verbs.js';
import type { AuditVerbs } from './audit-log.js';
import type { ConnectionVerbs } from './connections/verbs.js';
import type { ProviderVerbs } from './custom-providers/verbs.js';
import type { DiscoveryVerbs } from './discovery/verbs.js';
import type { LimitVerbs } from './limits/verbs.js';
import type { ModelVerbs } from './models/verbs.js';
import type { RoutingVerbs } from './route-plan/verbs.js';
import type { RuleVerbs } from './rules/verbs.js';
import type { TierVerbs } from './tiers/verbs.js';
import type { WebhookVerbs } from './webhooks/verbs.js';

export type { PageRequest, PagePosition } from './page.js';
export type { ConnectionFilter, ConnectionCreateInput, ConnectionUpdateInput } from './connections/verbs.js';
export type {
  CustomProviderCreateInput,
  CustomProviderUpdateInput,
  CustomModelInput,
} from './custom-providers/verbs.js';
export type { CustomPriceInput, ModelFilter, ModelUpdateInput, ModelOrder } from './models/verbs.js';

export type {
  RoutingTierCreateInput,
  RoutingTierUpdateInput,
  RoutingTierSetTargetsInput,
  RouteTargetInput,
} from './tiers/verbs.js';
export type { RoutingRuleCreateInput, RoutingRuleUpdateInput } from './rules/verbs.js';
export type { RoutePlanInput, ClassifierWeight, ClassifierWeightInput } from './route-plan/verbs.js';

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
