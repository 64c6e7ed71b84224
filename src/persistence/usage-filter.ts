/** Which usage to consider, and the same as conditions of a statement. */
import type { TimeRange } from '../domain/time-range.js';
import type { Billing, UsageStatus } from '../domain/vocabulary.js';

/** Fields that are set are combined with AND, values in a list with OR; an empty list matches nothing. */
export interface UsageFilter {
  readonly range?: TimeRange;
  /** By slug. */
  readonly providers?: readonly string[];
  /** By reference. */
  readonly models?: readonly string[];
  /** By slug. */
  readonly tiers?: readonly string[];
  readonly accessKeys?: readonly string[];
  readonly connections?: readonly string[];
  readonly billings?: readonly Billing[];
  readonly statuses?: readonly UsageStatus[];
}

/** Collects conditions and their values; the columns are those that events and rollups have in common. */
export interface Conditions {
  /** The value's placeholder. */
  bind(value: unknown): string;
  add(condition: string): void;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Conditions that keep a statement within one workspace and the filter's lists; its range is left to the caller. */
export function usageConditions(workspaceId: string, filter: UsageFilter): Conditions {
  const values: unknown[] = [];
  const conditions: string[] = [];
  const own: Conditions = {
    bind: (value) => `$${values.push(value)}`,
    add: (condition) => void conditions.push(condition),
    get text() {
      return conditions.join(' AND ');
    },
    values,
  };
  own.add(`workspace_id = ${own.bind(workspaceId)}`);
  const among = (column: string, list: readonly string[] | undefined): void => {
    if (list !== undefined) own.add(`${column} = ANY (${own.bind([...list])}::text[])`);
  };
  among('provider', filter.providers);
  among('model_ref', filter.models);
  among('tier_slug', filter.tiers);
  among('access_key_id', filter.accessKeys);
  among('connection_id', filter.connections);
  among('billing::text', filter.billings);
  among('status::text', filter.statuses);
  return own;
}
