/** Checks a new order of things that have one: each of them, once. */
import { fail, ok, type Result } from './result.js';

/** The ids in their new order; `what` names the things, as "tier". */
export function checkOrder(
  ids: readonly string[],
  present: readonly { readonly id: string }[],
  what: string,
): Result<readonly string[]> {
  const field = ['ids'];
  const unknown = ids.find((id) => !present.some((item) => item.id === id));
  if (unknown !== undefined) return fail('NOT_FOUND', `There is no such ${what}: ${unknown}.`, field);
  return new Set(ids).size === ids.length && ids.length === present.length
    ? ok(ids)
    : fail('INVALID', `Every ${what} must be named once; there are ${present.length}.`, field);
}
