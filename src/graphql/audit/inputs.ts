/** What callers may ask of the audit log. */
import { Field, ID, InputType } from 'type-graphql';
import { TimeRangeInput } from '../usage/inputs.js';

@InputType('AuditFilterInput', { description: 'Which audit entries to list.' })
export class AuditFilterInput {
  @Field(() => TimeRangeInput, { nullable: true, description: 'Only within this range.' })
  declare readonly range?: TimeRangeInput | null;

  @Field(() => String, { nullable: true, description: 'Only this action.' })
  declare readonly action?: string | null;

  @Field(() => ID, { nullable: true, description: 'Only about this object.' })
  declare readonly subjectId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Only by this actor.' })
  declare readonly actorId?: string | null;
}
