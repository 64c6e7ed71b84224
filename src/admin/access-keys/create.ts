/** Issues a gateway key. Its plaintext is answered once and stored nowhere. */
import { newId } from '../../domain/ids.js';
import type { AccessKeyRecord } from '../../domain/records.js';
import { findAccessKeys, insertAccessKey } from '../../persistence/access-keys.js';
import { readProviders } from '../../persistence/custom-providers.js';
import type { ProviderSet } from '../../providers/provider-set.js';
import { hashToken, makeAccessKey, previewToken } from '../../secrets/tokens.js';
import { requireScope, type AdminContext } from '../actor.js';
import type { AdminDeps } from '../admin-deps.js';
import type { AccessKeyCreateInput } from './verbs.js';
import { audit } from '../audit.js';
import { claimAnswer, findFirstAnswer, repeatableCall } from '../idempotency.js';
import { fail, ok, problemsOf, type Result } from '../result.js';
import { auditedKey } from './audited-key.js';
import {
  checkAllowedModels,
  checkBudget,
  checkExpiry,
  checkKeyName,
  checkRate,
  checkTags,
  checkTiersOfKey,
} from './check-key.js';

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
    ...checked.value,
    preview: previewToken(plaintext),
    allowedTierIds: [...new Set(input.allowedTierIds ?? [])].toSorted(),
    defaultTierId: input.defaultTierId ?? null,
    previousValidUntil: null,
    createdAt: now,
    lastUsedAt: null,
    revokedAt: null,
  };
  const made = await rows.$transaction(async (tx): Promise<Result<boolean>> => {
    const tiers = await checkTiersOfKey(tx, accessKey);
    if (!tiers.ok) return tiers;
    if (!(await claimAnswer(tx, call.value, accessKey.id, now))) return ok(false);
    await insertAccessKey(tx, accessKey, hashToken(plaintext));
    await audit(tx, context, deps.clock, {
      action: 'access_key.create',
      subjectId: accessKey.id,
      subjectName: accessKey.name,
      changes: auditedKey(null, accessKey, tiers.value),
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

type CheckedInput = Pick<
  AccessKeyRecord,
  | 'name'
  | 'allowedModels'
  | 'tags'
  | 'budget'
  | 'requestsPerMinute'
  | 'tokensPerMinute'
  | 'maxConcurrency'
  | 'expiresAt'
>;

function checkInput(input: AccessKeyCreateInput, providers: ProviderSet, now: number): Result<CheckedInput> {
  const name = checkKeyName(input.name);
  const allowedModels = checkAllowedModels(input.allowedModels, providers);
  const tags = checkTags(input.tags ?? []);
  const budget = checkBudget(input.budget ?? null);
  const requests = checkRate('requestsPerMinute', input.requestsPerMinute ?? null);
  const tokens = checkRate('tokensPerMinute', input.tokensPerMinute ?? null);
  const concurrency = checkRate('maxConcurrency', input.maxConcurrency ?? null);
  const expiresAt = checkExpiry(input.expiresAt ?? null, now);
  if (
    !name.ok ||
    !allowedModels.ok ||
    !tags.ok ||
    !budget.ok ||
    !requests.ok ||
    !tokens.ok ||
    !concurrency.ok ||
    !expiresAt.ok
  ) {
    return problemsOf([name, allowedModels, tags, budget, requests, tokens, concurrency, expiresAt]);
  }
  return ok({
    name: name.value,
    allowedModels: allowedModels.value,
    tags: tags.value,
    budget: budget.value,
    requestsPerMinute: requests.value,
    tokensPerMinute: tokens.value,
    maxConcurrency: concurrency.value,
    expiresAt: expiresAt.value,
  });
}
