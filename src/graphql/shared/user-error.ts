/** What the caller of a mutation can put right. */
import { Field, ObjectType } from 'type-graphql';
import type { UserErrorCode } from '../../admin/result.js';
import { UserErrorCodeEnum } from './enums.js';

@ObjectType('UserError', {
  description:
    'Something the caller can put right. Faults of the client or the service are in the top-level `errors` instead.',
})
export class UserError {
  @Field(() => UserErrorCodeEnum, { description: 'Stable code; treat unknown codes as `INVALID`.' })
  declare readonly code: UserErrorCode;

  @Field(() => String, { description: 'Explanation fit to show.' })
  declare readonly message: string;

  @Field(() => [String], {
    nullable: true,
    description: 'Path into the arguments, such as `["input", "label"]`; null when no argument is at fault.',
  })
  declare readonly field: readonly string[] | null;
}
