/** Reads a plan's quota windows from its provider now. */
import type { ConnectionRecord } from '../../domain/records.js';
import { findConnection } from '../../persistence/connections.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit } from '../audit.js';
import { fail, ok, type Result } from '../result.js';
import { connectionNotFound, offeringOf } from './stored-connection.js';

/** Asking again within seconds is answered with what is known, so that clicking does not hammer the provider. */
export async function refreshConnectionQuota(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
): Promise<Result<ConnectionRecord>> {
  requireScope(context, 'CONFIG_WRITE');
  const rows = deps.database.workspace(context.actor.workspaceId);
  const connection = await findConnection(rows, id);
  if (connection === null) return connectionNotFound();
  const known = await offeringOf(rows, connection);
  if (!known.ok) return known;
  const { provider, offering } = known.value;
  if (connection.billing !== 'SUBSCRIPTION') {
    return fail(
      'INVALID_STATE',
      `${provider.name} ${offering.name} is not a plan: it has no quota windows.`,
      ['id'],
    );
  }

  const refreshed = await deps.quota.refresh(connection);
  if (refreshed.kind === 'failed') {
    const { failure } = refreshed;
    const said = `${failure.httpStatus === null ? '' : `HTTP ${failure.httpStatus}: `}${failure.message}`;
    return failure.class === 'AUTHENTICATION'
      ? fail('CREDENTIAL_REJECTED', `${provider.name} refused the credential. ${said}`)
      : fail('UPSTREAM_UNAVAILABLE', `${provider.name} did not tell the quota. ${said}`);
  }
  const present = await rows.$transaction(async (tx) => {
    await audit(tx, context, deps.clock, {
      action: 'connection.refresh_quota',
      subjectId: id,
      subjectName: connection.label,
      changes: [],
    });
    return findConnection(tx, id);
  });
  return present === null ? connectionNotFound() : ok(present);
}
