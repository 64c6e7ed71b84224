/** Stops a gateway key at once and for good. */
import type { AccessKeyRecord } from '../../domain/records.js';
import { findAccessKeys, revokeAccessKey } from '../../persistence/access-keys.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit } from '../audit.js';
import { fail, ok, type Result } from '../result.js';

/** A key that was revoked before stays as it is. */
export async function revokeKey(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
): Promise<Result<AccessKeyRecord>> {
  requireScope(context, 'KEYS_WRITE');
  const { workspaceId } = context.actor;
  const rows = deps.database.workspace(workspaceId);
  const revoked = await rows.$transaction(async (tx) => {
    const key = await revokeAccessKey(tx, id, deps.clock.now());
    if (key === null) return null;
    await audit(tx, context, deps.clock, {
      action: 'access_key.revoke',
      subjectId: id,
      subjectName: key.name,
      changes: [],
    });
    return key;
  });
  if (revoked !== null) {
    deps.bus.publish('config.changed', { workspaceId });
    await deps.configInForce();
    return ok(revoked);
  }
  const [before] = await findAccessKeys(rows, [id]);
  return before === undefined ? fail('NOT_FOUND', 'There is no such key.', ['id']) : ok(before);
}
