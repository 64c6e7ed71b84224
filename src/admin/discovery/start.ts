/** Asks providers which models they offer, in the background. */
import { PAGE_MAX_ITEMS } from '../../config/graphql-limits.js';
import type { ConnectionRecord, DiscoveryRunRecord } from '../../domain/records.js';
import { findConnections, findEnabledConnections } from '../../persistence/connections.js';
import { inOrder } from '../../persistence/keyset.js';
import type { ScopedTransaction } from '../../persistence/workspace-scope.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit } from '../audit.js';
import { fail, ok, type Result } from '../result.js';

const FIELD = ['input', 'connectionIds'];

/** Answers the run, or the open one over the same connections. All enabled connections when `connectionIds` is null. */
export async function startDiscovery(
  deps: AdminDeps,
  context: AdminContext,
  connectionIds: readonly string[] | null,
): Promise<Result<DiscoveryRunRecord>> {
  requireScope(context, 'CONFIG_WRITE');
  const { workspaceId } = context.actor;
  const rows = deps.database.workspace(workspaceId);
  const chosen = connectionIds === null ? await everyEnabled(rows) : await named(rows, connectionIds);
  if (!chosen.ok) return chosen;

  const run = await rows.$transaction(async (tx) => {
    const planned = await deps.discovery.plan(tx, workspaceId, chosen.value, 'MANUAL');
    if (!planned.isNew) return planned.run;
    await audit(tx, context, deps.clock, {
      action: 'discovery.start',
      subjectId: planned.run.id,
      subjectName: chosen.value.map(({ label }) => label).join(', '),
      changes: [],
    });
    return planned.run;
  });
  deps.discovery.launch(run);
  return ok(run);
}

async function everyEnabled(rows: ScopedTransaction): Promise<Result<ConnectionRecord[]>> {
  const enabled = await findEnabledConnections(rows);
  return enabled.length === 0 ? fail('INVALID_STATE', 'There is no enabled connection to ask.') : ok(enabled);
}

async function named(rows: ScopedTransaction, ids: readonly string[]): Promise<Result<ConnectionRecord[]>> {
  const wanted = [...new Set(ids)];
  if (wanted.length === 0)
    return fail('REQUIRED', 'Name at least one connection, or none to ask all.', FIELD);
  if (wanted.length > PAGE_MAX_ITEMS)
    return fail('OUT_OF_RANGE', `Name at most ${PAGE_MAX_ITEMS} connections.`, FIELD);
  const found: ConnectionRecord[] = [];
  for (const [index, connection] of inOrder(wanted, await findConnections(rows, wanted)).entries()) {
    if (connection === null) return fail('NOT_FOUND', `There is no connection ${wanted[index]}.`, FIELD);
    found.push(connection);
  }
  return ok(found);
}
