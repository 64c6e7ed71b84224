/** Stops an admin token at once and for good: requests with it are refused, its websockets close. */
import { findAdminToken, revokeAdminToken, type AdminTokenRecord } from '../../persistence/admin-tokens.js';
import { audit } from '../audit.js';
import { operatorContext, type OperatorDeps } from '../operator.js';
import { fail, ok, type Result } from '../result.js';

/** A token that was revoked before stays as it is. */
export async function revokeToken(
  deps: OperatorDeps,
  userName: string,
  id: string,
): Promise<Result<AdminTokenRecord>> {
  const before = await findAdminToken(deps.database.prisma, id);
  if (before === null) {
    return fail('NOT_FOUND', `There is no token "${id}": name one by the id that token list shows.`, ['id']);
  }
  const { workspaceId } = before;
  const revoked = await deps.database.workspace(workspaceId).$transaction(async (tx) => {
    const token = await revokeAdminToken(tx, id, deps.clock.now());
    if (token === null) return null;
    await audit(tx, operatorContext(userName, workspaceId), deps.clock, {
      action: 'admin_token.revoke',
      subjectId: id,
      subjectName: token.name,
      changes: [],
    });
    return token;
  });
  deps.bus.publish('admin_token.revoked', { tokenId: id });
  return ok(revoked ?? before);
}
