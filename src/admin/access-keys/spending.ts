/** What gateway keys spent of their budgets, as recorded. */
import { NO_SCOPE, windowAt } from '../../domain/limits.js';
import type { NanoUsd } from '../../domain/money.js';
import type { AccessKeyRecord } from '../../domain/records.js';
import { findBudgetedKeys } from '../../persistence/access-keys.js';
import { measureHours } from '../../persistence/limits.js';
import type { AdminDeps } from '../admin-deps.js';

/** Of each key in the present window of its budget; zero where it has none. */
export async function spentByKeys(
  { database, clock }: Pick<AdminDeps, 'database' | 'clock'>,
  keys: readonly AccessKeyRecord[],
): Promise<NanoUsd[]> {
  const now = clock.now();
  const budgeted = keys.flatMap(({ id, workspaceId, budget }) =>
    budget ? [{ id, workspaceId, budget }] : [],
  );
  const measured = await measureHours(
    database,
    budgeted.map(({ id, workspaceId, budget }) => ({
      workspaceId,
      scope: { ...NO_SCOPE, accessKeyId: id },
      ...windowAt(now, budget.window),
    })),
  );
  const spent = new Map(budgeted.map(({ id }, place) => [id, measured[place]?.costNanoUsd ?? 0n]));
  return keys.map(({ id }) => spent.get(id) ?? 0n);
}

/** Ids of the workspace's keys that have nothing left of their budget. */
export async function keysOverBudget(
  deps: Pick<AdminDeps, 'database' | 'clock'>,
  workspaceId: string,
): Promise<string[]> {
  const keys = await findBudgetedKeys(deps.database.workspace(workspaceId));
  const spent = await spentByKeys(deps, keys);
  return keys.flatMap((key, place) => (isOverBudget(key, spent[place] ?? 0n) ? [key.id] : []));
}

export function isOverBudget({ budget }: AccessKeyRecord, spent: NanoUsd): boolean {
  return budget !== null && spent >= budget.limitNanoUsd;
}
