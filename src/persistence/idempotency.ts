/** Rows that remember the first answer of a mutation, so that a repeat gets the same one. */
import { IDEMPOTENCY_SWEEP_MAX_KEYS } from '../config/graphql-limits.js';
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
 * call whose transaction is still open is waited for. Forgets some of those given before `since`, of any workspace: more
 * than it adds, so that there are never more of them than were taken within one window.
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
  // Those that someone else forgets or replaces at this moment are left to them.
  await rows.$executeRaw`
    DELETE FROM idempotency_key WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM idempotency_key WHERE created_at <= ${toDate(since)}
      ORDER BY created_at LIMIT ${IDEMPOTENCY_SWEEP_MAX_KEYS} FOR UPDATE SKIP LOCKED))`;
  return claimed > 0;
}
