/** The audit log. */
import { Field, ID, ObjectType } from 'type-graphql';
import { Node } from '../shared/node.js';
import { pageType } from '../shared/page.js';
import { DateTimeScalar } from '../shared/scalars.js';

@ObjectType('AuditChange', { description: 'One changed field.' })
export class AuditChange {
  @Field(() => String, { description: 'Name of the field.' })
  declare readonly field: string;

  @Field(() => String, { nullable: true, description: 'Value before; null when unset or secret.' })
  declare readonly before: string | null;

  @Field(() => String, { nullable: true, description: 'Value after; null when unset or secret.' })
  declare readonly after: string | null;
}

@ObjectType('AuditEntry', {
  description: 'One change. Written in the same transaction as the change.',
  implements: Node,
})
export class AuditEntry extends Node {
  @Field(() => DateTimeScalar, { description: 'When.' })
  declare readonly occurredAt: number;

  @Field(() => String, { description: 'What, as `subject.verb`, such as `connection.rotate_secret`.' })
  declare readonly action: string;

  @Field(() => ID, { description: 'ID of what was changed.' })
  declare readonly subjectId: string;

  @Field(() => String, { description: 'Name of it at the time.' })
  declare readonly subjectName: string;

  @Field(() => [AuditChange], {
    description: 'Fields that changed; secrets never appear, only that they changed.',
  })
  declare readonly changes: readonly AuditChange[];

  @Field(() => String, {
    nullable: true,
    description: 'Address of the caller; null when not over the network.',
  })
  declare readonly ip: string | null;

  @Field(() => String, { nullable: true, description: 'ID also sent as `x-request-id`.' })
  declare readonly requestId: string | null;
}

/** Page of {@link AuditEntry}. */
export const AuditEntryPage = pageType('AuditEntry', () => AuditEntry, {
  description: 'Page of audit entries.',
  edgeDescription: 'Audit entry and its cursor.',
});
