/** What operators do with rules. */
import type { RoutingRuleRecord } from '../../domain/records.js';
import type { AdminContext } from '../actor.js';
import type { Result } from '../result.js';

export interface RoutingRuleCreateInput {
  readonly name: string;
  readonly header: string;
  /** Any when absent. */
  readonly value?: string;
  readonly tierId: string;
}

/** Absent fields stay. */
export interface RoutingRuleUpdateInput {
  readonly name?: string;
  readonly enabled?: boolean;
  readonly header?: string;
  /** Null for any. */
  readonly value?: string | null;
  readonly tierId?: string;
}

export interface RuleVerbs {
  list(context: AdminContext): Promise<readonly RoutingRuleRecord[]>;
  byIds(context: AdminContext, ids: readonly string[]): Promise<readonly (RoutingRuleRecord | null)[]>;
  create(context: AdminContext, input: RoutingRuleCreateInput): Promise<Result<RoutingRuleRecord>>;
  update(
    context: AdminContext,
    id: string,
    input: RoutingRuleUpdateInput,
  ): Promise<Result<RoutingRuleRecord>>;
  reorder(context: AdminContext, ids: readonly string[]): Promise<Result<readonly RoutingRuleRecord[]>>;
  remove(context: AdminContext, id: string): Promise<Result<string>>;
}
