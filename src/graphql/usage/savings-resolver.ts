/** What subscriptions saved. */
import { Arg, Ctx, Field, FieldResolver, Float, Int, ObjectType, Query, Resolver, Root } from 'type-graphql';
import { AppError } from '../../domain/errors.js';
import type { NanoUsd } from '../../domain/money.js';
import type { ConnectionRecord } from '../../domain/records.js';
import type { MeasurementSource } from '../../domain/vocabulary.js';
import type {
  ConnectionSavings as ConnectionSavingsValue,
  SavingsReport as SavingsReportValue,
} from '../../usage/savings.js';
import { Connection } from '../connection/types.js';
import type { GraphqlContext } from '../context.js';
import { MeasurementSourceEnum } from '../shared/enums.js';
import { DecimalScalar } from '../shared/scalars.js';
import { TimeRangeInput } from './inputs.js';
import { checkSpan, toRange } from './ranges.js';
import { TimeRange } from './types.js';

@ObjectType('AllowanceUse', {
  description: 'Use of one allowance of a plan over those of its windows that ended in the range.',
})
export class AllowanceUse {
  @Field(() => String, { description: 'Name, such as `5h` or `weekly`.' })
  declare readonly name: string;

  @Field(() => Int, { nullable: true, description: 'Length of a window in seconds; null when unknown.' })
  declare readonly windowSeconds: number | null;

  @Field(() => Int, { description: 'How many windows are known to have ended.' })
  declare readonly windows: number;

  @Field(() => Float, {
    description: 'Share that expired unused, 0 to 1, as last read before the end; each window by its length.',
  })
  declare readonly unusedShare: number;

  @Field(() => MeasurementSourceEnum, { description: 'Where the numbers come from.' })
  declare readonly source: MeasurementSource;
}

@ObjectType('ConnectionSavings', { description: 'Savings of one subscription connection.' })
export class ConnectionSavings {
  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'Its fee for the range; null when not declared.',
  })
  declare readonly feeUsd: NanoUsd | null;

  @Field(() => DecimalScalar, { description: 'Its traffic at list price.' })
  declare readonly listCostUsd: NanoUsd;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'List price minus fee; null when the fee is not declared.',
  })
  declare readonly savedUsd: NanoUsd | null;

  @Field(() => Float, { description: 'Share of traffic without a known list price, 0 to 1.' })
  declare readonly unpricedShare: number;

  @Field(() => [AllowanceUse], {
    description: 'Allowances of which a window ended in the range, longest first; it counts where it ends.',
  })
  declare readonly allowances: readonly AllowanceUse[];

  @Field(() => Float, {
    nullable: true,
    description:
      'Share of its longest allowance that expired unused, 0 to 1; null while no window of it is known to have ended.',
  })
  declare readonly unusedShare: number | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'What that was worth by the fee; null when either is unknown.',
  })
  declare readonly unusedUsd: NanoUsd | null;
}

@ObjectType('SavingsReport', { description: 'What subscriptions saved.' })
export class SavingsReport {
  @Field(() => TimeRange, { description: 'Range.' })
  declare readonly range: TimeRange;

  @Field(() => DecimalScalar, {
    description: 'Subscription fees for the range, by share of each month; undeclared prices count as zero.',
  })
  declare readonly subscriptionCostUsd: NanoUsd;

  @Field(() => DecimalScalar, { description: 'The same traffic at list price.' })
  declare readonly listCostUsd: NanoUsd;

  @Field(() => DecimalScalar, {
    description: 'List price minus fees; negative when the plan did not pay off.',
  })
  declare readonly savedUsd: NanoUsd;

  @Field(() => DecimalScalar, {
    description: 'What of the declared fees expired unused; plans whose windows are unknown count as zero.',
  })
  declare readonly unusedUsd: NanoUsd;

  @Field(() => [ConnectionSavings], { description: 'One entry per subscription connection.' })
  declare readonly connections: readonly ConnectionSavings[];
}

/** An entry with the id of what it is about. */
type SavingsOfConnection = ConnectionSavings & { readonly connectionId: string };

@Resolver(() => ConnectionSavings)
export class SavingsResolver {
  @Query(() => SavingsReport, { description: 'What subscriptions saved against pay-per-use list prices.' })
  async savingsReport(
    @Ctx() { services, caller }: GraphqlContext,
    @Arg('range', () => TimeRangeInput, { description: 'Range to sum over.' }) input: TimeRangeInput,
  ): Promise<SavingsReport> {
    const range = toRange(input, services.clock);
    checkSpan(range, 'TOTAL', ['range']);
    return toReport(await services.usage.savings(caller, range));
  }

  @FieldResolver(() => Connection, { description: 'The connection.' })
  async connection(
    @Root() { connectionId }: SavingsOfConnection,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<ConnectionRecord> {
    const connection = await loaders.connection.load(connectionId);
    if (!connection) throw new AppError('FORBIDDEN', 'This token lacks the scope CONFIG_READ.');
    return connection;
  }
}

function toReport(report: SavingsReportValue): SavingsReport {
  return {
    range: report.range,
    subscriptionCostUsd: report.subscriptionCostNanoUsd,
    listCostUsd: report.listCostNanoUsd,
    savedUsd: report.savedNanoUsd,
    unusedUsd: report.unusedNanoUsd,
    connections: report.connections.map(toEntry),
  };
}

function toEntry(savings: ConnectionSavingsValue): SavingsOfConnection {
  return {
    connectionId: savings.connectionId,
    feeUsd: savings.feeNanoUsd,
    listCostUsd: savings.listCostNanoUsd,
    savedUsd: savings.savedNanoUsd,
    unpricedShare: savings.unpricedShare,
    allowances: savings.allowances,
    unusedShare: savings.unusedShare,
    unusedUsd: savings.unusedNanoUsd,
  };
}
