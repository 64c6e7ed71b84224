/** Coding plans and what their windows still have. */
import { Field, Float, Int, ObjectType } from 'type-graphql';
import type { MeasurementSource, QuotaPace, QuotaUnit } from '../../domain/vocabulary.js';
import { Connection } from '../connection/types.js';
import { MeasurementSourceEnum, QuotaPaceEnum, QuotaUnitEnum } from '../shared/enums.js';
import { Node } from '../shared/node.js';
import { DateTimeScalar, DecimalScalar } from '../shared/scalars.js';
import { UserError } from '../shared/user-error.js';

@ObjectType('PlanSubscription', {
  description:
    'A coding plan the operator pays for: the plan behind a connection whose `billing` is `SUBSCRIPTION`.',
  implements: Node,
})
export class PlanSubscription extends Node {
  @Field(() => Connection, { description: 'Connection it is used through.' })
  declare readonly connection: Connection;

  @Field(() => String, {
    nullable: true,
    description: "Plan code, as in the offering's plans; null when not declared.",
  })
  declare readonly planCode: string | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'What the operator pays per month, used for savings; null when not declared.',
  })
  declare readonly monthlyPriceUsd: bigint | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether the provider says the plan is in force; null when it does not say.',
  })
  declare readonly active: boolean | null;
}

@ObjectType('QuotaWindow', {
  description: 'One rolling or fixed allowance of a plan, such as five hours or a week.',
})
export class QuotaWindow {
  @Field(() => String, { description: 'Name, such as `5h` or `weekly`.' })
  declare readonly name: string;

  @Field(() => Int, { nullable: true, description: 'Length in seconds; null when unknown.' })
  declare readonly windowSeconds: number | null;

  @Field(() => QuotaUnitEnum, { description: 'What is counted.' })
  declare readonly unit: QuotaUnit;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'Allowance in `unit`; null when the provider does not say.',
  })
  declare readonly limit: bigint | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'Used so far in `unit`; null when only a share is known.',
  })
  declare readonly used: bigint | null;

  @Field(() => Float, { description: 'Share used, 0 to 1.' })
  declare readonly usedFraction: number;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it starts afresh; null when unknown.' })
  declare readonly resetsAt: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Share of the window that has passed, 0 to 1; null when its length or reset is unknown.',
  })
  declare readonly elapsedFraction: number | null;

  @Field(() => QuotaPaceEnum, { description: 'Use compared with the time passed.' })
  declare readonly pace: QuotaPace;

  @Field(() => MeasurementSourceEnum, { description: 'Where the numbers come from.' })
  declare readonly source: MeasurementSource;

  @Field(() => DateTimeScalar, { description: 'When the numbers were taken.' })
  declare readonly observedAt: number;
}

@ObjectType('ConnectionRefreshQuotaPayload', { description: 'Outcome of connectionRefreshQuota.' })
export class ConnectionRefreshQuotaPayload {
  @Field(() => Connection, { nullable: true, description: 'Connection with fresh quota windows.' })
  declare readonly connection: Connection | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}
