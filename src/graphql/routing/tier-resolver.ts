/** Tiers: reading and changing them, and whether their targets could serve. */
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import type {
  ConnectionRecord,
  ModelRecord,
  RouteTargetRecord,
  RoutingTierRecord,
} from '../../domain/records.js';
import type { SkipReason } from '../../domain/vocabulary.js';
import { Connection } from '../connection/types.js';
import type { GraphqlContext } from '../context.js';
import { forgetRouting } from '../loaders.js';
import { DiscoveredModel } from '../model/types.js';
import { checkListLength, Id, Input, present, refuseNulls } from '../shared/args.js';
import { SkipReasonEnum } from '../shared/enums.js';
import { toPayload } from '../shared/payload.js';
import { RoutingTierCreateInput, RoutingTierSetTargetsInput, RoutingTierUpdateInput } from './inputs.js';
import {
  RouteTarget,
  RoutingTier,
  RoutingTierCreatePayload,
  RoutingTierDeletePayload,
  RoutingTierReorderPayload,
  RoutingTierSetTargetsPayload,
  RoutingTierUpdatePayload,
} from './types.js';

/** Fields of an update for which there is no "none". */
const NEVER_NULL = ['name', 'enabled', 'strategy', 'retryOn', 'maxAttempts', 'isDefault'] as const;

@Resolver(() => RoutingTier)
export class RoutingTierResolver {
  @Query(() => [RoutingTier], {
    description: 'Routing tiers in the order in which they are considered.',
  })
  routingTiers(@Ctx() { services, caller }: GraphqlContext): Promise<readonly RoutingTierRecord[]> {
    return services.admin.tiers.list(caller);
  }

  @Query(() => RoutingTier, { nullable: true, description: 'Routing tier by slug.' })
  async routingTier(
    @Ctx() { services, caller }: GraphqlContext,
    @Arg('slug', () => String, { description: 'Short name.' }) slug: string,
  ): Promise<RoutingTierRecord | null> {
    const tiers = await services.admin.tiers.list(caller);
    return tiers.find((tier) => tier.slug === slug) ?? null;
  }

  @Mutation(() => RoutingTierCreatePayload, { description: 'Add a routing tier after the existing ones.' })
  async routingTierCreate(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Input(() => RoutingTierCreateInput) input: RoutingTierCreateInput,
  ): Promise<object> {
    const result = await services.admin.tiers.create(caller, present(input));
    forgetRouting(loaders);
    return toPayload(result, (routingTier) => ({ routingTier }));
  }

  @Mutation(() => RoutingTierUpdatePayload, { description: "Change a tier's settings." })
  async routingTierUpdate(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Id() id: string,
    @Input(() => RoutingTierUpdateInput) input: RoutingTierUpdateInput,
  ): Promise<object> {
    const userErrors = refuseNulls(input, NEVER_NULL);
    if (userErrors.length > 0) return { userErrors };
    const { description, fallbackTierId, ...others } = input;
    const change = {
      ...present(others),
      ...(description !== undefined && { description }),
      ...(fallbackTierId !== undefined && { fallbackTierId }),
    };
    const result = await services.admin.tiers.update(caller, id, change);
    forgetRouting(loaders);
    return toPayload(result, (routingTier) => ({ routingTier }));
  }

  @Mutation(() => RoutingTierSetTargetsPayload, {
    description: 'Replace the whole ordered list of targets of a tier.',
  })
  async routingTierSetTargets(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Id() id: string,
    @Input(() => RoutingTierSetTargetsInput) input: RoutingTierSetTargetsInput,
  ): Promise<object> {
    const result = await services.admin.tiers.setTargets(caller, id, input);
    forgetRouting(loaders);
    return toPayload(result, (routingTier) => ({ routingTier }));
  }

  @Mutation(() => RoutingTierReorderPayload, {
    description: 'Reorder tiers; every tier must be named once.',
  })
  async routingTierReorder(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Arg('ids', () => [ID], { description: 'IDs.' }) ids: string[],
  ): Promise<object> {
    checkListLength('ids', ids);
    const result = await services.admin.tiers.reorder(caller, ids);
    forgetRouting(loaders);
    return toPayload(result, (routingTiers) => ({ routingTiers }));
  }

  @Mutation(() => RoutingTierDeletePayload, {
    description: "Remove a tier that is neither the default nor another tier's fallback.",
  })
  async routingTierDelete(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Id() id: string,
  ): Promise<object> {
    const result = await services.admin.tiers.remove(caller, id);
    forgetRouting(loaders);
    return toPayload(result, (deletedId) => ({ deletedId }));
  }

  @FieldResolver(() => [RouteTarget], { description: 'Targets, tried from first to last.' })
  targets(@Root() tier: RoutingTierRecord): readonly TargetOfTier[] {
    return tier.targets.map((target, position) => ({ ...target, position, tier }));
  }

  @FieldResolver(() => RoutingTier, {
    nullable: true,
    description: 'Tier tried when every target failed; null for none. Cycles are refused.',
  })
  async fallbackTier(
    @Root() tier: RoutingTierRecord,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<RoutingTierRecord | null> {
    return tier.fallbackTierId === null ? null : loaders.tier.load(tier.fallbackTierId);
  }
}

/** A target, its place, and the tier whose strategy decides when it is used. */
interface TargetOfTier extends RouteTargetRecord {
  readonly position: number;
  readonly tier: RoutingTierRecord;
}

@Resolver(() => RouteTarget)
export class RouteTargetResolver {
  @FieldResolver(() => DiscoveredModel, {
    nullable: true,
    description: 'The model; null when it is no longer known.',
  })
  model(@Root() target: TargetOfTier, @Ctx() { loaders }: GraphqlContext): Promise<ModelRecord | null> {
    return loaders.modelByRef.load(target.modelRef);
  }

  @FieldResolver(() => Connection, {
    nullable: true,
    description: 'Use only this connection; null for any of the provider.',
  })
  async connection(
    @Root() target: TargetOfTier,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<ConnectionRecord | null> {
    return target.connectionId === null ? null : loaders.connection.load(target.connectionId);
  }

  @FieldResolver(() => Boolean, { description: 'Whether it could serve a request now.' })
  async ready(@Root() target: TargetOfTier, @Ctx() { loaders }: GraphqlContext): Promise<boolean> {
    const routing = await loaders.routing.load('all');
    return routing.skipOfTarget(target.tier, target) === null;
  }

  @FieldResolver(() => SkipReasonEnum, { nullable: true, description: 'Why not; null when ready.' })
  async skipReason(
    @Root() target: TargetOfTier,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<SkipReason | null> {
    const routing = await loaders.routing.load('all');
    return routing.skipOfTarget(target.tier, target);
  }
}
