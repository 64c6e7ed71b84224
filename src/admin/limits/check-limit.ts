/** Checks of what an operator says of a limit, the same for a new one and for changes. */
import { NAME_MAX_CHARS } from '../../config/limits.js';
import { isSummed, type LimitMetric, type LimitScope } from '../../domain/limits.js';
import { parseUsd } from '../../domain/money.js';
import { findAccessKeys } from '../../persistence/access-keys.js';
import { findConnections } from '../../persistence/connections.js';
import { readProviders } from '../../persistence/custom-providers.js';
import { findTiers } from '../../persistence/tiers.js';
import type { ScopedTransaction } from '../../persistence/workspace-scope.js';
import { fail, ok, problemsOf, type Result } from '../result.js';
import { BILLION } from './measure.js';

/** Largest sensible value of each metric, in its unit. Sums stay where counters hold them exactly. */
const THRESHOLD_MAX: Record<LimitMetric, bigint> = {
  COST_USD: 9_000_000n,
  TOKENS: 1_000_000_000_000_000n,
  REQUESTS: 1_000_000_000_000_000n,
  FAILURE_RATE: 1n,
  QUOTA_PERCENT: 100n,
};

/** For a limit that does not exist or belongs to another workspace; which of the two stays untold. */
export function limitNotFound(): Result<never> {
  return fail('NOT_FOUND', 'There is no such limit.', ['id']);
}

/** A name without surrounding space. */
export function checkLimitName(text: string): Result<string> {
  const name = text.trim();
  const field = ['input', 'name'];
  if (name === '') return fail('REQUIRED', 'A limit needs a name.', field);
  return name.length > NAME_MAX_CHARS
    ? fail('OUT_OF_RANGE', `A name has at most ${NAME_MAX_CHARS} characters.`, field)
    : ok(name);
}

/** In billionths of the metric's unit. */
export function checkThreshold(text: string, metric: LimitMetric): Result<bigint> {
  const field = ['input', 'threshold'];
  const threshold = parseUsd(text);
  if (threshold === null) {
    return fail('INVALID', 'A threshold is a decimal number with at most nine decimals.', field);
  }
  const max = THRESHOLD_MAX[metric];
  if (threshold <= 0n || threshold > max * BILLION) {
    return fail('OUT_OF_RANGE', `A threshold of ${metric} is more than 0 and at most ${max}.`, field);
  }
  return isSummed(metric) && metric !== 'COST_USD' && threshold % BILLION !== 0n
    ? fail('INVALID', `A threshold of ${metric} is a whole number.`, field)
    : ok(threshold);
}

/** A scope whose parts all exist. */
export async function checkScope(
  rows: ScopedTransaction,
  metric: LimitMetric,
  scope: LimitScope,
): Promise<Result<LimitScope>> {
  const { provider, connectionId, accessKeyId, tierId } = scope;
  const isOfQuota = metric === 'QUOTA_PERCENT';
  const checks = [
    await checkProvider(rows, provider),
    await checkExists('connectionId', 'connection', connectionId, (ids) => findConnections(rows, ids)),
    await checkExists('accessKeyId', 'key', accessKeyId, (ids) => findAccessKeys(rows, ids)),
    await checkExists('tierId', 'tier', tierId, (ids) => findTiers(rows, ids)),
    isOfQuota && accessKeyId !== null ? noQuotaOf('accessKeyId', 'a key') : ok(null),
    isOfQuota && tierId !== null ? noQuotaOf('tierId', 'a tier') : ok(null),
  ];
  const [known] = checks;
  if (checks.some((check) => !check.ok) || !known?.ok) return problemsOf(checks);
  return ok({ ...scope, provider: known.value });
}

async function checkProvider(rows: ScopedTransaction, slug: string | null): Promise<Result<string | null>> {
  if (slug === null) return ok(null);
  const provider = (await readProviders(rows)).find(slug);
  return provider ? ok(provider.slug) : notThere('provider', 'provider');
}

async function checkExists(
  field: string,
  what: string,
  id: string | null,
  find: (ids: readonly string[]) => Promise<readonly unknown[]>,
): Promise<Result<string | null>> {
  return id === null || (await find([id])).length > 0 ? ok(id) : notThere(field, what);
}

function notThere(field: string, what: string): Result<never> {
  return fail('NOT_FOUND', `There is no such ${what}.`, ['input', field]);
}

function noQuotaOf(field: string, what: string): Result<never> {
  return fail('INVALID', `Quota belongs to connections: ${what} has none.`, ['input', field]);
}
