/** What subscriptions saved: their traffic at list price against their fees. */
import { SAVINGS_GROUPS_MAX } from '../config/usage-limits.js';
import type { NanoUsd } from '../domain/money.js';
import { alignRange, bucketEnd, bucketStart, type TimeRange } from '../domain/time-range.js';
import { totalTokens } from '../domain/tokens.js';
import type { Sql } from '../persistence/sql.js';
import { findSubscriptionFees } from '../persistence/subscriptions.js';
import { sumUsage } from '../persistence/usage-sums.js';
import { allowanceUse, type AllowanceUse } from './allowances.js';
import { NO_SUMS } from './rollup.js';

export interface ConnectionSavings {
  readonly connectionId: string;
  /** Null when the price of the plan is not declared. */
  readonly feeNanoUsd: NanoUsd | null;
  readonly listCostNanoUsd: NanoUsd;
  readonly savedNanoUsd: NanoUsd | null;
  /** Of its tokens, those that are in no list cost because their request's list price is unknown, 0 to 1. */
  readonly unpricedShare: number;
  /** Of its allowances whose windows ended in the range, longest first. */
  readonly allowances: readonly AllowanceUse[];
  /** Share of its longest allowance that expired unused; null when none of its windows is known to have ended. */
  readonly unusedShare: number | null;
  /** What that share was worth by the fee; null when either is unknown. */
  readonly unusedNanoUsd: NanoUsd | null;
}

export interface SavingsReport {
  /** After alignment to whole hours. */
  readonly range: TimeRange;
  readonly subscriptionCostNanoUsd: NanoUsd;
  readonly listCostNanoUsd: NanoUsd;
  readonly savedNanoUsd: NanoUsd;
  /** What expired unused, by the fees that are declared. */
  readonly unusedNanoUsd: NanoUsd;
  /** By priority. */
  readonly connections: readonly ConnectionSavings[];
}

/** Over the workspace's present connections; what removed ones served counts neither for nor against. */
export async function savingsReport(sql: Sql, workspaceId: string, asked: TimeRange): Promise<SavingsReport> {
  const range = alignRange(asked, 'TOTAL');
  const [fees, allowancesOf, rows] = await Promise.all([
    findSubscriptionFees(sql, workspaceId),
    allowanceUse(sql, workspaceId, range),
    sumUsage(sql, workspaceId, {
      range,
      interval: 'TOTAL',
      groupBy: ['CONNECTION'],
      filter: { billings: ['SUBSCRIPTION'] },
      groupLimit: SAVINGS_GROUPS_MAX,
      withoutHistograms: true,
    }),
  ]);
  const byConnection = new Map(rows.map(({ group: [id], sums }) => [id, sums]));
  const connections = fees.map(({ connectionId, monthlyPriceNanoUsd }): ConnectionSavings => {
    const { listCostNanoUsd, tokens, unlistedTokens } = byConnection.get(connectionId) ?? NO_SUMS;
    const feeNanoUsd = monthlyPriceNanoUsd === null ? null : feeFor(range, monthlyPriceNanoUsd);
    const { allowances, longest } = allowancesOf(connectionId);
    return {
      connectionId,
      feeNanoUsd,
      listCostNanoUsd,
      savedNanoUsd: feeNanoUsd === null ? null : listCostNanoUsd - feeNanoUsd,
      unpricedShare: unlistedTokens / (totalTokens(tokens) || 1),
      allowances,
      unusedShare: longest?.unusedShare ?? null,
      unusedNanoUsd:
        longest === null || monthlyPriceNanoUsd === null ? null : longest.worthOf(monthlyPriceNanoUsd),
    };
  });
  const subscriptionCostNanoUsd = connections.reduce((sum, { feeNanoUsd }) => sum + (feeNanoUsd ?? 0n), 0n);
  const listCostNanoUsd = connections.reduce((sum, connection) => sum + connection.listCostNanoUsd, 0n);
  return {
    range,
    subscriptionCostNanoUsd,
    listCostNanoUsd,
    savedNanoUsd: listCostNanoUsd - subscriptionCostNanoUsd,
    unusedNanoUsd: connections.reduce((sum, { unusedNanoUsd }) => sum + (unusedNanoUsd ?? 0n), 0n),
    connections,
  };
}

/** A monthly fee by the share of each calendar month that lies in the range, rounded once per month. */
export function feeFor({ from, to }: TimeRange, monthlyPriceNanoUsd: NanoUsd): NanoUsd {
  let fee = 0n;
  for (let start = bucketStart(from, 'MONTH'); start < to; start = bucketEnd(start, 'MONTH')) {
    const end = bucketEnd(start, 'MONTH');
    const length = BigInt(end - start);
    const covered = BigInt(Math.min(to, end) - Math.max(from, start));
    fee += (monthlyPriceNanoUsd * covered + length / 2n) / length;
  }
  return fee;
}
