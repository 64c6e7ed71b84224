/** Rows that remember the first answer of a mutation, so that a repeat gets the same one. */
import { toDate } from './keyset.js';
import type { ScopedTransaction } from './workspace-scope.js';

export interface IdempotencyRow {
  readonly workspaceId: string;
  /** Name of the verb. */
  readonly operation: string;
  readonly key: string;
  /** SHA-256 of the arguments. */
  readonly argumentsHash: string;
  /** Id of what the first call made. */
  readonly resultId: string;
  readonly createdAt: number;
}

/** The first answer under a key, unless it was given before `since`. */
export async function findIdempotencyRow(
  rows: ScopedTransaction,
  workspaceId: string,
  operation: string,
  key: string,
  since: number,
): Promise<Pick<IdempotencyRow, 'argumentsHash' | 'resultId'> | null> {
  return rows.idempotencyKey.findFirst({
    where: { workspaceId, operation, key, createdAt: { gt: toDate(since) } },
    select: { argumentsHash: true, resultId: true },
  });
}

/**
 * Takes a key for the transaction's own answer, replacing one given before `since`. False when another call has it; a
 * call whose transaction is still open is waited for.
 */
export async function claimIdempotencyKey(
  rows: ScopedTransaction,
  row: IdempotencyRow,
  since: number,
): Promise<boolean> {
  const claimed = await rows.$executeRaw`
    INSERT INTO idempotency_key (workspace_id, operation, key, arguments_hash, result_id, created_at)
    VALUES (${row.workspaceId}, ${row.operation}, ${row.key}, ${row.argumentsHash}, ${row.resultId},
            ${toDate(row.createdAt)})
    ON CONFLICT (workspace_id, operation, key) DO UPDATE
      SET arguments_hash = excluded.arguments_hash, result_id = excluded.result_id, created_at = excluded.created_at
      WHERE idempotency_key.created_at <= ${toDate(since)}`;
  return claimed > 0;
}
