/** Changes a gateway key's name, limits or permissions. */
import type { AccessKeyRecord } from '../../domain/records.js';
import { lockAccessKey, updateAccessKey, type AccessKeyPatch } from '../../persistence/access-keys.js';
import { readProviders } from '../../persistence/custom-providers.js';
import type { ProviderSet } from '../../providers/provider-set.js';
import { findTiers } from '../../persistence/tiers.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import { audit } from '../audit.js';
import { fail, ok, problemsOf, type Result } from '../result.js';
import { auditedKey } from './audited-key.js';
import type { AccessKeyUpdateInput } from './verbs.js';
import {
  checkAllowedModels,
  checkBudget,
  checkExpiry,
  checkKeyName,
  checkRate,
  checkTags,
  checkTiersOfKey,
  keyNotFound,
} from './check-key.js';

/** Absent fields stay; null removes a limit. */
export async function changeKey(
  deps: AdminDeps,
  context: AdminContext,
  id: string,
  input: AccessKeyUpdateInput,
): Promise<Result<AccessKeyRecord>> {
  requireScope(context, 'KEYS_WRITE');
  const { workspaceId } = context.actor;
  const rows = deps.database.workspace(workspaceId);
  const patch = checkPatch(input, await readProviders(rows), deps.clock.now());
  if (!patch.ok) return patch;
  const changed = await rows.$transaction(async (tx): Promise<Result<AccessKeyRecord>> => {
    const before = await lockAccessKey(tx, id);
    if (before === null) return keyNotFound();
    if (before.revokedAt !== null) return fail('INVALID_STATE', 'The key was revoked.', ['id']);
    const after = { ...before, ...patch.value };
    const namesTiers = input.allowedTierIds !== undefined || input.defaultTierId !== undefined;
    const tiers = namesTiers ? await checkTiersOfKey(tx, after) : ok([]);
    if (!tiers.ok) return tiers;
    await updateAccessKey(tx, after);
    const known = await findTiers(tx, [...before.allowedTierIds, before.defaultTierId ?? '']);
    await audit(tx, context, deps.clock, {
      action: 'access_key.update',
      subjectId: id,
      subjectName: after.name,
      changes: auditedKey(before, after, [...tiers.value, ...known]),
    });
    return ok(after);
  });
  if (!changed.ok) return changed;
  deps.bus.publish('config.changed', { workspaceId });
  await deps.configInForce();
  return changed;
}

/** The named fields only. */
function checkPatch(
  input: AccessKeyUpdateInput,
  providers: ProviderSet,
  now: number,
): Result<Partial<AccessKeyPatch>> {
  const checks = {
    name: input.name === undefined ? undefined : checkKeyName(input.name),
    allowedModels:
      input.allowedModels === undefined ? undefined : checkAllowedModels(input.allowedModels, providers),
    allowedTierIds:
      input.allowedTierIds === undefined ? undefined : ok([...new Set(input.allowedTierIds)].toSorted()),
    defaultTierId: input.defaultTierId === undefined ? undefined : ok(input.defaultTierId),
    tags: input.tags === undefined ? undefined : checkTags(input.tags),
    budget: input.budget === undefined ? undefined : checkBudget(input.budget),
    requestsPerMinute:
      input.requestsPerMinute === undefined
        ? undefined
        : checkRate('requestsPerMinute', input.requestsPerMinute),
    tokensPerMinute:
      input.tokensPerMinute === undefined ? undefined : checkRate('tokensPerMinute', input.tokensPerMinute),
    maxConcurrency:
      input.maxConcurrency === undefined ? undefined : checkRate('maxConcurrency', input.maxConcurrency),
    expiresAt: input.expiresAt === undefined ? undefined : checkExpiry(input.expiresAt, now),
  };
  const made = Object.entries(checks).flatMap(([field, check]) => (check ? [{ field, check }] : []));
  if (made.some(({ check }) => !check.ok)) return problemsOf(made.map(({ check }) => check));
  return ok(
    Object.fromEntries(
      made.map(({ field, check }) => [field, check.ok ? check.value : undefined]),
    ) as Partial<AccessKeyPatch>,
  );
}
