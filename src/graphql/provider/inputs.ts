/** What callers may say about providers. */
import { Field, InputType } from 'type-graphql';
import type { Billing, ProviderKind } from '../../domain/vocabulary.js';
import { BillingEnum, ProviderKindEnum } from '../shared/enums.js';

@InputType('ProviderFilterInput', {
  description: 'Which providers to list; set fields are combined with AND.',
})
export class ProviderFilterInput {
  @Field(() => BillingEnum, { nullable: true, description: 'Only with this way of paying.' })
  declare readonly billing?: Billing | null;

  @Field(() => Boolean, { nullable: true, description: 'Only with (true) or without (false) a connection.' })
  declare readonly connected?: boolean | null;

  @Field(() => [ProviderKindEnum], { nullable: true, description: 'Only of these kinds.' })
  declare readonly kinds?: readonly ProviderKind[] | null;
}
