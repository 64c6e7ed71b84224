/** Makes an admin token. Its plaintext is in the answer and nowhere else. */
import { NAME_MAX_CHARS } from '../../config/limits.js';
import { newId } from '../../domain/ids.js';
import { ADMIN_SCOPES, type AdminScope } from '../../domain/vocabulary.js';
import { insertAdminToken, type AdminTokenRecord } from '../../persistence/admin-tokens.js';
import { hashToken, makeAdminToken } from '../../secrets/tokens.js';
import { audit, changesBetween } from '../audit.js';
import { operatorContext, type OperatorDeps } from '../operator.js';
import { fail, ok, problemsOf, type Result } from '../result.js';
import { namedWorkspace } from '../workspaces/find.js';
import { parseExpiry } from './expiry.js';

export interface TokenCreateInput {
  /** Slug. */
  readonly workspace: string;
  readonly name: string;
  /** Names of scopes, in any case and with `-` or `_`; `all` for every one. */
  readonly scopes: readonly string[];
  /** A time from now such as `90d`, a date, or `never`. */
  readonly expires: string;
}

export async function createToken(
  deps: OperatorDeps,
  userName: string,
  input: TokenCreateInput,
): Promise<Result<{ readonly token: AdminTokenRecord; readonly plaintext: string }>> {
  const now = deps.clock.now();
  const workspace = await namedWorkspace(deps, input.workspace);
  const name = checkTokenName(input.name);
  const scopes = readScopes(input.scopes);
  const expiresAt = parseExpiry(input.expires, now);
  if (!workspace.ok || !name.ok || !scopes.ok || !expiresAt.ok) {
    return problemsOf([workspace, name, scopes, expiresAt]);
  }
  const plaintext = makeAdminToken();
  const workspaceId = workspace.value.id;
  const token: AdminTokenRecord = {
    id: newId('adminToken', now),
    workspaceId,
    name: name.value,
    scopes: scopes.value,
    createdAt: now,
    expiresAt: expiresAt.value,
    revokedAt: null,
  };
  await deps.database.workspace(workspaceId).$transaction(async (tx) => {
    await insertAdminToken(tx, token, hashToken(plaintext));
    await audit(tx, operatorContext(userName, workspaceId), deps.clock, {
      action: 'admin_token.create',
      subjectId: token.id,
      subjectName: token.name,
      changes: changesBetween(null, {
        name: token.name,
        scopes: token.scopes,
        expiresAt: token.expiresAt === null ? null : new Date(token.expiresAt).toISOString(),
      }),
    });
  });
  return ok({ token, plaintext });
}

function checkTokenName(name: string): Result<string> {
  const text = name.trim();
  if (text === '') return fail('REQUIRED', 'A token needs a name.', ['name']);
  return text.length > NAME_MAX_CHARS
    ? fail('OUT_OF_RANGE', `A name has at most ${NAME_MAX_CHARS} characters.`, ['name'])
    : ok(text);
}

/** The scopes in the order of the API, each once. */
function readScopes(names: readonly string[]): Result<readonly AdminScope[]> {
  const known = `it is one of ${ADMIN_SCOPES.join(', ')}, or "all"`;
  const wanted = names
    .map((name) => name.trim().toUpperCase().replaceAll('-', '_'))
    .filter((name) => name !== '');
  if (wanted.length === 0) return fail('REQUIRED', `A token needs a scope; ${known}.`, ['scopes']);
  const unknown = wanted.find((name) => name !== 'ALL' && !ADMIN_SCOPES.some((scope) => scope === name));
  if (unknown !== undefined) return fail('INVALID', `There is no scope "${unknown}"; ${known}.`, ['scopes']);
  return ok(ADMIN_SCOPES.filter((scope) => wanted.includes('ALL') || wanted.includes(scope)));
}
