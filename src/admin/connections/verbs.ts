/** What operators do with connections. */
import type { Cooldown } from '../../domain/cooldown.js';
import type { QuotaReading } from '../../domain/quota.js';
import type {
  ConnectionRecord,
  DiscoveryResultRecord,
  DiscoveryRunRecord,
  Page,
} from '../../domain/records.js';
import type { Billing, HealthState } from '../../domain/vocabulary.js';
import type { AdminContext } from '../actor.js';
import type { PageRequest } from '../page.js';
import type { Result } from '../result.js';

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
