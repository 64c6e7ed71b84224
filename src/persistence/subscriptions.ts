/** What a workspace pays for its coding plans, and which of its models are known to cost nothing. */
import type { NanoUsd } from '../domain/money.js';
import type { Sql } from './sql.js';

export interface SubscriptionFee {
  readonly connectionId: string;
  /** Null when not declared. */
  readonly monthlyPriceNanoUsd: NanoUsd | null;
}

/** One for each connection on a subscription, by priority. */
export async function findSubscriptionFees(sql: Sql, workspaceId: string): Promise<SubscriptionFee[]> {
  const rows = await sql.query<{ id: string; price: bigint | null }>(
    `SELECT id, monthly_price_nano_usd AS price FROM connection
     WHERE workspace_id = $1 AND billing = 'SUBSCRIPTION' ORDER BY priority, id`,
    [workspaceId],
  );
  return rows.map(({ id, price }) => ({ connectionId: id, monthlyPriceNanoUsd: price }));
}

/** Those of `refs` whose list price is known and was nothing at some time. */
export async function findFreeModels(
  sql: Sql,
  workspaceId: string,
  refs: readonly string[],
): Promise<ReadonlySet<string>> {
  const rows = await sql.query<{ ref: string }>(
    `SELECT DISTINCT ref FROM model JOIN model_price ON model_price.model_id = model.id
     WHERE model.workspace_id = $1 AND ref = ANY ($2::text[])
       AND input = 0 AND output = 0 AND coalesce(per_request, 0) = 0`,
    [workspaceId, [...refs]],
  );
  return new Set(rows.map(({ ref }) => ref));
}
