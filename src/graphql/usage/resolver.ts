/** Usage: single requests, sums over them, and both as they happen. */
import type { GraphQLResolveInfo } from 'graphql';
import { Arg, Ctx, FieldResolver, Info, Int, Query, Resolver, Root, Subscription } from 'type-graphql';
import { TOTALS_INTERVAL_MAX_MS, TOTALS_INTERVAL_MIN_MS } from '../../config/usage-limits.js';
import { AppError } from '../../domain/errors.js';
import type { UpstreamFailure } from '../../domain/failure.js';
import type { NanoUsd } from '../../domain/money.js';
import type { AccessKeyRecord, ConnectionRecord, RoutingTierRecord } from '../../domain/records.js';
import type {
  PassedOver as PassedOverRecord,
  StoredUsageEvent,
  UsageAttempt as AttemptRecord,
} from '../../domain/usage.js';
import type { UsageDimension } from '../../domain/vocabulary.js';
import { AccessKey } from '../access-key/types.js';
import { Connection } from '../connection/types.js';
import type { FollowedEvent, UsageTotalsState } from '../../usage/live-feed.js';
import type {
  UsageGroup,
  UsageReport as ReportValue,
  UsageTotals as TotalsValue,
} from '../../usage/reports.js';
import type { GraphqlContext } from '../context.js';
import { knownProvider, type ShownProvider } from '../provider/lookup.js';
import { Provider } from '../provider/types.js';
import { RoutingTier } from '../routing/types.js';
import { After, Filter, First, Input } from '../shared/args.js';
import { decodeCursor, encodeCursor } from '../shared/cursor.js';
import { UpstreamError } from '../shared/failure.js';
import { pageRequest, toPage, type PageValue } from '../shared/page.js';
import { DecimalScalar } from '../shared/scalars.js';
import { UsageFilterInput, UsageReportInput, UsageTotalsInput } from './inputs.js';
import { wantedPercentiles } from './percentiles.js';
import type { FollowedPlace } from './reads.js';
import { checkSpan, toFilter, toFilterWithoutRange, toRange } from './ranges.js';
import {
  PassedOver,
  TokenCounts,
  UsageAttempt,
  UsageEvent,
  UsageEventPage,
  UsageGroupValue,
  UsageRecordedPayload,
  UsageReport,
  UsageTotalsPayload,
  type UsageTotals,
} from './types.js';
import { positionOfEvent, toRollup, toTokenCounts, toTotals, type RollupSource } from './values.js';

const DIMENSIONS_MAX = 2;
const GROUPS_MAX = 100;

@Resolver(() => UsageEvent)
export class UsageResolver {
  @Query(() => UsageEventPage, {
    description: 'Individual requests, newest first. Kept for the retention period shown in `health`.',
  })
  async usageEvents(
    @Ctx() context: GraphqlContext,
    @First(50) first: number,
    @After() after?: string | null,
    @Filter(() => UsageFilterInput) filter?: UsageFilterInput | null,
  ): Promise<PageValue<StoredUsageEvent>> {
    const request = pageRequest('usage', first, after);
    const { services, caller } = context;
    const page = await services.usage.events(caller, request, await toFilter(filter, context));
    return toPage('usage', page, positionOfEvent);
  }

  @Query(() => UsageReport, { description: 'Usage summed into time buckets and, optionally, groups.' })
  async usageReport(
    @Ctx() context: GraphqlContext,
    @Input(() => UsageReportInput) input: UsageReportInput,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Summed<ReportValue>> {
    if (input.groupLimit < 1 || input.groupLimit > GROUPS_MAX) {
      throw new AppError(
        'BAD_USER_INPUT',
        `groupLimit must be 1 to ${GROUPS_MAX}, not ${input.groupLimit}.`,
        {
          field: ['input', 'groupLimit'],
        },
      );
    }
    const { services, caller } = context;
    const range = toRange(input.range, services.clock, ['input', 'range']);
    checkSpan(range, input.interval);
    const report = await services.usage.report(caller, {
      range,
      interval: input.interval,
      groupBy: toDimensions(input.groupBy),
      filter: await toFilterWithoutRange(input.filter, context),
      groupLimit: input.groupLimit,
      percentiles: wantedPercentiles(info, 'rollups'),
    });
    return { ...report, totals: toTotals(report.totals), rollups: report.rollups.map(toRollup) };
  }

  @Subscription(() => UsageRecordedPayload, {
    description:
      'Each request as it is recorded. With `after`, events still retained are replayed first, then live ones follow without a gap.',
    subscribe: async ({ args, context }: { args: UsageRecordedArgs; context: GraphqlContext }) => {
      const { services, caller } = context;
      const filter = await toFilter(args.filter, context);
      return services.usage.follow(caller, filter, placeAfter(args.after), services.live.lost);
    },
  })
  usageRecorded(
    @Root() followed: FollowedEvent,
    @Filter(() => UsageFilterInput) _filter?: UsageFilterInput | null,
    @After() _after?: string | null,
  ): object {
    return { ...followed, cursor: encodeCursor('usage', positionOfEvent(followed.event)) };
  }

  @Subscription(() => UsageTotalsPayload, {
    description:
      'Running totals: a snapshot at once, then the whole new state whenever it changed, at most once per `minIntervalMs` (250 to 60000).',
    subscribe: async ({ args, context, info }: UsageTotalsOperation) => {
      const { input, minIntervalMs } = args;
      if (minIntervalMs < TOTALS_INTERVAL_MIN_MS || minIntervalMs > TOTALS_INTERVAL_MAX_MS) {
        throw new AppError(
          'BAD_USER_INPUT',
          `minIntervalMs must be ${TOTALS_INTERVAL_MIN_MS} to ${TOTALS_INTERVAL_MAX_MS}, not ${minIntervalMs}.`,
          { field: ['minIntervalMs'] },
        );
      }
      const request = {
        window: input.window,
        groupBy: toDimensions(input.groupBy),
        filter: await toFilterWithoutRange(input.filter, context),
        percentiles: wantedPercentiles(info, 'groups'),
      };
      return context.services.usage.followTotals(context.caller, request, minIntervalMs);
    },
  })
  usageTotals(
    @Root() state: UsageTotalsState,
    @Input(() => UsageTotalsInput) _input: UsageTotalsInput,
    @Arg('minIntervalMs', () => Int, { defaultValue: 1000, description: 'Least time between messages.' })
    _minIntervalMs: number,
  ): Summed<UsageTotalsState> {
    return { ...state, totals: toTotals(state.totals), groups: state.groups.map(toRollup) };
  }

  @FieldResolver(() => Provider, { nullable: true, description: 'Provider that answered.' })
  async provider(
    @Root() event: StoredUsageEvent,
    @Ctx() context: GraphqlContext,
  ): Promise<ShownProvider | null> {
    return event.provider === null ? null : knownProvider(context, event.provider);
  }

  @FieldResolver(() => Connection, {
    nullable: true,
    description: 'Connection that answered; null once deleted.',
  })
  async connection(
    @Root() event: StoredUsageEvent,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<ConnectionRecord | null> {
    return event.connectionId === null ? null : loaders.connection.load(event.connectionId);
  }

  @FieldResolver(() => RoutingTier, {
    nullable: true,
    description: 'Tier that chose the target; null when a model was named outright.',
  })
  async tier(
    @Root() event: StoredUsageEvent,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<RoutingTierRecord | null> {
    return event.tierId === null ? null : loaders.tier.load(event.tierId);
  }

  @FieldResolver(() => AccessKey, { nullable: true, description: 'Key that was used; null once deleted.' })
  accessKey(
    @Root() event: StoredUsageEvent,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<AccessKeyRecord | null> {
    return loaders.accessKey.load(event.accessKeyId);
  }

  @FieldResolver(() => UpstreamError, { nullable: true, description: 'Why it failed; null on success.' })
  error(@Root() event: StoredUsageEvent): UpstreamFailure | null {
    return event.failure;
  }

  @FieldResolver(() => TokenCounts, { description: 'Tokens.' })
  tokens(@Root() event: StoredUsageEvent): TokenCounts {
    return toTokenCounts(event.tokens);
  }

  @FieldResolver(() => DecimalScalar, {
    nullable: true,
    description: 'Price charged; zero on a subscription; null when the price is unknown.',
  })
  costUsd(@Root() event: StoredUsageEvent): NanoUsd | null {
    return event.costNanoUsd;
  }

  @FieldResolver(() => DecimalScalar, { nullable: true, description: 'Price at list; null when unknown.' })
  listCostUsd(@Root() event: StoredUsageEvent): NanoUsd | null {
    return event.listCostNanoUsd;
  }

  @FieldResolver(() => [UsageAttempt], { description: 'Upstream attempts, first to last.' })
  attempts(
    @Root() event: StoredUsageEvent,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<readonly AttemptRecord[]> {
    return loaders.attempts.load(event.id);
  }
}

@Resolver(() => UsageAttempt)
export class UsageAttemptResolver {
  @FieldResolver(() => Connection, { nullable: true, description: 'Connection; null once deleted.' })
  connection(
    @Root() attempt: AttemptRecord,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<ConnectionRecord | null> {
    return loaders.connection.load(attempt.connectionId);
  }

  @FieldResolver(() => UpstreamError, { nullable: true, description: 'Failure; null when it answered.' })
  error(@Root() attempt: AttemptRecord): UpstreamFailure | null {
    return attempt.failure;
  }

  @FieldResolver(() => TokenCounts, { description: 'Tokens it used; a failed attempt may have used some.' })
  tokens(@Root() attempt: AttemptRecord): TokenCounts {
    return toTokenCounts(attempt.tokens);
  }

  @FieldResolver(() => DecimalScalar, {
    nullable: true,
    description: 'Price charged; zero on a subscription; null when the price is unknown.',
  })
  costUsd(@Root() attempt: AttemptRecord): NanoUsd | null {
    return attempt.costNanoUsd;
  }
}

@Resolver(() => PassedOver)
export class PassedOverResolver {
  @FieldResolver(() => Connection, {
    nullable: true,
    description: 'Connection; null once deleted, and when there was none to use.',
  })
  async connection(
    @Root() { connectionId }: PassedOverRecord,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<ConnectionRecord | null> {
    return connectionId === null ? null : loaders.connection.load(connectionId);
  }
}

@Resolver(() => UsageGroupValue)
export class UsageGroupResolver {
  @FieldResolver(() => String, { description: 'Name to show.' })
  async label(
    @Root() { dimension, value, label }: UsageGroup,
    @Ctx() context: GraphqlContext,
  ): Promise<string> {
    if (value === null) return label;
    const { loaders } = context;
    switch (dimension) {
      case 'CONNECTION':
        return (await loaders.connection.load(value))?.label ?? label;
      case 'ACCESS_KEY':
        return (await loaders.accessKey.load(value))?.name ?? label;
      case 'TIER':
        return (await loaders.tierBySlug.load(value))?.name ?? label;
      case 'PROVIDER':
        return (await knownProvider(context, value)).name;
      default:
        return label;
    }
  }
}

/** Sums with their money and tokens in the form in which they are answered. */
type Summed<T extends ReportValue | TotalsValue> = {
  [K in keyof T]: K extends 'totals' ? UsageTotals : K extends 'rollups' | 'groups' ? RollupSource[] : T[K];
};

interface UsageRecordedArgs {
  readonly filter?: UsageFilterInput | null;
  readonly after?: string | null;
}

interface UsageTotalsArgs {
  readonly input: UsageTotalsInput;
  readonly minIntervalMs: number;
}

interface UsageTotalsOperation {
  readonly args: UsageTotalsArgs;
  readonly context: GraphqlContext;
  readonly info: GraphQLResolveInfo;
}

function toDimensions(groupBy: readonly UsageDimension[] | null | undefined): readonly UsageDimension[] {
  const dimensions = [...new Set(groupBy ?? [])];
  if (dimensions.length > DIMENSIONS_MAX) {
    throw new AppError('BAD_USER_INPUT', `groupBy takes at most ${DIMENSIONS_MAX} dimensions.`, {
      field: ['input', 'groupBy'],
    });
  }
  return dimensions;
}

/** Event to go on after; null without a cursor. */
function placeAfter(cursor: string | null | undefined): FollowedPlace | null {
  const position = decodeCursor('usage', cursor);
  if (position === null) return null;
  if (typeof position.sortKey === 'number') return { seq: position.sortKey, id: position.id };
  throw new AppError('BAD_USER_INPUT', '`after` must be a cursor of a usage event.', { field: ['after'] });
}
