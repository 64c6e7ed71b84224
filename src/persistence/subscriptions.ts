/** What a workspace pays for its coding plans. */
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
