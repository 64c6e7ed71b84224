/** Checks of what an operator says of a gateway key, the same for a new one and for changes. */
import {
  KEY_CONCURRENCY_MAX,
  KEY_RATE_MAX,
  KEY_TAG_MAX_CHARS,
  KEY_TAGS_MAX,
} from '../../config/admission-limits.js';
import { ALLOWED_MODELS_MAX, NAME_MAX_CHARS } from '../../config/limits.js';
import { splitModelRef } from '../../domain/model-ref.js';
import { parseUsd } from '../../domain/money.js';
import type { BudgetRecord, RoutingTierRecord } from '../../domain/records.js';
import { findTiers, lockTiers } from '../../persistence/tiers.js';
import type { ScopedTransaction } from '../../persistence/workspace-scope.js';
import type { ProviderSet } from '../../providers/provider-set.js';
import { fail, ok, type Result } from '../result.js';
import type { BudgetInput } from './verbs.js';

/** What counters hold exactly: nine million dollars in a window. */
const BUDGET_MAX_NANO_USD = BigInt(Number.MAX_SAFE_INTEGER);

/** For a key that does not exist or belongs to another workspace; which of the two stays untold. */
export function keyNotFound(): Result<never> {
  return fail('NOT_FOUND', 'There is no such key.', ['id']);
}

/** A name without surrounding space. */
export function checkKeyName(text: string): Result<string> {
  const name = text.trim();
  const field = ['input', 'name'];
  if (name === '') return fail('REQUIRED', 'A key needs a name.', field);
  return name.length > NAME_MAX_CHARS
    ? fail('OUT_OF_RANGE', `A name has at most ${NAME_MAX_CHARS} characters.`, field)
    : ok(name);
}

export function checkExpiry(expiresAt: number | null, now: number): Result<number | null> {
  return expiresAt !== null && expiresAt <= now
    ? fail('INVALID', 'The expiry must lie in the future.', ['input', 'expiresAt'])
    : ok(expiresAt);
}

/** The allowed models in their normal form. */
export function checkAllowedModels(patterns: readonly string[], providers: ProviderSet): Result<string[]> {
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

export function checkBudget(budget: BudgetInput | null): Result<BudgetRecord | null> {
  if (budget === null) return ok(null);
  const field = ['input', 'budget', 'limitUsd'];
  const limitNanoUsd = parseUsd(budget.limitUsd);
  if (limitNanoUsd === null) {
    return fail('INVALID', 'A budget is an amount of dollars with at most nine decimals.', field);
  }
  if (limitNanoUsd <= 0n || limitNanoUsd > BUDGET_MAX_NANO_USD) {
    return fail('OUT_OF_RANGE', 'A budget is more than nothing and at most nine million dollars.', field);
  }
  return ok({ limitNanoUsd, window: budget.window });
}

export function checkRate(
  name: 'requestsPerMinute' | 'tokensPerMinute' | 'maxConcurrency',
  value: number | null,
): Result<number | null> {
  const max = name === 'maxConcurrency' ? KEY_CONCURRENCY_MAX : KEY_RATE_MAX;
  return value !== null && (value < 1 || value > max)
    ? fail('OUT_OF_RANGE', `${name} must be 1 to ${max}; null is no limit.`, ['input', name])
    : ok(value);
}

/** In the order given, each once. */
export function checkTags(tags: readonly string[]): Result<string[]> {
  const field = ['input', 'tags'];
  const normal = [...new Set(tags.map((tag) => tag.trim()))];
  if (normal.length > KEY_TAGS_MAX) {
    return fail('OUT_OF_RANGE', `A key has at most ${KEY_TAGS_MAX} tags.`, field);
  }
  return normal.some((tag) => tag === '' || tag.length > KEY_TAG_MAX_CHARS)
    ? fail('OUT_OF_RANGE', `A tag has 1 to ${KEY_TAG_MAX_CHARS} characters.`, field)
    : ok(normal);
}

/** Tiers that a key names. */
export interface TiersOfKey {
  readonly workspaceId: string;
  readonly allowedTierIds: readonly string[];
  readonly defaultTierId: string | null;
}

/** Those tiers. Under the lock of the workspace's tiers: none of them can go while the key is made. */
export async function checkTiersOfKey(
  tx: ScopedTransaction,
  { workspaceId, allowedTierIds, defaultTierId }: TiersOfKey,
): Promise<Result<readonly RoutingTierRecord[]>> {
  const named = [...allowedTierIds, ...(defaultTierId === null ? [] : [defaultTierId])];
  if (named.length === 0) return ok([]);
  await lockTiers(tx, workspaceId);
  const found = await findTiers(tx, named);
  const isKnown = (id: string): boolean => found.some((tier) => tier.id === id);
  const unknown = allowedTierIds.find((id) => !isKnown(id));
  if (unknown !== undefined) {
    return fail('NOT_FOUND', `There is no such tier: ${unknown}.`, ['input', 'allowedTierIds']);
  }
  if (defaultTierId === null) return ok(found);
  const field = ['input', 'defaultTierId'];
  if (!isKnown(defaultTierId)) return fail('NOT_FOUND', 'There is no such tier.', field);
  return allowedTierIds.length > 0 && !allowedTierIds.includes(defaultTierId)
    ? fail('INVALID', 'The default tier must be one of the allowed tiers.', field)
    : ok(found);
}
