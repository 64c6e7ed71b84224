/** Tiers, their targets, rules, what a dry run found, and the outcomes of changing them. */
import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import type { NanoUsd } from '../../domain/money.js';
import type { Billing, FailureClass, SkipReason, TargetStrategy } from '../../domain/vocabulary.js';
import { BillingEnum, FailureClassEnum, SkipReasonEnum, TargetStrategyEnum } from '../shared/enums.js';
import { Node } from '../shared/node.js';
import { DateTimeScalar, DecimalScalar } from '../shared/scalars.js';
import { UserError } from '../shared/user-error.js';

@ObjectType('RouteTarget', { description: 'One entry of a tier.' })
export class RouteTarget {
  @Field(() => Int, { description: 'Place in the tier, from 0.' })
  declare readonly position: number;

  @Field(() => String, { description: 'Model reference as entered.' })
  declare readonly modelRef: string;

  @Field(() => BillingEnum, { nullable: true, description: 'Pay only this way; null for any.' })
  declare readonly billing: Billing | null;
}

@ObjectType('RoutingTier', {
  description: 'A named class of requests with an ordered list of targets.',
  implements: Node,
})
export class RoutingTier extends Node {
  @Field(() => String, { description: 'Name clients may send as `model`, such as `fast`.' })
  declare readonly slug: string;

  @Field(() => String, { description: 'Name to show.' })
  declare readonly name: string;

  @Field(() => String, { nullable: true, description: 'When to use it; null when self-evident.' })
  declare readonly description: string | null;

  @Field(() => Int, { description: 'Place among tiers, from 0.' })
  declare readonly position: number;

  @Field(() => Boolean, { description: 'Whether it is used.' })
  declare readonly enabled: boolean;

  @Field(() => Boolean, {
    description: 'Whether unclassified requests go here; true for exactly one tier.',
  })
  declare readonly isDefault: boolean;

  @Field(() => TargetStrategyEnum, { description: 'How a target is chosen.' })
  declare readonly strategy: TargetStrategy;

  @Field(() => [FailureClassEnum], { description: 'Failures after which the next target is tried.' })
  declare readonly retryOn: readonly FailureClass[];

  @Field(() => Int, { description: 'Most upstream attempts for one request, 1 to 10.' })
  declare readonly maxAttempts: number;

  @Field(() => Int, {
    description: 'Grows by one with every change; send it back to avoid lost updates.',
  })
  declare readonly version: number;

  @Field(() => Boolean, {
    description:
      'Whether the targets are suggested from what is connected and follow it; false from the first change by an operator.',
  })
  declare readonly suggested: boolean;

  @Field(() => DateTimeScalar, { description: 'When it last changed.' })
  declare readonly updatedAt: number;
}

@ObjectType('RoutingRule', {
  description: 'Sends requests with a certain header to a tier.',
  implements: Node,
})
export class RoutingRule extends Node {
  @Field(() => String, { description: "Operator's name for it." })
  declare readonly name: string;

  @Field(() => Int, { description: 'Place among rules, from 0.' })
  declare readonly position: number;

  @Field(() => Boolean, { description: 'Whether it is used.' })
  declare readonly enabled: boolean;

  @Field(() => String, { description: 'Header to look at, in lower case.' })
  declare readonly header: string;

  @Field(() => String, {
    nullable: true,
    description: "Value to match exactly; null when the header's presence is enough.",
  })
  declare readonly value: string | null;
}

@ObjectType('RouteSignal', { description: 'One signal of the complexity score.' })
export class RouteSignal {
  @Field(() => String, { description: 'Name, such as `tool_count`.' })
  declare readonly name: string;

  @Field(() => Float, { description: 'Measured value.' })
  declare readonly value: number;

  @Field(() => Float, { description: 'Contribution to the score.' })
  declare readonly contribution: number;
}

@ObjectType('RouteCandidate', { description: 'A target as seen by a dry run.' })
export class RouteCandidate {
  @Field(() => String, { description: 'Model reference.' })
  declare readonly modelRef: string;

  @Field(() => BillingEnum, { nullable: true, description: 'How it would be paid.' })
  declare readonly billing: Billing | null;

  @Field(() => SkipReasonEnum, {
    nullable: true,
    description: 'Why it would be skipped; null when usable.',
  })
  declare readonly skipReason: SkipReason | null;

  @Field(() => Boolean, { description: 'Whether it is tried all the same when nothing else is left.' })
  declare readonly lastResort: boolean;

  @Field(() => DecimalScalar, {
    name: 'estimatedCostUsd',
    nullable: true,
    description: 'Estimated price; zero on a subscription; null when the price is unknown.',
  })
  declare readonly estimatedCostNanoUsd: NanoUsd | null;
}

@ObjectType('RoutePlan', { description: 'Outcome of a dry run.' })
export class RoutePlan {
  @Field(() => String, { description: 'Why this tier, in words.' })
  declare readonly reason: string;

  @Field(() => Float, {
    nullable: true,
    description: 'Complexity score behind the choice, 0 to 1; null when none was needed.',
  })
  declare readonly score: number | null;

  @Field(() => [RouteSignal], { description: 'Signals behind the score, strongest first.' })
  declare readonly signals: readonly RouteSignal[];

  @Field(() => [RouteCandidate], {
    description: 'Candidates in the order they would be tried, skipped ones included.',
  })
  declare readonly candidates: readonly RouteCandidate[];

  @Field(() => RouteCandidate, {
    nullable: true,
    description: 'Candidate that would be called first; null when none is ready.',
  })
  declare readonly selected: RouteCandidate | null;
}

@ObjectType('ClassifierWeight', {
  description: 'What one signal counts for when a request is classified, or where one class ends.',
})
export class ClassifierWeight {
  @Field(() => String, { description: 'Name, such as `tool_count`.' })
  declare readonly name: string;

  @Field(() => String, {
    nullable: true,
    description: 'What is measured, in words; null for a boundary between classes.',
  })
  declare readonly measures: string | null;

  @Field(() => Float, { description: 'Value this build ships with.' })
  declare readonly shippedValue: number;

  @Field(() => Float, {
    nullable: true,
    description: "The workspace's own value; null when the shipped one counts.",
  })
  declare readonly ownValue: number | null;
}

@ObjectType('RoutingTierCreatePayload', { description: 'Outcome of routingTierCreate.' })
export class RoutingTierCreatePayload {
  @Field(() => RoutingTier, { nullable: true, description: 'New tier; null on error.' })
  declare readonly routingTier: RoutingTier | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('RoutingTierUpdatePayload', { description: 'Outcome of routingTierUpdate.' })
export class RoutingTierUpdatePayload {
  @Field(() => RoutingTier, { nullable: true, description: 'Tier as it now is.' })
  declare readonly routingTier: RoutingTier | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('RoutingTierSetTargetsPayload', { description: 'Outcome of routingTierSetTargets.' })
export class RoutingTierSetTargetsPayload {
  @Field(() => RoutingTier, { nullable: true, description: 'Tier as it now is.' })
  declare readonly routingTier: RoutingTier | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('RoutingTierReorderPayload', { description: 'Outcome of routingTierReorder.' })
export class RoutingTierReorderPayload {
  @Field(() => [RoutingTier], { nullable: true, description: 'All tiers in their new order.' })
  declare readonly routingTiers: readonly RoutingTier[] | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('RoutingTierDeletePayload', { description: 'Outcome of routingTierDelete.' })
export class RoutingTierDeletePayload {
  @Field(() => ID, { nullable: true, description: 'ID of the removed tier; null on error.' })
  declare readonly deletedId: string | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('RoutingRuleCreatePayload', { description: 'Outcome of routingRuleCreate.' })
export class RoutingRuleCreatePayload {
  @Field(() => RoutingRule, { nullable: true, description: 'New rule; null on error.' })
  declare readonly routingRule: RoutingRule | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('RoutingRuleUpdatePayload', { description: 'Outcome of routingRuleUpdate.' })
export class RoutingRuleUpdatePayload {
  @Field(() => RoutingRule, { nullable: true, description: 'Rule as it now is.' })
  declare readonly routingRule: RoutingRule | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('RoutingRuleReorderPayload', { description: 'Outcome of routingRuleReorder.' })
export class RoutingRuleReorderPayload {
  @Field(() => [RoutingRule], { nullable: true, description: 'All rules in their new order.' })
  declare readonly routingRules: readonly RoutingRule[] | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('RoutingRuleDeletePayload', { description: 'Outcome of routingRuleDelete.' })
export class RoutingRuleDeletePayload {
  @Field(() => ID, { nullable: true, description: 'ID of the removed rule; null on error.' })
  declare readonly deletedId: string | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('ClassifierWeightsSetPayload', { description: 'Outcome of classifierWeightsSet.' })
export class ClassifierWeightsSetPayload {
  @Field(() => [ClassifierWeight], { nullable: true, description: 'All weights as they now are.' })
  declare readonly classifierWeights: readonly ClassifierWeight[] | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}
