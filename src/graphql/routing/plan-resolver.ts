/** Dry runs, and what requests are classified by. */
import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { PlannedCandidate, RoutePlan as Plan } from '../../admin/route-plan/plan-route.js';
import type { ConnectionRecord, RoutingTierRecord } from '../../domain/records.js';
import { Connection } from '../connection/types.js';
import type { GraphqlContext } from '../context.js';
import { forgetRouting } from '../loaders.js';
import { checkListLength, Input, present } from '../shared/args.js';
import { toPayload } from '../shared/payload.js';
import { ClassifierWeightInput, RoutePlanInput } from './inputs.js';
import {
  ClassifierWeight,
  ClassifierWeightsSetPayload,
  RouteCandidate,
  RoutePlan,
  RoutingTier,
} from './types.js';

@Resolver(() => RoutePlan)
export class RoutePlanResolver {
  @Query(() => RoutePlan, {
    description:
      'Dry run: which target would serve this request, and why. Sends nothing upstream and records no usage.',
  })
  routePlan(
    @Ctx() { services, caller }: GraphqlContext,
    @Input(() => RoutePlanInput) input: RoutePlanInput,
  ): Promise<Plan> {
    return services.admin.routing.plan(caller, present(input));
  }

  @Query(() => [ClassifierWeight], {
    description: 'What requests are classified by: every weight, shipped and own.',
  })
  classifierWeights(@Ctx() { services, caller }: GraphqlContext): Promise<readonly ClassifierWeight[]> {
    return services.admin.routing.weights(caller);
  }

  @Mutation(() => ClassifierWeightsSetPayload, {
    description: "Replace all of the workspace's own classifier weights; those not named count as shipped.",
  })
  async classifierWeightsSet(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Arg('weights', () => [ClassifierWeightInput], { description: 'All own weights; empty for none.' })
    weights: ClassifierWeightInput[],
  ): Promise<object> {
    checkListLength('weights', weights);
    const result = await services.admin.routing.setWeights(caller, weights);
    forgetRouting(loaders);
    return toPayload(result, (classifierWeights) => ({ classifierWeights }));
  }

  @FieldResolver(() => RoutingTier, {
    nullable: true,
    description: 'Tier chosen; null when a model was named outright.',
  })
  async tier(@Root() plan: Plan, @Ctx() { loaders }: GraphqlContext): Promise<RoutingTierRecord | null> {
    return plan.tierId === null ? null : loaders.tier.load(plan.tierId);
  }
}

@Resolver(() => RouteCandidate)
export class RouteCandidateResolver {
  @FieldResolver(() => Connection, {
    nullable: true,
    description: 'Connection that would be used; null when skipped for want of one.',
  })
  async connection(
    @Root() { connectionId }: PlannedCandidate,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<ConnectionRecord | null> {
    return connectionId === null ? null : loaders.connection.load(connectionId);
  }
}
