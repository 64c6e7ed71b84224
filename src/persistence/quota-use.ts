/** How much of a plan the requests through one connection used, from what was recorded of them. */
import type { NanoUsd } from '../domain/money.js';
import { toDate, toMs } from './keyset.js';
import type { Sql } from './sql.js';
import { toCount } from './usage-rows.js';

export interface ConnectionUse {
  readonly requests: number;
  /** Of all kinds. */
  readonly tokens: number;
  /** At list prices; without the requests whose list price is unknown. */
  readonly listCostNanoUsd: NanoUsd;
  /** When the first of them began, in milliseconds since the epoch; null when there is none, or it is not asked for. */
  readonly firstAt: number | null;
}

interface UseRow {
  readonly requests: bigint;
  readonly tokens: bigint;
  readonly list_cost: bigint;
  readonly first_at: Date | null;
}

/** Requests a provider counts: the answered ones, and those whose caller left. */
const COUNTED = `status IN ('OK', 'CANCELLED')`;
const TOKENS = 'input_tokens + cache_read_tokens + cache_write_tokens + output_tokens';

/** Use since an instant, to the request. For hours, not for months. */
export async function useSince(
  sql: Sql,
  workspaceId: string,
  connectionId: string,
  from: number,
): Promise<ConnectionUse> {
  const [row] = await sql.query<UseRow>(
    `SELECT count(*)::bigint AS requests, coalesce(sum(${TOKENS}), 0)::bigint AS tokens,
       coalesce(sum(list_cost_nano_usd), 0)::bigint AS list_cost, min(started_at) AS first_at
     FROM usage_event
     WHERE workspace_id = $1 AND connection_id = $2 AND started_at > $3 AND ${COUNTED}`,
    [workspaceId, connectionId, toDate(from)],
  );
  return toUse(row);
}

/** Use since the start of an hour. */
export async function useSinceHour(
  sql: Sql,
  workspaceId: string,
  connectionId: string,
  hour: number,
): Promise<ConnectionUse> {
  const [row] = await sql.query<UseRow>(
    `SELECT coalesce(sum(requests), 0)::bigint AS requests, coalesce(sum(${TOKENS}), 0)::bigint AS tokens,
       coalesce(sum(list_cost_nano_usd), 0)::bigint AS list_cost, null::timestamptz AS first_at
     FROM usage_rollup
     WHERE workspace_id = $1 AND hour >= $2 AND connection_id = $3 AND ${COUNTED}`,
    [workspaceId, toDate(hour), connectionId],
  );
  return toUse(row);
}

/** Start of the last hour in which a connection was used; null when that was before `since`. */
export async function lastHourOfUse(
  sql: Sql,
  workspaceId: string,
  connectionId: string,
  since: number,
): Promise<number | null> {
  const [row] = await sql.query<{ hour: Date | null }>(
    'SELECT max(hour) AS hour FROM usage_rollup WHERE workspace_id = $1 AND hour >= $2 AND connection_id = $3',
    [workspaceId, toDate(since), connectionId],
  );
  return toMs(row?.hour ?? null);
}

function toUse(row: UseRow | undefined): ConnectionUse {
  return {
    requests: toCount(row?.requests ?? 0n),
    tokens: toCount(row?.tokens ?? 0n),
    listCostNanoUsd: row?.list_cost ?? 0n,
    firstAt: toMs(row?.first_at ?? null),
  };
}
