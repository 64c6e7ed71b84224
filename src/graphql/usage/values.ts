/** Stored and summed usage in the form in which it is answered. */
import type { PagePosition } from '../../admin/page.js';
import { totalTokens, type TokenCounts as Tokens } from '../../domain/tokens.js';
import type { StoredUsageEvent } from '../../domain/usage.js';
import type { UsageRollupValue, UsageSums } from '../../usage/reports.js';
import type { TokenCounts, UsageTotals } from './types.js';

/** What the fields of a rollup are answered from. */
export type RollupSource = Omit<UsageRollupValue, 'totals'> & { readonly totals: UsageTotals };

export function toTokenCounts(tokens: Tokens): TokenCounts {
  return { ...tokens, total: totalTokens(tokens) };
}

export function toTotals(sums: UsageSums): UsageTotals {
  const { costNanoUsd, listCostNanoUsd, savedNanoUsd, tokens, ...rest } = sums;
  return {
    ...rest,
    tokens: toTokenCounts(tokens),
    costUsd: costNanoUsd,
    listCostUsd: listCostNanoUsd,
    savedUsd: savedNanoUsd,
  };
}

export function toRollup(rollup: UsageRollupValue): RollupSource {
  return { ...rollup, totals: toTotals(rollup.totals) };
}

/** Events are listed in commit order, which is also the order in which they are followed. */
export function positionOfEvent(event: StoredUsageEvent): PagePosition {
  return { sortKey: event.seq, id: event.id };
}
