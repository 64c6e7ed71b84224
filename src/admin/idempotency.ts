/** Repeats of a mutation under the same idempotency key: the first answer stands for 24 hours. */
import { createHash } from 'node:crypto';
import { IDEMPOTENCY_WINDOW_MS } from '../config/graphql-limits.js';
import { claimIdempotencyKey, findIdempotencyRow } from '../persistence/idempotency.js';
import type { ScopedTransaction } from '../persistence/workspace-scope.js';
import { fail, ok, type Result } from './result.js';

const KEY_MAX_CHARS = 255;
const FIELD = ['input', 'idempotencyKey'];

/** One call of a verb that can be repeated. */
export interface RepeatableCall {
  readonly workspaceId: string;
  /** Name of the verb. */
  readonly operation: string;
  readonly key: string;
  readonly argumentsHash: string;
}

/** The call as it is remembered; null when the caller gave no key. */
export function repeatableCall<T extends { readonly idempotencyKey?: string }>(
  workspaceId: string,
  operation: string,
  input: T,
): Result<RepeatableCall | null> {
  const { idempotencyKey: key, ...rest } = input;
  if (key === undefined) return ok(null);
  if (key === '' || key.length > KEY_MAX_CHARS) {
    return fail('OUT_OF_RANGE', `An idempotency key has 1 to ${KEY_MAX_CHARS} characters.`, FIELD);
  }
  const fields = Object.entries(rest).filter(([, value]) => value !== undefined);
  const canonical = JSON.stringify(fields.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const argumentsHash = createHash('sha256').update(canonical).digest('base64url');
  return ok({ workspaceId, operation, key, argumentsHash });
}

/** Id of what the first call made; null when this is the first. Other arguments under the same key are refused. */
export async function findFirstAnswer(
  rows: ScopedTransaction,
  call: RepeatableCall | null,
  now: number,
): Promise<Result<string | null>> {
  if (call === null) return ok(null);
  const first = await findIdempotencyRow(
    rows,
    call.workspaceId,
    call.operation,
    call.key,
    now - IDEMPOTENCY_WINDOW_MS,
  );
  if (first === null) return ok(null);
  return first.argumentsHash === call.argumentsHash
    ? ok(first.resultId)
    : fail(
        'IDEMPOTENCY_MISMATCH',
        'This idempotency key was used with other arguments; use a new one.',
        FIELD,
      );
}

/** Makes `resultId` the answer to repeats; false when a concurrent call was first. */
export async function claimAnswer(
  rows: ScopedTransaction,
  call: RepeatableCall | null,
  resultId: string,
  now: number,
): Promise<boolean> {
  if (call === null) return true;
  return claimIdempotencyKey(rows, { ...call, resultId, createdAt: now }, now - IDEMPOTENCY_WINDOW_MS);
}
