/** What callers may say about limits on usage. */
import { Field, ID, InputType } from 'type-graphql';
import type { LimitAction, LimitMetric } from '../../domain/limits.js';
import type { LimitWindow } from '../../domain/vocabulary.js';
import { LimitActionEnum, LimitMetricEnum, LimitWindowEnum } from '../shared/enums.js';
import { DecimalScalar } from '../shared/scalars.js';

@InputType('UsageLimitCreateInput', { description: 'New limit.' })
export class UsageLimitCreateInput {
  @Field(() => String, { description: 'Name.' })
  declare readonly name: string;

  @Field(() => LimitMetricEnum, { description: 'What is summed.' })
  declare readonly metric: LimitMetric;

  @Field(() => LimitWindowEnum, { description: 'Over which window.' })
  declare readonly window: LimitWindow;

  @Field(() => DecimalScalar, { description: 'Where it fires.' })
  declare readonly threshold: string;

  @Field(() => LimitActionEnum, { defaultValue: 'NOTIFY', description: 'What happens then.' })
  declare readonly action: LimitAction;

  @Field(() => String, { nullable: true, description: 'Provider slug.' })
  declare readonly provider?: string | null;

  @Field(() => ID, { nullable: true, description: 'Connection ID.' })
  declare readonly connectionId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Key ID.' })
  declare readonly accessKeyId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Tier ID.' })
  declare readonly tierId?: string | null;
}

@InputType('UsageLimitUpdateInput', { description: 'Changes to a limit; absent fields stay.' })
export class UsageLimitUpdateInput {
  @Field(() => String, { nullable: true, description: 'Name.' })
  declare readonly name?: string | null;

  @Field(() => LimitWindowEnum, { nullable: true, description: 'Over which window.' })
  declare readonly window?: LimitWindow | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'Where it fires.' })
  declare readonly threshold?: string | null;

  @Field(() => LimitActionEnum, { nullable: true, description: 'What happens then.' })
  declare readonly action?: LimitAction | null;
}
