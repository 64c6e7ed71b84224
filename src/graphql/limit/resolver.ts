/** Limits on usage: reading and changing them. */
import { Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { LimitScope } from '../../domain/limits.js';
import type {
  AccessKeyRecord,
  ConnectionRecord,
  RoutingTierRecord,
  UsageLimitRecord,
} from '../../domain/records.js';
import { AccessKey } from '../access-key/types.js';
import { Connection } from '../connection/types.js';
import type { GraphqlContext } from '../context.js';
import { knownProvider, type ShownProvider } from '../provider/lookup.js';
import { Provider } from '../provider/types.js';
import { RoutingTier } from '../routing/types.js';
import { Id, Input, present, refuseNulls } from '../shared/args.js';
import { toPayload } from '../shared/payload.js';
import { DecimalScalar } from '../shared/scalars.js';
import { UsageLimitCreateInput, UsageLimitUpdateInput } from './inputs.js';
import {
  UsageLimit,
  UsageLimitCreatePayload,
  UsageLimitDeletePayload,
  UsageLimitScope,
  UsageLimitUpdatePayload,
} from './types.js';

/** Fields of an update for which there is no "none". */
const NEVER_NULL = ['name', 'window', 'threshold', 'action'] as const;

@Resolver(() => UsageLimit)
export class UsageLimitResolver {
  @Query(() => [UsageLimit], { description: 'Budgets and thresholds being watched.' })
  usageLimits(@Ctx() { services, caller }: GraphqlContext): Promise<readonly UsageLimitRecord[]> {
    return services.admin.limits.list(caller);
  }

  @Mutation(() => UsageLimitCreatePayload, {
    description: 'Watch a metric and notify or block when it passes a threshold.',
  })
  async usageLimitCreate(
    @Ctx() { services, caller }: GraphqlContext,
    @Input(() => UsageLimitCreateInput) input: UsageLimitCreateInput,
  ): Promise<object> {
    const result = await services.admin.limits.create(caller, present(input));
    return toPayload(result, (usageLimit) => ({ usageLimit }));
  }

  @Mutation(() => UsageLimitUpdatePayload, { description: 'Change a limit.' })
  async usageLimitUpdate(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Id() id: string,
    @Input(() => UsageLimitUpdateInput) input: UsageLimitUpdateInput,
  ): Promise<object> {
    const userErrors = refuseNulls(input, NEVER_NULL);
    if (userErrors.length > 0) return { userErrors };
    const result = await services.admin.limits.update(caller, id, present(input));
    loaders.limit.clear(id);
    return toPayload(result, (usageLimit) => ({ usageLimit }));
  }

  @Mutation(() => UsageLimitDeletePayload, {
    description: 'Stop watching a limit; its alerts stay.',
  })
  async usageLimitDelete(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Id() id: string,
  ): Promise<object> {
    const result = await services.admin.limits.remove(caller, id);
    loaders.limit.clear(id);
    return toPayload(result, (deletedId) => ({ deletedId }));
  }

  @FieldResolver(() => UsageLimitScope, {
    nullable: true,
    description: 'Restriction; null to watch everything.',
  })
  filter(@Root() { scope }: UsageLimitRecord): LimitScope | null {
    return Object.values(scope).every((part) => part === null) ? null : scope;
  }

  @FieldResolver(() => DecimalScalar, { description: 'Value in the present window.' })
  current(@Root() limit: UsageLimitRecord, @Ctx() { loaders }: GraphqlContext): Promise<bigint> {
    return loaders.limitCurrent.load(limit);
  }
}

@Resolver(() => UsageLimitScope)
export class UsageLimitScopeResolver {
  @FieldResolver(() => Provider, { nullable: true, description: 'Only this provider.' })
  async provider(
    @Root() { provider }: LimitScope,
    @Ctx() context: GraphqlContext,
  ): Promise<ShownProvider | null> {
    return provider === null ? null : knownProvider(context, provider);
  }

  @FieldResolver(() => Connection, { nullable: true, description: 'Only this connection.' })
  async connection(
    @Root() { connectionId }: LimitScope,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<ConnectionRecord | null> {
    return connectionId === null ? null : loaders.connection.load(connectionId);
  }

  @FieldResolver(() => AccessKey, { nullable: true, description: 'Only this key.' })
  async accessKey(
    @Root() { accessKeyId }: LimitScope,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<AccessKeyRecord | null> {
    return accessKeyId === null ? null : loaders.accessKey.load(accessKeyId);
  }

  @FieldResolver(() => RoutingTier, { nullable: true, description: 'Only this tier.' })
  async tier(
    @Root() { tierId }: LimitScope,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<RoutingTierRecord | null> {
    return tierId === null ? null : loaders.tier.load(tierId);
  }
}
