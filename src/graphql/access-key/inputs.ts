/** What callers may say about gateway keys. */
import { Field, ID, InputType } from 'type-graphql';
import type { AccessKeyState } from '../../admin/admin.js';
import { AccessKeyStateEnum } from '../shared/enums.js';
import { DateTimeScalar } from '../shared/scalars.js';

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

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it stops working.' })
  declare readonly expiresAt?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Repeats with the same key return the first answer, without plaintext.',
  })
  declare readonly idempotencyKey?: string | null;
}
