/** What operators do with discovery runs. */
import type { DiscoveryRunRecord, Page } from '../../domain/records.js';
import type { AdminContext } from '../actor.js';
import type { PageRequest } from '../page.js';
import type { Result } from '../result.js';

export interface DiscoveryVerbs {
  runs(context: AdminContext, page: PageRequest): Promise<Page<DiscoveryRunRecord>>;
  byIds(context: AdminContext, ids: readonly string[]): Promise<readonly (DiscoveryRunRecord | null)[]>;
  start(context: AdminContext, connectionIds: readonly string[] | null): Promise<Result<DiscoveryRunRecord>>;
  cancel(context: AdminContext, id: string): Promise<Result<DiscoveryRunRecord>>;
}
