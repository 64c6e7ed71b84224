/** What callers may say about connections. */
import { Field, InputType, Int } from 'type-graphql';
import type { Billing, HealthState } from '../../domain/vocabulary.js';
import { BillingEnum, HealthStateEnum } from '../shared/enums.js';
import { DecimalScalar, UrlScalar } from '../shared/scalars.js';

@InputType('ConnectionFilterInput', { description: 'Which connections to list.' })
export class ConnectionFilterInput {
  @Field(() => [String], { nullable: true, description: 'Only of these providers, by slug.' })
  declare readonly providers?: readonly string[] | null;

  @Field(() => BillingEnum, { nullable: true, description: 'Only paid this way.' })
  declare readonly billing?: Billing | null;

  @Field(() => Boolean, { nullable: true, description: 'Only enabled (true) or disabled (false).' })
  declare readonly enabled?: boolean | null;

  @Field(() => [HealthStateEnum], { nullable: true, description: 'Only in these states.' })
  declare readonly healthStates?: readonly HealthState[] | null;
}

@InputType('ConnectionCreateInput', { description: 'New connection.' })
export class ConnectionCreateInput {
  @Field(() => String, { description: 'Provider slug.' })
  declare readonly provider: string;

  @Field(() => String, {
    nullable: true,
    description: "Code of one of the provider's offerings; may be left out when the provider has one only.",
  })
  declare readonly offering?: string | null;

  @Field(() => String, { description: 'Name, unique within the provider.' })
  declare readonly label: string;

  @Field(() => String, { nullable: true, description: 'Key or token; write-only.' })
  declare readonly secret?: string | null;

  @Field(() => String, { nullable: true, description: 'Region, when the provider has several.' })
  declare readonly region?: string | null;

  @Field(() => UrlScalar, {
    nullable: true,
    description:
      "Origin to use instead of the provider's, such as a proxy; the paths behind it stay. https unless the host is local.",
  })
  declare readonly baseUrl?: string | null;

  @Field(() => String, { nullable: true, description: 'Plan code, for subscriptions.' })
  declare readonly planCode?: string | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: "Monthly price, for subscriptions; the plan's price when absent.",
  })
  declare readonly monthlyPriceUsd?: string | null;

  @Field(() => Int, { defaultValue: 0, description: 'Lower goes first.' })
  declare readonly priority: number;

  @Field(() => Boolean, {
    defaultValue: true,
    description: 'Call the provider before saving; on refusal nothing is saved.',
  })
  declare readonly verify: boolean;

  @Field(() => Boolean, { defaultValue: true, description: 'Start discovery once saved.' })
  declare readonly discover: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Repeats with the same key within 24 hours return the first answer.',
  })
  declare readonly idempotencyKey?: string | null;
}

@InputType('ConnectionUpdateInput', { description: 'Changes to a connection; absent fields stay.' })
export class ConnectionUpdateInput {
  @Field(() => String, { nullable: true, description: 'Name.' })
  declare readonly label?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether routing may use it.' })
  declare readonly enabled?: boolean | null;

  @Field(() => Int, { nullable: true, description: 'Lower goes first.' })
  declare readonly priority?: number | null;

  @Field(() => String, { nullable: true, description: 'Region.' })
  declare readonly region?: string | null;

  @Field(() => UrlScalar, { nullable: true, description: 'Address.' })
  declare readonly baseUrl?: string | null;

  @Field(() => String, { nullable: true, description: 'Plan code.' })
  declare readonly planCode?: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'Monthly price.' })
  declare readonly monthlyPriceUsd?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Key or token; write-only. Needed again when the address changes, because it is sent there.',
  })
  declare readonly secret?: string | null;
}

@InputType('ConnectionRotateSecretInput', { description: 'New secret.' })
export class ConnectionRotateSecretInput {
  @Field(() => String, { description: 'Key or token; write-only.' })
  declare readonly secret: string;

  @Field(() => Boolean, { defaultValue: true, description: 'Call the provider before saving.' })
  declare readonly verify: boolean;
}
