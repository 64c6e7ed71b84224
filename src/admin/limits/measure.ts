/** What limits stand at in their present windows, as recorded. */
import { windowAt } from '../../domain/limits.js';
import type { UsageLimitRecord } from '../../domain/records.js';
import type { Database } from '../../persistence/database.js';
import { largestUsedShare, measureHours, type Measurement } from '../../persistence/limits.js';

/** Billionths in one: values are as exact as money is. */
export const BILLION = 1_000_000_000n;
/** A share as percents. */
const PERCENT = 100;

/** In billionths of each metric's unit; all sums in one statement. */
export async function measureLimits(
  database: Database,
  workspaceId: string,
  limits: readonly UsageLimitRecord[],
  now: number,
): Promise<bigint[]> {
  const sums = await measureHours(
    database,
    limits.map(({ scope, window }) => ({ workspaceId, scope, ...windowAt(now, window) })),
  );
  const rows = database.workspace(workspaceId);
  return Promise.all(
    limits.map(async ({ metric, scope }, place) => {
      const sum = sums[place];
      if (metric === 'QUOTA_PERCENT')
        return fromNumber(((await largestUsedShare(rows, scope, now)) ?? 0) * PERCENT);
      return sum ? valueOf(metric, sum) : 0n;
    }),
  );
}

function valueOf(
  metric: Exclude<UsageLimitRecord['metric'], 'QUOTA_PERCENT'>,
  { costNanoUsd, tokens, requests, failed }: Measurement,
): bigint {
  switch (metric) {
    case 'COST_USD':
      return costNanoUsd;
    case 'TOKENS':
      return tokens * BILLION;
    case 'REQUESTS':
      return requests * BILLION;
    case 'FAILURE_RATE':
      return requests === 0n ? 0n : (failed * BILLION) / requests;
  }
}

function fromNumber(value: number): bigint {
  return BigInt(Math.round(value * Number(BILLION)));
}
