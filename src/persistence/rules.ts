/** Rows of the rules that send requests to a tier by a header. */
import type { RoutingRuleRecord } from '../domain/records.js';
import type { Prisma } from './generated/client.js';
import { toDate, toMs } from './keyset.js';
import type { ScopedTransaction } from './workspace-scope.js';

/** All rules of the workspace, in the order in which they are tried. */
export async function listRules(rows: ScopedTransaction): Promise<RoutingRuleRecord[]> {
  const found = await rows.routingRule.findMany({ orderBy: [{ position: 'asc' }, { id: 'asc' }] });
  return found.map(toRule);
}

/** Those of `ids` that exist, in no particular order. */
export async function findRules(
  rows: ScopedTransaction,
  ids: readonly string[],
): Promise<RoutingRuleRecord[]> {
  const found = await rows.routingRule.findMany({ where: { id: { in: [...ids] } } });
  return found.map(toRule);
}

/** Adds a rule. */
export async function insertRule(rows: ScopedTransaction, rule: RoutingRuleRecord): Promise<void> {
  const { createdAt, updatedAt, ...columns } = rule;
  await rows.routingRule.create({
    data: { ...columns, createdAt: toDate(createdAt), updatedAt: toDate(updatedAt) },
  });
}

/** What may change of a rule. */
export type RulePatch = Partial<
  Pick<RoutingRuleRecord, 'name' | 'position' | 'enabled' | 'header' | 'value' | 'tierId'>
>;

/** Changes a rule. */
export async function updateRule(
  rows: ScopedTransaction,
  id: string,
  patch: RulePatch,
  now: number,
): Promise<void> {
  await rows.routingRule.updateMany({ where: { id }, data: { ...patch, updatedAt: toDate(now) } });
}

/** Removes a rule; those behind it move up. */
export async function deleteRule(
  rows: ScopedTransaction,
  { id, position }: Pick<RoutingRuleRecord, 'id' | 'position'>,
): Promise<void> {
  await rows.routingRule.deleteMany({ where: { id } });
  await rows.routingRule.updateMany({
    where: { position: { gt: position } },
    data: { position: { decrement: 1 } },
  });
}

/** Puts rules in this order. */
export async function placeRules(rows: ScopedTransaction, ids: readonly string[]): Promise<void> {
  for (const [position, id] of ids.entries()) {
    await rows.routingRule.updateMany({ where: { id, position: { not: position } }, data: { position } });
  }
}

function toRule(row: Prisma.RoutingRuleGetPayload<object>): RoutingRuleRecord {
  return { ...row, createdAt: toMs(row.createdAt), updatedAt: toMs(row.updatedAt) };
}
