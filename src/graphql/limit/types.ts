/** Limits on usage and the outcomes of changing them. */
import { Field, ID, ObjectType } from 'type-graphql';
import type { LimitAction, LimitMetric } from '../../domain/limits.js';
import type { LimitWindow } from '../../domain/vocabulary.js';
import { LimitActionEnum, LimitMetricEnum, LimitWindowEnum } from '../shared/enums.js';
import { Node } from '../shared/node.js';
import { DateTimeScalar, DecimalScalar } from '../shared/scalars.js';
import { UserError } from '../shared/user-error.js';

@ObjectType('UsageLimitScope', {
  description: 'Traffic a limit watches; set fields are combined with AND.',
})
export class UsageLimitScope {}

@ObjectType('UsageLimit', { description: 'A threshold on a metric.', implements: Node })
export class UsageLimit extends Node {
  @Field(() => String, { description: "Operator's name for it." })
  declare readonly name: string;

  @Field(() => LimitMetricEnum, { description: 'What is summed.' })
  declare readonly metric: LimitMetric;

  @Field(() => LimitWindowEnum, { description: 'Over which window.' })
  declare readonly window: LimitWindow;

  @Field(() => DecimalScalar, { description: 'Where it fires.' })
  declare readonly threshold: bigint;

  @Field(() => LimitActionEnum, { description: 'What happens then.' })
  declare readonly action: LimitAction;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it last fired; null when never.' })
  declare readonly lastFiredAt: number | null;
}

@ObjectType('UsageLimitCreatePayload', { description: 'Outcome of usageLimitCreate.' })
export class UsageLimitCreatePayload {
  @Field(() => UsageLimit, { nullable: true, description: 'New limit; null on error.' })
  declare readonly usageLimit: UsageLimit | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('UsageLimitUpdatePayload', { description: 'Outcome of usageLimitUpdate.' })
export class UsageLimitUpdatePayload {
  @Field(() => UsageLimit, { nullable: true, description: 'Limit as it now is.' })
  declare readonly usageLimit: UsageLimit | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('UsageLimitDeletePayload', { description: 'Outcome of usageLimitDelete.' })
export class UsageLimitDeletePayload {
  @Field(() => ID, { nullable: true, description: 'ID of the removed limit; null on error.' })
  declare readonly deletedId: string | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}
