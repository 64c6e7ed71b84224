/** Admin tokens beside the owner's. */
import { randomBytes } from 'node:crypto';
import { newId } from '../../src/domain/ids.js';
import type { AdminScope } from '../../src/domain/vocabulary.js';
import { hashToken } from '../../src/secrets/tokens.js';
import type { Harness } from '../unit/admin/harness.js';

/** Makes one with these scopes in the harness's workspace. */
export async function createAdminToken(
  { database, context, clock }: Harness,
  scopes: readonly AdminScope[],
): Promise<string> {
  const token = `sya_${randomBytes(32).toString('base64url')}`;
  await database.workspace(context.actor.workspaceId).adminToken.create({
    data: {
      id: newId('adminToken', clock.now()),
      workspaceId: context.actor.workspaceId,
      name: 'limited',
      hash: hashToken(token),
      scopes: [...scopes],
      createdAt: new Date(clock.now()),
    },
  });
  return token;
}
