/** Batches what the fields of one operation load, so that a page of things costs as many statements as one thing. */
import DataLoader from 'dataloader';
import type { Admin } from '../admin/admin.js';
import type { AdminContext } from '../admin/actor.js';
import type {
  AccessKeyRecord,
  ConnectionRecord,
  DiscoveryResultRecord,
  DiscoveryRunRecord,
  ModelRecord,
} from '../domain/records.js';
import type { TimeRange } from '../domain/time-range.js';
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
  readonly run: ById<DiscoveryRunRecord>;
  readonly accessKey: ById<AccessKeyRecord>;
  readonly event: ById<StoredUsageEvent>;
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
  /** Whether a thing is loaded once only. Not for a subscription, whose later messages must see later states. */
  readonly remember: boolean;
}

export function createLoaders({ admin, usage, caller, remember }: LoadersDeps): Loaders {
  const loader = <T>(load: (ids: readonly string[]) => Promise<readonly T[]>): DataLoader<string, T> =>
    new DataLoader<string, T>(load, { cache: remember });
  const sums = new Map<string, DataLoader<string, UsageSums>>();
  return {
    providers: new DataLoader<'all', ProviderSet>(
      async (keys) => {
        const known = await admin.providers.known(caller);
        return keys.map(() => known);
      },
      { cache: remember },
    ),
    connection: loader((ids) => admin.connections.byIds(caller, ids)),
    model: loader((ids) => admin.models.byIds(caller, ids)),
    run: loader((ids) => admin.discovery.byIds(caller, ids)),
    accessKey: loader((ids) => admin.accessKeys.byIds(caller, ids)),
    event: loader((ids) => usage.eventsByIds(caller, ids)),
    lastDiscovery: loader((ids) => admin.connections.lastDiscoveries(caller, ids)),
    attempts: loader((ids) => usage.attempts(caller, ids)),
    sums(by, range) {
      const key = `${by} ${range.from} ${range.to}`;
      const known = sums.get(key);
      if (known) return known;
      const made = loader((ids) => usage.sums(caller, by, ids, range));
      sums.set(key, made);
      return made;
    },
  };
}
