/** What callers may say about tiers, rules and requests to plan for. */
import { Field, Float, ID, InputType, Int } from 'type-graphql';
import type { Billing, FailureClass, ModelCapability, TargetStrategy } from '../../domain/vocabulary.js';
import { BillingEnum, FailureClassEnum, ModelCapabilityEnum, TargetStrategyEnum } from '../shared/enums.js';

@InputType('RouteTargetInput', { description: 'One target.' })
export class RouteTargetInput {
  @Field(() => String, { description: 'Model reference.' })
  declare readonly modelRef: string;

  @Field(() => BillingEnum, { nullable: true, description: 'Pay only this way.' })
  declare readonly billing?: Billing | null;

  @Field(() => ID, {
    nullable: true,
    description: "Use only this connection; its provider must match the model's.",
  })
  declare readonly connectionId?: string | null;
}

@InputType('RoutingTierCreateInput', { description: 'New tier.' })
export class RoutingTierCreateInput {
  @Field(() => String, { description: 'Lower-case letters, digits and dashes.' })
  declare readonly slug: string;

  @Field(() => String, { description: 'Name to show.' })
  declare readonly name: string;

  @Field(() => String, { nullable: true, description: 'When to use it.' })
  declare readonly description?: string | null;

  @Field(() => TargetStrategyEnum, { defaultValue: 'ORDERED', description: 'How a target is chosen.' })
  declare readonly strategy: TargetStrategy;

  @Field(() => [RouteTargetInput], { description: 'Targets, first to last; at most 20.' })
  declare readonly targets: readonly RouteTargetInput[];

  @Field(() => [FailureClassEnum], {
    nullable: true,
    description: 'Failures after which the next target is tried; a sensible set when absent.',
  })
  declare readonly retryOn?: readonly FailureClass[] | null;

  @Field(() => Int, { defaultValue: 3, description: 'Most attempts.' })
  declare readonly maxAttempts: number;

  @Field(() => ID, { nullable: true, description: 'Tier to fall back to.' })
  declare readonly fallbackTierId?: string | null;

  @Field(() => Boolean, { defaultValue: false, description: 'Make it the default.' })
  declare readonly isDefault: boolean;
}

@InputType('RoutingTierUpdateInput', { description: 'Changes to a tier; absent fields stay.' })
export class RoutingTierUpdateInput {
  @Field(() => Int, { nullable: true, description: 'Version read before.' })
  declare readonly expectedVersion?: number | null;

  @Field(() => String, { nullable: true, description: 'Name to show.' })
  declare readonly name?: string | null;

  @Field(() => String, { nullable: true, description: 'When to use it.' })
  declare readonly description?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it is used.' })
  declare readonly enabled?: boolean | null;

  @Field(() => TargetStrategyEnum, { nullable: true, description: 'How a target is chosen.' })
  declare readonly strategy?: TargetStrategy | null;

  @Field(() => [FailureClassEnum], {
    nullable: true,
    description: 'Failures after which the next target is tried.',
  })
  declare readonly retryOn?: readonly FailureClass[] | null;

  @Field(() => Int, { nullable: true, description: 'Most attempts.' })
  declare readonly maxAttempts?: number | null;

  @Field(() => ID, { nullable: true, description: 'Tier to fall back to; null for none.' })
  declare readonly fallbackTierId?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'True to make it the default; false is refused.' })
  declare readonly isDefault?: boolean | null;
}

@InputType('RoutingTierSetTargetsInput', { description: 'All targets of a tier.' })
export class RoutingTierSetTargetsInput {
  @Field(() => Int, { description: 'Version read before.' })
  declare readonly expectedVersion: number;

  @Field(() => [RouteTargetInput], { description: 'Targets, first to last; 1 to 20.' })
  declare readonly targets: readonly RouteTargetInput[];
}

@InputType('RoutingRuleCreateInput', { description: 'New rule.' })
export class RoutingRuleCreateInput {
  @Field(() => String, { description: 'Name.' })
  declare readonly name: string;

  @Field(() => String, {
    description: 'Header to look at; `authorization`, `cookie` and `x-api-key` are refused.',
  })
  declare readonly header: string;

  @Field(() => String, { nullable: true, description: 'Value to match exactly; any when absent.' })
  declare readonly value?: string | null;

  @Field(() => ID, { description: 'Tier.' })
  declare readonly tierId: string;
}

@InputType('RoutingRuleUpdateInput', { description: 'Changes to a rule; absent fields stay.' })
export class RoutingRuleUpdateInput {
  @Field(() => String, { nullable: true, description: 'Name.' })
  declare readonly name?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether it is used.' })
  declare readonly enabled?: boolean | null;

  @Field(() => String, { nullable: true, description: 'Header to look at.' })
  declare readonly header?: string | null;

  @Field(() => String, { nullable: true, description: 'Value to match; null for any.' })
  declare readonly value?: string | null;

  @Field(() => ID, { nullable: true, description: 'Tier.' })
  declare readonly tierId?: string | null;
}

@InputType('RoutePlanInput', { description: 'Request to plan for.' })
export class RoutePlanInput {
  @Field(() => String, {
    description: 'What the client would send as `model`: a reference, a tier slug or `auto`.',
  })
  declare readonly model: string;

  @Field(() => String, {
    nullable: true,
    description: 'Text of the last user message; decides the tier when `model` is `auto`.',
  })
  declare readonly prompt?: string | null;

  @Field(() => Int, { nullable: true, description: 'Input length, when no prompt is given.' })
  declare readonly inputTokens?: number | null;

  @Field(() => Int, { defaultValue: 500, description: 'Output length to price.' })
  declare readonly outputTokens: number;

  @Field(() => [ModelCapabilityEnum], { nullable: true, description: 'Abilities the request needs.' })
  declare readonly capabilities?: readonly ModelCapability[] | null;

  @Field(() => ID, { nullable: true, description: 'Plan as this key.' })
  declare readonly accessKeyId?: string | null;
}

@InputType('ClassifierWeightInput', { description: "The workspace's own value of a classifier weight." })
export class ClassifierWeightInput {
  @Field(() => String, { description: 'Name.' })
  declare readonly name: string;

  @Field(() => Float, { description: 'Value, from -1 to 1.' })
  declare readonly value: number;
}
