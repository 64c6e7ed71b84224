/** Issues a new plaintext for a gateway key; the one before keeps working for a grace period. */
import { KEY_GRACE_MAX_SECONDS } from '../../config/admission-limits.js';
import type { AccessKeyRecord } from '../../domain/records.js';
import { lockAccessKey, rotateAccessKey } from '../../persistence/access-keys.js';
import { hashToken, makeAccessKey, previewToken } from '../../secrets/tokens.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit, SECRET_SET } from '../audit.js';
import { fail, ok, type Result } from '../result.js';
import { keyNotFound } from './check-key.js';

export interface RotatedKey {
  readonly accessKey: AccessKeyRecord;
  readonly plaintext: string;
  readonly previousValidUntil: number;
}

/** Of several plaintexts that are still within their grace, the last two work. */
export async function rotateKey(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
  gracePeriodSeconds: number,
): Promise<Result<RotatedKey>> {
  requireScope(context, 'KEYS_WRITE');
  if (gracePeriodSeconds < 0 || gracePeriodSeconds > KEY_GRACE_MAX_SECONDS) {
    return fail('OUT_OF_RANGE', `The grace period must be 0 to ${KEY_GRACE_MAX_SECONDS} seconds.`, [
      'input',
      'gracePeriodSeconds',
    ]);
  }
  const { workspaceId } = context.actor;
  const plaintext = makeAccessKey();
  const rotated = await deps.database
    .workspace(workspaceId)
    .$transaction(async (tx): Promise<Result<RotatedKey>> => {
      const key = await lockAccessKey(tx, id);
      if (key === null) return keyNotFound();
      const now = deps.clock.now();
      if (key.revokedAt !== null) return fail('INVALID_STATE', 'The key was revoked.', ['id']);
      if (key.expiresAt !== null && key.expiresAt <= now)
        return fail('INVALID_STATE', 'The key has expired.', ['id']);
      const previousValidUntil = now + gracePeriodSeconds * 1_000;
      const preview = previewToken(plaintext);
      await rotateAccessKey(tx, id, { hash: hashToken(plaintext), preview, previousValidUntil });
      await audit(tx, context, deps.clock, {
        action: 'access_key.rotate',
        subjectId: id,
        subjectName: key.name,
        changes: [SECRET_SET],
      });
      return ok({ accessKey: { ...key, preview, previousValidUntil }, plaintext, previousValidUntil });
    });
  if (!rotated.ok) return rotated;
  deps.bus.publish('config.changed', { workspaceId });
  await deps.configInForce();
  return rotated;
}
