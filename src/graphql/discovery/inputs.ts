/** What callers may say about discovery. */
import { Field, ID, InputType } from 'type-graphql';

@InputType('DiscoveryStartInput', { description: 'Which connections to ask.' })
export class DiscoveryStartInput {
  @Field(() => [ID], { nullable: true, description: 'By ID; all enabled ones when absent.' })
  declare readonly connectionIds?: readonly string[] | null;
}
