/** Who acted. */
import { Field, ID, ObjectType } from 'type-graphql';
import type { ActorRecord } from '../../domain/records.js';
import { ActorKindEnum } from './enums.js';

@ObjectType('Actor', {
  description: 'Who acted. Kept by value, so it survives deletion of the token.',
})
export class Actor {
  @Field(() => ActorKindEnum, { description: 'Kind of actor.' })
  declare readonly kind: ActorRecord['kind'];

  @Field(() => ID, { nullable: true, description: 'ID of the token; null for the system.' })
  declare readonly id: string | null;

  @Field(() => String, { description: 'Name at the time.' })
  declare readonly name: string;
}
