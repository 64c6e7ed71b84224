/** What callers may say about gateway keys. */
import { Field, ID, InputType, Int } from 'type-graphql';
import type { AccessKeyState } from '../../admin/access-keys/verbs.js';
import type { LimitWindow } from '../../domain/vocabulary.js';
import { AccessKeyStateEnum, LimitWindowEnum } from '../shared/enums.js';
import { DateTimeScalar, DecimalScalar } from '../shared/scalars.js';

@InputType('AccessKeyFilterInput', { description: 'Which gateway keys to list.' })
export class AccessKeyFilterInput {
  @Field(() => String, { nullable: true, description: 'Part of the name, in any case.' })
  declare readonly search?: string | null;

  @Field(() => [AccessKeyStateEnum], {
    nullable: true,
    description: 'Only in these states; all but `REVOKED` when absent.',
  })
  declare readonly states?: readonly AccessKeyState[] | null;
}

@InputType('BudgetInput', { description: 'Spending limit.' })
export class BudgetInput {
  @Field(() => DecimalScalar, { description: 'Most that may be spent in a window.' })
  declare readonly limitUsd: string;

  @Field(() => LimitWindowEnum, { defaultValue: 'MONTH', description: 'Length of the window.' })
  declare readonly window: LimitWindow;
}

@InputType('AccessKeyCreateInput', { description: 'New gateway key.' })
export class AccessKeyCreateInput {
  @Field(() => String, { description: 'Name.' })
  declare readonly name: string;

  @Field(() => [String], {
    defaultValue: [],
    description: 'Model references and `provider/*` patterns; empty for all.',
  })
  declare readonly allowedModels: readonly string[];

  @Field(() => [ID], { defaultValue: [], description: 'Tiers, by ID; empty for all.' })
  declare readonly allowedTierIds: readonly string[];

  @Field(() => BudgetInput, { nullable: true, description: 'Spending limit.' })
  declare readonly budget?: BudgetInput | null;

  @Field(() => Int, { nullable: true, description: 'Requests per minute.' })
  declare readonly requestsPerMinute?: number | null;

  @Field(() => Int, { nullable: true, description: 'Tokens per minute.' })
  declare readonly tokensPerMinute?: number | null;

  @Field(() => Int, { nullable: true, description: 'Most requests at a time.' })
  declare readonly maxConcurrency?: number | null;

  @Field(() => ID, { nullable: true, description: 'Tier that requests without a model go to, by ID.' })
  declare readonly defaultTierId?: string | null;

  @Field(() => [String], { defaultValue: [], description: 'Words that reports are grouped by.' })
  declare readonly tags: readonly string[];

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it stops working.' })
  declare readonly expiresAt?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Repeats with the same key return the first answer, without plaintext.',
  })
  declare readonly idempotencyKey?: string | null;
}

@InputType('AccessKeyUpdateInput', {
  description: 'Changes to a gateway key; absent fields stay, null removes a limit.',
})
export class AccessKeyUpdateInput {
  @Field(() => String, { nullable: true, description: 'Name.' })
  declare readonly name?: string | null;

  @Field(() => [String], { nullable: true, description: 'Model references and patterns.' })
  declare readonly allowedModels?: readonly string[] | null;

  @Field(() => [ID], { nullable: true, description: 'Tiers, by ID.' })
  declare readonly allowedTierIds?: readonly string[] | null;

  @Field(() => BudgetInput, { nullable: true, description: 'Spending limit.' })
  declare readonly budget?: BudgetInput | null;

  @Field(() => Int, { nullable: true, description: 'Requests per minute.' })
  declare readonly requestsPerMinute?: number | null;

  @Field(() => Int, { nullable: true, description: 'Tokens per minute.' })
  declare readonly tokensPerMinute?: number | null;

  @Field(() => Int, { nullable: true, description: 'Most requests at a time.' })
  declare readonly maxConcurrency?: number | null;

  @Field(() => ID, { nullable: true, description: 'Tier that requests without a model go to, by ID.' })
  declare readonly defaultTierId?: string | null;

  @Field(() => [String], { nullable: true, description: 'Words that reports are grouped by.' })
  declare readonly tags?: readonly string[] | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it stops working.' })
  declare readonly expiresAt?: number | null;
}

@InputType('AccessKeyRotateInput', { description: 'How to rotate a key.' })
export class AccessKeyRotateInput {
  @Field(() => Int, {
    defaultValue: 3600,
    description: 'Time the old plaintext keeps working, 0 to 604800.',
  })
  declare readonly gracePeriodSeconds: number;
}
