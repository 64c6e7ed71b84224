/** Asks a connection for its models again after a change that may have changed them. */
import type { ConnectionRecord, DiscoveryRunRecord } from '../../domain/records.js';
import type { ScopedTransaction } from '../../persistence/workspace-scope.js';
import type { AdminDeps } from '../admin-deps.js';

/** Plans the run in the transaction of the change; null for a connection that is not in use. */
export async function planRediscovery(
  deps: AdminDeps,
  rows: ScopedTransaction,
  connection: ConnectionRecord,
): Promise<DiscoveryRunRecord | null> {
  if (!connection.enabled) return null;
  const { workspaceId } = connection;
  return (await deps.discovery.plan(rows, workspaceId, [connection], 'CONNECTION_CHANGED')).run;
}
