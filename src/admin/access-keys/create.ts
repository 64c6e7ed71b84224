/** Issues a gateway key. Its plaintext is answered once and stored nowhere. */
import { ALLOWED_MODELS_MAX, NAME_MAX_CHARS } from '../../config/limits.js';
import { newId } from '../../domain/ids.js';
import { splitModelRef } from '../../domain/model-ref.js';
import type { AccessKeyRecord } from '../../domain/records.js';
import { findAccessKeys, insertAccessKey } from '../../persistence/access-keys.js';
import { readProviders } from '../../persistence/custom-providers.js';
import { findTiers, lockTiers } from '../../persistence/tiers.js';
import type { ScopedTransaction } from '../../persistence/workspace-scope.js';
import type { ProviderSet } from '../../providers/provider-set.js';
import { hashToken, makeAccessKey, previewToken } from '../../secrets/tokens.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { AccessKeyCreateInput } from '../admin.js';
import { audit, changesBetween } from '../audit.js';
import { claimAnswer, findFirstAnswer, repeatableCall } from '../idempotency.js';
import { fail, ok, type Result } from '../result.js';

type Created = Result<{ accessKey: AccessKeyRecord; plaintext: string | null }>;

/** A repeat under the same idempotency key answers the same access key, without plaintext. */
export async function createAccessKey(
  deps: AdminDeps,
  context: AdminContext,
  input: AccessKeyCreateInput,
): Promise<Created> {
  requireScope(context, 'KEYS_WRITE');
  const { workspaceId } = context.actor;
  const rows = deps.database.workspace(workspaceId);
  const call = repeatableCall(workspaceId, 'accessKeyCreate', input);
  if (!call.ok) return call;
  const now = deps.clock.now();
  const first = await findFirstAnswer(rows, call.value, now);
  if (!first.ok) return first;
  if (first.value !== null) return repeatAnswer(deps, workspaceId, first.value);
  const checked = checkInput(input, await readProviders(rows), now);
  if (!checked.ok) return checked;

  const plaintext = makeAccessKey();
  const accessKey: AccessKeyRecord = {
    id: newId('accessKey', now),
    workspaceId,
    name: input.name.trim(),
    preview: previewToken(plaintext),
    allowedModels: checked.value,
    allowedTierIds: [...new Set(input.allowedTierIds ?? [])].toSorted(),
    requestsPerMinute: null,
    tokensPerMinute: null,
    previousValidUntil: null,
    createdAt: now,
    lastUsedAt: null,
    expiresAt: input.expiresAt ?? null,
    revokedAt: null,
  };
  const made = await rows.$transaction(async (tx): Promise<Result<boolean>> => {
    const tiers = await checkAllowedTiers(tx, accessKey);
    if (!tiers.ok) return tiers;
    if (!(await claimAnswer(tx, call.value, accessKey.id, now))) return ok(false);
    await insertAccessKey(tx, accessKey, hashToken(plaintext));
    const { name, allowedModels, expiresAt } = accessKey;
    await audit(tx, context, deps.clock, {
      action: 'access_key.create',
      subjectId: accessKey.id,
      subjectName: name,
      changes: changesBetween(null, {
        name,
        allowedModels: allowedModels.length === 0 ? null : allowedModels,
        allowedTiers: tiers.value.length === 0 ? null : tiers.value,
        expiresAt: expiresAt === null ? null : new Date(expiresAt).toISOString(),
      }),
    });
    return ok(true);
  });
  if (!made.ok) return made;
  if (!made.value) {
    const winner = await findFirstAnswer(rows, call.value, now);
    return winner.ok ? repeatAnswer(deps, workspaceId, winner.value ?? '') : winner;
  }
  deps.bus.publish('config.changed', { workspaceId });
  await deps.configInForce();
  return ok({ accessKey, plaintext });
}

async function repeatAnswer(deps: AdminDeps, workspaceId: string, id: string): Promise<Created> {
  const [accessKey] = await findAccessKeys(deps.database.workspace(workspaceId), [id]);
  return accessKey === undefined
    ? fail('INVALID_STATE', 'What this idempotency key made is gone; use a new key.', [
        'input',
        'idempotencyKey',
      ])
    : ok({ accessKey, plaintext: null });
}

/** The allowed models in their normal form. */
function checkInput(input: AccessKeyCreateInput, providers: ProviderSet, now: number): Result<string[]> {
  const name = input.name.trim();
  if (name === '') return fail('REQUIRED', 'A key needs a name.', ['input', 'name']);
  if (name.length > NAME_MAX_CHARS) {
    return fail('OUT_OF_RANGE', `A name has at most ${NAME_MAX_CHARS} characters.`, ['input', 'name']);
  }
  if (input.expiresAt !== undefined && input.expiresAt <= now) {
    return fail('INVALID', 'The expiry must lie in the future.', ['input', 'expiresAt']);
  }
  return checkAllowedModels(input.allowedModels, providers);
}

function checkAllowedModels(patterns: readonly string[], providers: ProviderSet): Result<string[]> {
  const field = ['input', 'allowedModels'];
  if (patterns.length > ALLOWED_MODELS_MAX) {
    return fail('OUT_OF_RANGE', `At most ${ALLOWED_MODELS_MAX} models and patterns can be named.`, field);
  }
  const normal: string[] = [];
  for (const pattern of patterns) {
    const ref = splitModelRef(pattern.trim());
    const provider = ref && providers.find(ref.provider);
    if (!ref || !provider || (ref.upstreamId !== '*' && ref.upstreamId.includes('*'))) {
      return fail(
        'INVALID',
        `"${pattern}" is neither a model such as provider/model nor a pattern such as provider/*.`,
        field,
      );
    }
    normal.push(`${provider.slug}/${ref.upstreamId}`);
  }
  return ok([...new Set(normal)]);
}

/** Their slugs. Under the lock of the workspace's tiers: none of them can go while the key is made. */
async function checkAllowedTiers(
  tx: ScopedTransaction,
  { workspaceId, allowedTierIds }: AccessKeyRecord,
): Promise<Result<readonly string[]>> {
  if (allowedTierIds.length === 0) return ok([]);
  await lockTiers(tx, workspaceId);
  const found = await findTiers(tx, allowedTierIds);
  const unknown = allowedTierIds.find((id) => !found.some((tier) => tier.id === id));
  return unknown === undefined
    ? ok(found.map(({ slug }) => slug).toSorted())
    : fail('NOT_FOUND', `There is no such tier: ${unknown}.`, ['input', 'allowedTierIds']);
}
