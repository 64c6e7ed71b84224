/**
 * Recorded requests, sums over them, and their live forms. What is answered a thousand times a second has simple resolvers: its
 * plain fields are read from the value without TypeGraphQL's steps in between.
 */
import { Field, Int, ObjectType } from 'type-graphql';
import type { NanoUsd } from '../../domain/money.js';
import type {
  Billing,
  WireProtocol,
  UsageStatus,
  MeasurementSource,
  UsageInterval,
  UsageDimension,
  SkipReason,
} from '../../domain/vocabulary.js';
import { pageType } from '../shared/page.js';
import {
  BillingEnum,
  MeasurementSourceEnum,
  SkipReasonEnum,
  UsageDimensionEnum,
  UsageIntervalEnum,
  UsageStatusEnum,
  WireProtocolEnum,
} from '../shared/enums.js';
import { DateTimeScalar, DecimalScalar, SafeIntScalar } from '../shared/scalars.js';
import { Node } from '../shared/node.js';

@ObjectType('TimeRange', { description: 'Time range, start inclusive, end exclusive.' })
export class TimeRange {
  @Field(() => DateTimeScalar, { description: 'Start.' })
  declare readonly from: number;

  @Field(() => DateTimeScalar, { description: 'End.' })
  declare readonly to: number;
}

@ObjectType('TokenCounts', {
  simpleResolvers: true,
  description: 'Token counts. `input` excludes cached tokens, so the parts add up to `total`.',
})
export class TokenCounts {
  @Field(() => SafeIntScalar, { description: 'Fresh input.' })
  declare readonly input: number;

  @Field(() => SafeIntScalar, { description: 'Input read from cache.' })
  declare readonly cacheRead: number;

  @Field(() => SafeIntScalar, { description: 'Input written to cache.' })
  declare readonly cacheWrite: number;

  @Field(() => SafeIntScalar, { description: 'Output, reasoning included.' })
  declare readonly output: number;

  @Field(() => SafeIntScalar, {
    nullable: true,
    description: 'Part of `output` spent on reasoning; null when the provider does not say.',
  })
  declare readonly reasoning: number | null;

  @Field(() => SafeIntScalar, { description: 'Sum of input, cacheRead, cacheWrite and output.' })
  declare readonly total: number;
}

@ObjectType('UsageAttempt', { simpleResolvers: true, description: 'One upstream attempt.' })
export class UsageAttempt {
  @Field(() => String, { description: 'Model reference.' })
  declare readonly modelRef: string;

  @Field(() => String, { description: 'Offering, as `provider/offering`.' })
  declare readonly offering: string;

  @Field(() => BillingEnum, { description: 'How it was paid.' })
  declare readonly billing: Billing;

  @Field(() => Int, { description: 'Time taken.' })
  declare readonly durationMs: number;
}

@ObjectType('PassedOver', {
  simpleResolvers: true,
  description: 'A way to serve a request that came before those that were tried, and was not tried.',
})
export class PassedOver {
  @Field(() => String, { description: 'Model reference.' })
  declare readonly modelRef: string;

  @Field(() => String, {
    nullable: true,
    description: 'Offering, as `provider/offering`; null when there was no connection to use.',
  })
  declare readonly offering: string | null;

  @Field(() => SkipReasonEnum, { description: 'Why not.' })
  declare readonly reason: SkipReason;
}

@ObjectType('UsageEvent', {
  simpleResolvers: true,
  description: 'One request to the gateway, with every upstream attempt it took.',
  implements: Node,
})
export class UsageEvent extends Node {
  @Field(() => DateTimeScalar, { description: 'When it was answered.' })
  declare readonly occurredAt: number;

  @Field(() => String, { description: 'ID also sent to the client as `x-request-id`.' })
  declare readonly requestId: string;

  @Field(() => String, { description: 'What the client sent as `model`.' })
  declare readonly requestedModel: string;

  @Field(() => String, {
    nullable: true,
    description: 'Reference of the model that answered; null when none did.',
  })
  declare readonly modelRef: string | null;

  @Field(() => BillingEnum, { nullable: true, description: 'How it was paid.' })
  declare readonly billing: Billing | null;

  @Field(() => WireProtocolEnum, { description: 'Format the client spoke.' })
  declare readonly protocol: WireProtocol;

  @Field(() => Boolean, { description: 'Whether the answer was streamed.' })
  declare readonly streamed: boolean;

  @Field(() => UsageStatusEnum, { description: 'Outcome.' })
  declare readonly status: UsageStatus;

  @Field(() => MeasurementSourceEnum, { description: 'Where the token counts come from.' })
  declare readonly tokenSource: MeasurementSource;

  @Field(() => Int, { description: 'Time to the last byte.' })
  declare readonly durationMs: number;

  @Field(() => Int, { nullable: true, description: 'Time to the first token; null unless streamed.' })
  declare readonly firstTokenMs: number | null;

  @Field(() => [PassedOver], {
    description:
      'What was not tried and why, best first, at most 20; what was tried and failed is in `attempts`. Empty for interrupted requests.',
  })
  declare readonly passedOver: readonly PassedOver[];
}

@ObjectType('UsageTotals', { description: 'Sums over a set of requests.' })
export class UsageTotals {
  @Field(() => SafeIntScalar, { description: 'Requests.' })
  declare readonly requests: number;

  @Field(() => SafeIntScalar, { description: 'Requests that did not end `OK`.' })
  declare readonly failures: number;

  @Field(() => TokenCounts, { description: 'Tokens.' })
  declare readonly tokens: TokenCounts;

  @Field(() => DecimalScalar, { description: 'Charged.' })
  declare readonly costUsd: NanoUsd;

  @Field(() => DecimalScalar, {
    description: 'The same tokens at list price; requests without a known price are left out.',
  })
  declare readonly listCostUsd: NanoUsd;

  @Field(() => DecimalScalar, { description: 'List price minus charge, for subscription traffic.' })
  declare readonly savedUsd: NanoUsd;

  @Field(() => SafeIntScalar, { description: 'Requests left out of cost for want of a price.' })
  declare readonly unpricedRequests: number;

  @Field(() => Int, { nullable: true, description: 'Median time to last byte; null without traffic.' })
  declare readonly durationMsP50: number | null;

  @Field(() => Int, { nullable: true, description: '95th percentile of it; null without traffic.' })
  declare readonly durationMsP95: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Median time to first token of streamed requests; null without any.',
  })
  declare readonly firstTokenMsP50: number | null;

  @Field(() => Int, { nullable: true, description: '95th percentile of it; null without any.' })
  declare readonly firstTokenMsP95: number | null;
}

@ObjectType('UsageGroupValue', { description: 'Value of one grouping dimension.' })
export class UsageGroupValue {
  @Field(() => UsageDimensionEnum, { description: 'Dimension.' })
  declare readonly dimension: UsageDimension;

  @Field(() => String, {
    nullable: true,
    description: 'Stable value, such as a slug, reference or ID; null for requests that have none.',
  })
  declare readonly value: string | null;
}

@ObjectType('UsageRollup', { description: 'Usage of one group in one time bucket.' })
export class UsageRollup {
  @Field(() => DateTimeScalar, { description: 'Start of the bucket, inclusive.' })
  declare readonly bucketStart: number;

  @Field(() => DateTimeScalar, { description: 'End of the bucket, exclusive.' })
  declare readonly bucketEnd: number;

  @Field(() => [UsageGroupValue], {
    description: 'Group it belongs to; one entry per dimension asked for, empty when not grouped.',
  })
  declare readonly group: readonly UsageGroupValue[];

  @Field(() => UsageTotals, { description: 'Sums.' })
  declare readonly totals: UsageTotals;
}

@ObjectType('UsageReport', { description: 'Answer to a usage query.' })
export class UsageReport {
  @Field(() => TimeRange, { description: 'Range after alignment to whole buckets.' })
  declare readonly range: TimeRange;

  @Field(() => UsageIntervalEnum, { description: 'Bucket length used.' })
  declare readonly interval: UsageInterval;

  @Field(() => UsageTotals, { description: 'Sums over everything that matched.' })
  declare readonly totals: UsageTotals;

  @Field(() => [UsageRollup], {
    description: 'Buckets in time order, then by group; empty ones are left out.',
  })
  declare readonly rollups: readonly UsageRollup[];

  @Field(() => Boolean, {
    description: 'Whether groups past the limit were folded into one labelled `other`.',
  })
  declare readonly truncated: boolean;

  @Field(() => DateTimeScalar, { description: 'Usage up to this instant is included.' })
  declare readonly asOf: number;
}

@ObjectType('UsageRecordedPayload', { simpleResolvers: true, description: 'A recorded request.' })
export class UsageRecordedPayload {
  @Field(() => String, { description: 'Send it back as `after` to go on from here after a reconnect.' })
  declare readonly cursor: string;

  @Field(() => UsageEvent, { description: 'The request.' })
  declare readonly event: UsageEvent;

  @Field(() => Boolean, { description: 'Whether it was replayed rather than live.' })
  declare readonly replayed: boolean;

  @Field(() => Int, {
    description:
      'Events lost to this subscriber just before this one because it read too slowly; fetch them from `usageEvents`.',
  })
  declare readonly droppedBefore: number;
}

@ObjectType('UsageTotalsPayload', {
  description: 'Whole state of running totals; replaces the previous one.',
})
export class UsageTotalsPayload {
  @Field(() => DateTimeScalar, { description: 'Usage up to this instant is included.' })
  declare readonly asOf: number;

  @Field(() => Int, { description: 'Grows with every message of this subscription, from 1.' })
  declare readonly sequence: number;

  @Field(() => TimeRange, { description: 'Window the totals cover.' })
  declare readonly range: TimeRange;

  @Field(() => UsageTotals, { description: 'Sums over the window.' })
  declare readonly totals: UsageTotals;

  @Field(() => [UsageRollup], { description: 'Sums per group, largest cost first, at most 100.' })
  declare readonly groups: readonly UsageRollup[];
}

/** Page of {@link UsageEvent}. */
export const UsageEventPage = pageType('UsageEvent', () => UsageEvent, {
  description: 'Page of usage events; not counted, as the table is too large to count on each read.',
  edgeDescription: 'Usage event and its cursor.',
  edgesDescription: 'Items with cursors; a cursor is also good as `after` of `usageRecorded`.',
});
