/** A failure at a provider. */
import { Field, Int, ObjectType } from 'type-graphql';
import type { FailureClass } from '../../domain/vocabulary.js';
import { FailureClassEnum } from './enums.js';
import { DateTimeScalar } from './scalars.js';

@ObjectType('UpstreamError', { description: 'A failure at a provider, fit to show to an operator.' })
export class UpstreamError {
  @Field(() => FailureClassEnum, { description: 'Class.' })
  declare readonly class: FailureClass;

  @Field(() => Int, { nullable: true, description: 'HTTP status; null when no answer came.' })
  declare readonly httpStatus: number | null;

  @Field(() => String, { description: 'Explanation with secrets removed.' })
  declare readonly message: string;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Earliest sensible retry; null when the provider gave none.',
  })
  declare readonly retryAt: number | null;
}
