/** Plans and their quota windows: reading, refreshing and following them. */
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { ConnectionRecord } from '../../domain/records.js';
import { Connection } from '../connection/types.js';
import type { GraphqlContext } from '../context.js';
import { Id } from '../shared/args.js';
import { toPayload } from '../shared/payload.js';
import { TimeRangeInput } from '../usage/inputs.js';
import { toRange } from '../usage/ranges.js';
import { UsageTotals } from '../usage/types.js';
import { toTotals } from '../usage/values.js';
import { followQuota } from './follow-quota.js';
import { ConnectionRefreshQuotaPayload, PlanSubscription, QuotaWindow } from './types.js';
import { nextReset, planOf, toQuotaWindow, type PlanSource } from './values.js';

@Resolver(() => PlanSubscription)
export class PlanSubscriptionResolver {
  @Query(() => [PlanSubscription], {
    description:
      'Coding plans of the workspace with what each window still has, the one that resets soonest first.',
  })
  async planSubscriptions(
    @Ctx() { services, caller, loaders }: GraphqlContext,
  ): Promise<readonly PlanSource[]> {
    const connections = await services.admin.connections.plans(caller);
    const now = services.clock.now();
    const plans = await Promise.all(
      connections.map(async (connection) => ({
        plan: planOf(connection),
        resetsAt: nextReset(await loaders.quotaWindows.load(connection.id), now),
      })),
    );
    // Stable, so that what resets together, or at an unknown time, stays in the order of priority.
    return plans
      .toSorted((a, b) => (a.resetsAt === b.resetsAt ? 0 : a.resetsAt - b.resetsAt))
      .flatMap(({ plan }) => plan ?? []);
  }

  @Mutation(() => ConnectionRefreshQuotaPayload, {
    description: "Read the plan's quota windows from the provider now.",
  })
  async connectionRefreshQuota(
    @Ctx() { services, caller }: GraphqlContext,
    @Id() id: string,
  ): Promise<object> {
    return toPayload(await services.admin.connections.refreshQuota(caller, id), (connection) => ({
      connection,
    }));
  }

  @Subscription(() => PlanSubscription, {
    description: 'Quota windows of coding plans: the present state of each, then every change.',
    subscribe: ({ args, context }: { args: { connectionIds?: string[] | null }; context: GraphqlContext }) =>
      followQuota(context, args.connectionIds ?? null),
  })
  quotaChanged(
    @Root() plan: PlanSource,
    @Arg('connectionIds', () => [ID], {
      nullable: true,
      description: 'Only these connections; all when absent.',
    })
    _connectionIds?: string[] | null,
  ): PlanSource {
    return plan;
  }

  @FieldResolver(() => [QuotaWindow], {
    description: 'Quota windows, shortest first; empty when the provider has none that is known.',
  })
  async quotas(
    @Root() { connection }: PlanSource,
    @Ctx() { loaders, services }: GraphqlContext,
  ): Promise<readonly QuotaWindow[]> {
    const now = services.clock.now();
    return (await loaders.quotaWindows.load(connection.id)).map((reading) => toQuotaWindow(reading, now));
  }

  @FieldResolver(() => UsageTotals, { description: 'Totals for a time range.' })
  async usage(
    @Root() { connection }: PlanSource,
    @Ctx() { loaders, services }: GraphqlContext,
    @Arg('range', () => TimeRangeInput, { description: 'Range to sum over.' }) range: TimeRangeInput,
  ): Promise<UsageTotals> {
    return toTotals(await loaders.sums('CONNECTION', toRange(range, services.clock)).load(connection.id));
  }
}

@Resolver(() => Connection)
export class ConnectionPlanResolver {
  @FieldResolver(() => PlanSubscription, {
    nullable: true,
    description: 'Plan and quota; null unless `billing` is `SUBSCRIPTION`.',
  })
  subscription(@Root() connection: ConnectionRecord): PlanSource | null {
    return planOf(connection);
  }
}
