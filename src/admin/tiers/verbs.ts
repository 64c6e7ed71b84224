/** What operators do with tiers. */
import type { RoutingTierRecord } from '../../domain/records.js';
import type { Billing, FailureClass, TargetStrategy } from '../../domain/vocabulary.js';
import type { AdminContext } from '../actor.js';
import type { Result } from '../result.js';

export interface RoutingTierCreateInput {
  readonly slug: string;
  readonly name: string;
  readonly description?: string;
  readonly strategy: TargetStrategy;
  readonly targets: readonly RouteTargetInput[];
  readonly retryOn?: readonly FailureClass[];
  readonly maxAttempts: number;
  readonly fallbackTierId?: string;
  readonly isDefault: boolean;
}

/** Absent fields stay; null clears. */
export interface RoutingTierUpdateInput {
  readonly expectedVersion?: number;
  readonly name?: string;
  readonly description?: string | null;
  readonly enabled?: boolean;
  readonly strategy?: TargetStrategy;
  readonly retryOn?: readonly FailureClass[];
  readonly maxAttempts?: number;
  readonly fallbackTierId?: string | null;
  readonly isDefault?: boolean;
}

export interface RoutingTierSetTargetsInput {
  readonly expectedVersion: number;
  readonly targets: readonly RouteTargetInput[];
}

export interface RouteTargetInput {
  readonly modelRef: string;
  readonly billing?: Billing | null;
  readonly connectionId?: string | null;
}

export interface TierVerbs {
  list(context: AdminContext): Promise<readonly RoutingTierRecord[]>;
  byIds(context: AdminContext, ids: readonly string[]): Promise<readonly (RoutingTierRecord | null)[]>;
  bySlugs(context: AdminContext, slugs: readonly string[]): Promise<readonly (RoutingTierRecord | null)[]>;
  create(context: AdminContext, input: RoutingTierCreateInput): Promise<Result<RoutingTierRecord>>;
  update(
    context: AdminContext,
    id: string,
    input: RoutingTierUpdateInput,
  ): Promise<Result<RoutingTierRecord>>;
  setTargets(
    context: AdminContext,
    id: string,
    input: RoutingTierSetTargetsInput,
  ): Promise<Result<RoutingTierRecord>>;
  reorder(context: AdminContext, ids: readonly string[]): Promise<Result<readonly RoutingTierRecord[]>>;
  remove(context: AdminContext, id: string): Promise<Result<string>>;
}
