/** Checks of what an operator says of a tier, the same for a new one and for changes. */
import { NAME_MAX_CHARS } from '../../config/limits.js';
import { DESCRIPTION_MAX_CHARS, TIER_ATTEMPTS_MAX } from '../../config/routing-limits.js';
import type { RoutingTierRecord } from '../../domain/records.js';
import type { FailureClass } from '../../domain/vocabulary.js';
import { AUTO, TIER_SLUG } from '../../routing/tier-names.js';
import { NEVER_RETRIED } from '../../routing/defaults.js';
import { fail, ok, type Result } from '../result.js';

/** For a tier that does not exist or belongs to another workspace; which of the two stays untold. */
export function tierNotFound(field: readonly string[] = ['id']): Result<never> {
  return fail('NOT_FOUND', 'There is no such tier.', field);
}

/** A slug that is free and that no other meaning of a model name takes. */
export function checkTierSlug(slug: string, present: readonly RoutingTierRecord[]): Result<string> {
  const field = ['input', 'slug'];
  if (!TIER_SLUG.test(slug)) {
    return fail(
      'INVALID',
      'A slug has 1 to 63 lower-case letters, digits and dashes, and no dash at either end.',
      field,
    );
  }
  if (slug === AUTO) {
    return fail('INVALID', `"${AUTO}" asks for a request to be classified; choose another slug.`, field);
  }
  return present.some((tier) => tier.slug === slug)
    ? fail('TAKEN', `There is a tier "${slug}" already.`, field)
    : ok(slug);
}

/** A name without surrounding space. */
export function checkTierName(name: string): Result<string> {
  const text = name.trim();
  const field = ['input', 'name'];
  if (text === '') return fail('REQUIRED', 'A tier needs a name.', field);
  return text.length > NAME_MAX_CHARS
    ? fail('OUT_OF_RANGE', `A name has at most ${NAME_MAX_CHARS} characters.`, field)
    : ok(text);
}

/** A description without surrounding space; null for an empty one. */
export function checkDescription(description: string | null): Result<string | null> {
  const text = description?.trim() ?? '';
  if (text.length > DESCRIPTION_MAX_CHARS) {
    return fail('OUT_OF_RANGE', `A description has at most ${DESCRIPTION_MAX_CHARS} characters.`, [
      'input',
      'description',
    ]);
  }
  return ok(text === '' ? null : text);
}

/** Classes that another target may mend, each once. */
export function checkRetryOn(classes: readonly FailureClass[]): Result<readonly FailureClass[]> {
  const never = classes.find((failureClass) => NEVER_RETRIED.includes(failureClass));
  return never === undefined
    ? ok([...new Set(classes)])
    : fail('INVALID', `${never} is never retried: no other target would do better.`, ['input', 'retryOn']);
}

export function checkMaxAttempts(maxAttempts: number): Result<number> {
  return maxAttempts >= 1 && maxAttempts <= TIER_ATTEMPTS_MAX
    ? ok(maxAttempts)
    : fail('OUT_OF_RANGE', `A request takes 1 to ${TIER_ATTEMPTS_MAX} attempts.`, ['input', 'maxAttempts']);
}

/** A fallback that exists and from which no chain leads back; `id` is null for a tier that is being made. */
export function checkFallback(
  id: string | null,
  fallbackTierId: string | null,
  present: readonly RoutingTierRecord[],
): Result<string | null> {
  const field = ['input', 'fallbackTierId'];
  if (fallbackTierId === null) return ok(null);
  const byId = new Map(present.map((tier) => [tier.id, tier]));
  const above = new Set([id]);
  const path: string[] = [];
  for (let next: string | null = fallbackTierId; next !== null;) {
    const tier = byId.get(next);
    if (!tier) return tierNotFound(field);
    path.push(tier.slug);
    if (above.has(tier.id)) {
      return fail('FALLBACK_CYCLE', `Fallbacks would lead in a circle: ${path.join(' → ')}.`, field);
    }
    above.add(tier.id);
    next = tier.fallbackTierId;
  }
  return ok(fallbackTierId);
}

/** Refuses a change of a tier that is no longer what its operator saw. */
export function checkVersion(tier: RoutingTierRecord, expected: number | undefined): Result<null> {
  return expected === undefined || expected === tier.version
    ? ok(null)
    : fail('CONFLICT', `The tier changed meanwhile: it is at version ${tier.version}. Read it again.`, [
        'input',
        'expectedVersion',
      ]);
}
