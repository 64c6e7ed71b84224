/** Outcome of a verb: what was made, or what the caller can put right. Faults beyond the caller's reach are thrown. */

/** Codes of {@link UserError}, as in the GraphQL contract. */
export const USER_ERROR_CODES = [
  'INVALID',
  'REQUIRED',
  'OUT_OF_RANGE',
  'NOT_FOUND',
  'TAKEN',
  'CONFLICT',
  'IN_USE',
  'INVALID_STATE',
  'UNSUPPORTED_OFFERING',
  'CREDENTIAL_REJECTED',
  'UPSTREAM_UNAVAILABLE',
  'FALLBACK_CYCLE',
  'IDEMPOTENCY_MISMATCH',
  'LIMIT_EXCEEDED',
] as const;
export type UserErrorCode = (typeof USER_ERROR_CODES)[number];

export interface UserError {
  readonly code: UserErrorCode;
  /** A sentence that says what was wrong and what would be right. */
  readonly message: string;
  /** Path into the arguments, such as `['input', 'label']`; null when no argument is at fault. */
  readonly field: readonly string[] | null;
}

export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly userErrors: readonly [UserError, ...UserError[]] };

export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

/** Every problem of several checks at once, so that an operator need not find them one by one. */
export function problemsOf(checks: readonly Result<unknown>[]): Result<never> {
  const [first, ...rest] = checks.flatMap((check): readonly UserError[] =>
    check.ok ? [] : check.userErrors,
  );
  if (first === undefined) throw new Error('Invariant broken: problems without a problem');
  return { ok: false, userErrors: [first, ...rest] };
}

export function fail(
  code: UserErrorCode,
  message: string,
  field: readonly string[] | null = null,
): Result<never> {
  return { ok: false, userErrors: [{ code, message, field }] };
}
