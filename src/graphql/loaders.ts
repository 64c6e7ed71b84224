/** Batches what the fields of one operation, or of an actor's subscriptions, load, so that a page of things costs as many statements as one thing. */
import DataLoader from 'dataloader';
import type { Admin } from '../admin/admin.js';
import type { AdminContext } from '../admin/actor.js';
import type { RoutingView } from '../admin/route-plan/routing-view.js';
import type { Cooldown } from '../domain/cooldown.js';
import type { AuditEntryRecord } from '../admin/audit-log.js';
import type {
  AccessKeyRecord,
  AlertRecord,
  ConnectionRecord,
  DiscoveryResultRecord,
  DiscoveryRunRecord,
  ModelRecord,
  RoutingRuleRecord,
  RoutingTierRecord,
  UsageLimitRecord,
  WebhookRecord,
} from '../domain/records.js';
import type { NanoUsd } from '../domain/money.js';
import type { TimeRange } from '../domain/time-range.js';
import type { QuotaReading } from '../domain/quota.js';
import type { ProviderSet } from '../providers/provider-set.js';
import type { StoredUsageEvent, UsageAttempt } from '../domain/usage.js';
import type { UsageSums } from '../usage/reports.js';
import type { UsageReads } from './usage/reads.js';

type ById<T> = DataLoader<string, T | null>;

export interface Loaders {
  /** Providers of the workspace, under the one key `all`. */
  readonly providers: DataLoader<'all', ProviderSet>;
  readonly connection: ById<ConnectionRecord>;
  readonly model: ById<ModelRecord>;
  readonly modelByRef: ById<ModelRecord>;
  readonly tier: ById<RoutingTierRecord>;
  readonly tierBySlug: ById<RoutingTierRecord>;
  readonly rule: ById<RoutingRuleRecord>;
  /** What routing decisions are made from, under the one key `all`. */
  readonly routing: DataLoader<'all', RoutingView>;
  readonly run: ById<DiscoveryRunRecord>;
  readonly accessKey: ById<AccessKeyRecord>;
  /** What a key spent in the present window of its budget. */
  readonly keySpent: DataLoader<AccessKeyRecord, NanoUsd>;
  readonly limit: ById<UsageLimitRecord>;
  /** What a limit stands at, in billionths of its metric's unit. */
  readonly limitCurrent: DataLoader<UsageLimitRecord, bigint>;
  readonly alert: ById<AlertRecord>;
  readonly webhook: ById<WebhookRecord>;
  readonly event: ById<StoredUsageEvent>;
  /** What keeps traffic from a connection, over or not. */
  readonly cooldowns: DataLoader<string, readonly Cooldown[]>;
  /** Quota windows by connection, shortest first. */
  readonly quotaWindows: DataLoader<string, readonly QuotaReading[]>;
  readonly auditEntry: ById<AuditEntryRecord>;
  /** Latest discovery outcome by connection. */
  readonly lastDiscovery: ById<DiscoveryResultRecord>;
  /** Attempts by event. */
  readonly attempts: DataLoader<string, readonly UsageAttempt[]>;
  /** Sums over a range, by connection or access key. */
  sums(by: 'CONNECTION' | 'ACCESS_KEY', range: TimeRange): DataLoader<string, UsageSums>;
}

export interface LoadersDeps {
  readonly admin: Admin;
  readonly usage: UsageReads;
  readonly caller: AdminContext;
  /**
   * Whether a thing is loaded once only. Not for subscriptions, whose later messages must see later states: theirs is loaded once
   * for all that ask at the same time.
   */
  readonly remember: boolean;
}

export function createLoaders({ admin, usage, caller, remember }: LoadersDeps): Loaders {
  const loader = <T, K = string>(load: (keys: readonly K[]) => Promise<readonly T[]>): DataLoader<K, T> => {
    const made: DataLoader<K, T> = new DataLoader<K, T>((keys) => {
      if (!remember) made.clearAll();
      return load(keys);
    });
    return made;
  };
  const sums = new Map<string, DataLoader<string, UsageSums>>();
  const one = <T>(load: () => Promise<T>): DataLoader<'all', T> =>
    loader(async (keys) => {
      const known = await load();
      return keys.map(() => known);
    });
  return {
    providers: one(() => admin.providers.known(caller)),
    connection: loader((ids) => admin.connections.byIds(caller, ids)),
    model: loader((ids) => admin.models.byIds(caller, ids)),
    modelByRef: loader((refs) => admin.models.byRefs(caller, refs)),
    tier: loader((ids) => admin.tiers.byIds(caller, ids)),
    tierBySlug: loader((slugs) => admin.tiers.bySlugs(caller, slugs)),
    rule: loader((ids) => admin.rules.byIds(caller, ids)),
    routing: one(() => admin.routing.view(caller)),
    run: loader((ids) => admin.discovery.byIds(caller, ids)),
    accessKey: loader((ids) => admin.accessKeys.byIds(caller, ids)),
    keySpent: loader((keys: readonly AccessKeyRecord[]) => admin.accessKeys.spent(caller, keys)),
    limit: loader((ids) => admin.limits.byIds(caller, ids)),
    limitCurrent: loader((limits: readonly UsageLimitRecord[]) => admin.limits.current(caller, limits)),
    alert: loader((ids) => admin.alerts.byIds(caller, ids)),
    webhook: loader((ids) => admin.webhooks.byIds(caller, ids)),
    event: loader((ids) => usage.eventsByIds(caller, ids)),
    quotaWindows: loader((ids) => admin.connections.quotaWindows(caller, ids)),
    auditEntry: loader((ids) => admin.auditLog.byIds(caller, ids)),
    lastDiscovery: loader((ids) => admin.connections.lastDiscoveries(caller, ids)),
    cooldowns: loader((ids) => admin.connections.cooldowns(caller, ids)),
    attempts: loader((ids) => usage.attempts(caller, ids)),
    sums(by, range) {
      const key = `${by} ${range.from} ${range.to}`;
      const known = sums.get(key);
      if (known) return known;
      const made = loader<UsageSums>((ids) => {
        // A range that ends now is asked for once.
        if (!remember) sums.delete(key);
        return usage.sums(caller, by, ids, range);
      });
      sums.set(key, made);
      return made;
    },
  };
}

/** Forgets what a change of the routing may have made old, for the rest of the operation. */
export function forgetRouting(loaders: Loaders): void {
  loaders.tier.clearAll();
  loaders.tierBySlug.clearAll();
  loaders.rule.clearAll();
  loaders.routing.clearAll();
}
