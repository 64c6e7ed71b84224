/**
 * The operator's use cases as one object, grouped by what they are about. Each verb checks the scope, validates, works
 * in one transaction, and writes the audit entry in it. Whoever serves operators, over whatever transport, calls these.
 */
import type { WorkspaceRecord } from '../domain/records.js';
import type { AccessKeyVerbs } from './access-keys/verbs.js';
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
