/** What callers may ask of usage. */
import { Field, ID, InputType, Int } from 'type-graphql';
import type {
  Billing,
  UsageStatus,
  UsageInterval,
  LimitWindow,
  UsageDimension,
} from '../../domain/vocabulary.js';
import {
  BillingEnum,
  LimitWindowEnum,
  UsageDimensionEnum,
  UsageIntervalEnum,
  UsageStatusEnum,
} from '../shared/enums.js';
import { DateTimeScalar } from '../shared/scalars.js';

@InputType('TimeRangeInput', {
  description: 'Time range, start inclusive, end exclusive; at most 92 days by the hour, 5 years by the day.',
})
export class TimeRangeInput {
  @Field(() => DateTimeScalar, { description: 'Start.' })
  declare readonly from: number;

  @Field(() => DateTimeScalar, { nullable: true, description: 'End; now when absent.' })
  declare readonly to?: number | null;
}

@InputType('UsageFilterInput', {
  description: 'Which usage to consider; set fields are combined with AND, values in a list with OR.',
})
export class UsageFilterInput {
  @Field(() => TimeRangeInput, { nullable: true, description: 'Only within this range.' })
  declare readonly range?: TimeRangeInput | null;

  @Field(() => [String], { nullable: true, description: 'By slug.' })
  declare readonly providers?: readonly string[] | null;

  @Field(() => [String], { nullable: true, description: 'By reference.' })
  declare readonly models?: readonly string[] | null;

  @Field(() => [String], { nullable: true, description: 'By slug.' })
  declare readonly tiers?: readonly string[] | null;

  @Field(() => [ID], { nullable: true, description: 'By ID.' })
  declare readonly accessKeys?: readonly string[] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'By tag of the gateway key, as they are when asked.',
  })
  declare readonly tags?: readonly string[] | null;

  @Field(() => [ID], { nullable: true, description: 'By ID.' })
  declare readonly connections?: readonly string[] | null;

  @Field(() => [BillingEnum], { nullable: true, description: 'By way of paying.' })
  declare readonly billings?: readonly Billing[] | null;

  @Field(() => [UsageStatusEnum], { nullable: true, description: 'By outcome.' })
  declare readonly statuses?: readonly UsageStatus[] | null;
}

@InputType('UsageReportInput', { description: 'Usage query.' })
export class UsageReportInput {
  @Field(() => TimeRangeInput, { description: 'Range.' })
  declare readonly range: TimeRangeInput;

  @Field(() => UsageIntervalEnum, { defaultValue: 'DAY', description: 'Bucket length.' })
  declare readonly interval: UsageInterval;

  @Field(() => [UsageDimensionEnum], { nullable: true, description: 'Dimensions to group by; at most 2.' })
  declare readonly groupBy?: readonly UsageDimension[] | null;

  @Field(() => UsageFilterInput, { nullable: true, description: 'Restriction; its own range is ignored.' })
  declare readonly filter?: UsageFilterInput | null;

  @Field(() => Int, { defaultValue: 20, description: 'Most groups; the rest become `other`; at most 100.' })
  declare readonly groupLimit: number;
}

@InputType('UsageTotalsInput', { description: 'Running totals to follow.' })
export class UsageTotalsInput {
  @Field(() => LimitWindowEnum, {
    defaultValue: 'DAY',
    description: 'Window, counted back from now to the start of the calendar unit.',
  })
  declare readonly window: LimitWindow;

  @Field(() => [UsageDimensionEnum], { nullable: true, description: 'Dimensions to group by; at most 2.' })
  declare readonly groupBy?: readonly UsageDimension[] | null;

  @Field(() => UsageFilterInput, { nullable: true, description: 'Restriction; its own range is ignored.' })
  declare readonly filter?: UsageFilterInput | null;
}
