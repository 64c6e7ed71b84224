/** What of a plan's allowances expired unused. */
import type { NanoUsd } from '../domain/money.js';
import { bucketEnd, type TimeRange } from '../domain/time-range.js';
import type { MeasurementSource } from '../domain/vocabulary.js';
import {
  endedAllowances,
  presentAllowances,
  type AllowanceName,
  type EndedAllowance,
} from '../persistence/past-quota-windows.js';
import type { Sql } from '../persistence/sql.js';

/** Use of one allowance over those of its windows that ended in a range. */
export interface AllowanceUse {
  /** As `5h` or `weekly`. */
  readonly name: string;
  /** Length of a window; null when unknown. */
  readonly windowSeconds: number | null;
  /** How many of its windows are known to have ended. */
  readonly windows: number;
  /** Share that was left, 0 to 1, each window by its length. */
  readonly unusedShare: number;
  /** Estimated if one of the windows was. */
  readonly source: MeasurementSource;
}

export interface AllowancesOfConnection {
  /** Longest first. */
  readonly allowances: readonly AllowanceUse[];
  /** The longest the connection has, over all models; null when none of its windows ended. */
  readonly longest: (AllowanceUse & { worthOf(monthlyPriceNanoUsd: NanoUsd): NanoUsd }) | null;
}

/**
 * A window counts where it ends, whole, so that ranges side by side count each once. A shorter allowance only spreads what
 * a longer one holds: what is worth its fee is the longest alone.
 */
export async function allowanceUse(
  sql: Sql,
  workspaceId: string,
  range: TimeRange,
): Promise<(connectionId: string) => AllowancesOfConnection> {
  const [ended, present] = await Promise.all([
    endedAllowances(sql, workspaceId, range),
    presentAllowances(sql, workspaceId),
  ]);
  return (connectionId) => {
    const own = ended.filter((entry) => entry.connectionId === connectionId);
    const named = [...present.filter((entry) => entry.connectionId === connectionId), ...own];
    const [longest] = named.filter(({ partial }) => !partial).toSorted(longestFirst);
    const monthsOf = (name: string) => own.filter((entry) => entry.name === name);
    const names = [...new Set(own.map(({ name }) => name))];
    const counted = monthsOf(longest?.name ?? '');
    return {
      allowances: names.map((name) => useOf(name, monthsOf(name))).toSorted(longestFirst),
      longest:
        longest === undefined || counted.length === 0
          ? null
          : {
              ...useOf(longest.name, counted),
              worthOf: (monthlyPriceNanoUsd) => worthOf(counted, monthlyPriceNanoUsd),
            },
    };
  };
}

function useOf(name: string, months: readonly EndedAllowance[]): AllowanceUse {
  const sum = (of: (entry: EndedAllowance) => number): number =>
    months.reduce((total, entry) => total + of(entry), 0);
  return {
    name,
    windowSeconds: months.at(-1)?.windowSeconds ?? null,
    windows: sum(({ windows }) => windows),
    unusedShare: sum(({ unusedMs }) => unusedMs) / sum(({ heldMs }) => heldMs),
    source: months.some(({ source }) => source === 'ESTIMATED') ? 'ESTIMATED' : 'REPORTED',
  };
}

/** The fee by the share of each calendar month that was unused, rounded once per month. */
function worthOf(months: readonly EndedAllowance[], monthlyPriceNanoUsd: NanoUsd): NanoUsd {
  return months.reduce((worth, { month, unusedMs }) => {
    const length = BigInt(bucketEnd(month, 'MONTH') - month);
    return worth + (monthlyPriceNanoUsd * BigInt(Math.round(unusedMs)) + length / 2n) / length;
  }, 0n);
}

function longestFirst(
  a: Pick<AllowanceName, 'name' | 'windowSeconds'>,
  b: Pick<AllowanceName, 'name' | 'windowSeconds'>,
): number {
  return (b.windowSeconds ?? 0) - (a.windowSeconds ?? 0) || (a.name < b.name ? -1 : 1);
}
