/** What operators ask of routing: how it decides, and what its signals count for. */
import type { ModelCapability } from '../../domain/vocabulary.js';
import type { AdminContext } from '../actor.js';
import type { Result } from '../result.js';
import type { RoutePlan } from './plan-route.js';
import type { RoutingView } from './routing-view.js';

export interface RoutePlanInput {
  readonly model: string;
  readonly prompt?: string;
  readonly inputTokens?: number;
  readonly outputTokens: number;
  readonly capabilities?: readonly ModelCapability[];
  readonly accessKeyId?: string;
}

/** What one of the classifier's signals counts for. */
export interface ClassifierWeight {
  readonly name: string;
  /** In words; null for a boundary between tiers. */
  readonly measures: string | null;
  readonly shippedValue: number;
  /** The workspace's own; null when it counts as shipped. */
  readonly ownValue: number | null;
}

export interface ClassifierWeightInput {
  readonly name: string;
  readonly value: number;
}

export interface RoutingVerbs {
  /** What decisions are made from, as it stands now. */
  view(context: AdminContext): Promise<RoutingView>;
  plan(context: AdminContext, input: RoutePlanInput): Promise<RoutePlan>;
  weights(context: AdminContext): Promise<readonly ClassifierWeight[]>;
  setWeights(
    context: AdminContext,
    weights: readonly ClassifierWeightInput[],
  ): Promise<Result<readonly ClassifierWeight[]>>;
}
