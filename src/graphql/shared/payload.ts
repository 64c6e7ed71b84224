/** Results of verbs as mutation payloads. */
import type { Result, UserError } from '../../admin/result.js';

/** A payload with `userErrors`: the fields `onSuccess` makes, or none of them and the errors. */
export function toPayload<T, P extends object>(
  result: Result<T>,
  onSuccess: (value: T) => P,
): (P | object) & { readonly userErrors: readonly UserError[] } {
  return result.ok ? { ...onSuccess(result.value), userErrors: [] } : { userErrors: result.userErrors };
}
