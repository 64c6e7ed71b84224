/** Rules: reading and changing them. */
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { invariant } from '../../domain/errors.js';
import type { RoutingRuleRecord, RoutingTierRecord } from '../../domain/records.js';
import type { GraphqlContext } from '../context.js';
import { forgetRouting } from '../loaders.js';
import { checkListLength, Id, Input, present, refuseNulls } from '../shared/args.js';
import { toPayload } from '../shared/payload.js';
import { RoutingRuleCreateInput, RoutingRuleUpdateInput } from './inputs.js';
import {
  RoutingRule,
  RoutingRuleCreatePayload,
  RoutingRuleDeletePayload,
  RoutingRuleReorderPayload,
  RoutingRuleUpdatePayload,
  RoutingTier,
} from './types.js';

/** Fields of an update for which there is no "none". */
const NEVER_NULL = ['name', 'enabled', 'header', 'tierId'] as const;

@Resolver(() => RoutingRule)
export class RoutingRuleResolver {
  @Query(() => [RoutingRule], {
    description:
      'Rules that send matching requests to a tier, in the order in which they are tried; the first match wins, and outranks the model the client named.',
  })
  routingRules(@Ctx() { services, caller }: GraphqlContext): Promise<readonly RoutingRuleRecord[]> {
    return services.admin.rules.list(caller);
  }

  @Mutation(() => RoutingRuleCreatePayload, { description: 'Add a rule after the existing ones.' })
  async routingRuleCreate(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Input(() => RoutingRuleCreateInput) input: RoutingRuleCreateInput,
  ): Promise<object> {
    const result = await services.admin.rules.create(caller, present(input));
    forgetRouting(loaders);
    return toPayload(result, (routingRule) => ({ routingRule }));
  }

  @Mutation(() => RoutingRuleUpdatePayload, { description: 'Change a rule.' })
  async routingRuleUpdate(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Id() id: string,
    @Input(() => RoutingRuleUpdateInput) input: RoutingRuleUpdateInput,
  ): Promise<object> {
    const userErrors = refuseNulls(input, NEVER_NULL);
    if (userErrors.length > 0) return { userErrors };
    const { value, ...others } = input;
    const change = { ...present(others), ...(value !== undefined && { value }) };
    const result = await services.admin.rules.update(caller, id, change);
    forgetRouting(loaders);
    return toPayload(result, (routingRule) => ({ routingRule }));
  }

  @Mutation(() => RoutingRuleReorderPayload, {
    description: 'Reorder rules; every rule must be named once.',
  })
  async routingRuleReorder(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Arg('ids', () => [ID], { description: 'IDs.' }) ids: string[],
  ): Promise<object> {
    checkListLength('ids', ids);
    const result = await services.admin.rules.reorder(caller, ids);
    forgetRouting(loaders);
    return toPayload(result, (routingRules) => ({ routingRules }));
  }

  @Mutation(() => RoutingRuleDeletePayload, { description: 'Remove a rule.' })
  async routingRuleDelete(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Id() id: string,
  ): Promise<object> {
    const result = await services.admin.rules.remove(caller, id);
    forgetRouting(loaders);
    return toPayload(result, (deletedId) => ({ deletedId }));
  }

  @FieldResolver(() => RoutingTier, { description: 'Tier matching requests go to.' })
  async tier(
    @Root() rule: RoutingRuleRecord,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<RoutingTierRecord> {
    const tier = await loaders.tier.load(rule.tierId);
    invariant(tier, 'a rule goes with its tier');
    return tier;
  }
}
