/** Lists of connections. */
import type { ConnectionFilter } from '../../admin/connections/verbs.js';
import { positionOfConnection } from '../../admin/positions.js';
import { PAGE_MAX_ITEMS } from '../../config/graphql-limits.js';
import type { ConnectionRecord } from '../../domain/records.js';
import type { GraphqlContext } from '../context.js';
import { pageRequest, toPage, type PageValue } from '../shared/page.js';

export async function connectionPage(
  { services, caller }: GraphqlContext,
  first: number,
  after: string | null | undefined,
  filter: ConnectionFilter,
): Promise<PageValue<ConnectionRecord>> {
  const page = await services.admin.connections.list(caller, pageRequest('connection', first, after), filter);
  return toPage('connection', page, positionOfConnection);
}

/** Every connection of the workspace: a number that operators add by hand. */
export async function allConnections({
  services,
  caller,
}: GraphqlContext): Promise<readonly ConnectionRecord[]> {
  const connections: ConnectionRecord[] = [];
  for (;;) {
    const last = connections.at(-1);
    const after = last ? positionOfConnection(last) : null;
    const page = await services.admin.connections.list(caller, { first: PAGE_MAX_ITEMS, after }, {});
    connections.push(...page.items);
    if (!page.hasNextPage) return connections;
  }
}
