/** Alerts and the outcome of acknowledging one. */
import { Field, ObjectType } from 'type-graphql';
import { Actor } from '../shared/actor.js';
import { Node } from '../shared/node.js';
import { pageType } from '../shared/page.js';
import { DateTimeScalar, DecimalScalar } from '../shared/scalars.js';
import { UserError } from '../shared/user-error.js';

@ObjectType('Alert', { description: 'A limit that fired.', implements: Node })
export class Alert extends Node {
  @Field(() => String, { description: 'Explanation fit to show.' })
  declare readonly message: string;

  @Field(() => DecimalScalar, { description: 'Value at the time.' })
  declare readonly value: bigint;

  @Field(() => DateTimeScalar, { description: 'When it fired.' })
  declare readonly firedAt: number;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When the value fell below the threshold; null while it has not.',
  })
  declare readonly resolvedAt: number | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When someone acknowledged it.' })
  declare readonly acknowledgedAt: number | null;

  @Field(() => Actor, { nullable: true, description: 'Who did.' })
  declare readonly acknowledgedBy: Actor | null;
}

@ObjectType('AlertAcknowledgePayload', { description: 'Outcome of alertAcknowledge.' })
export class AlertAcknowledgePayload {
  @Field(() => Alert, { nullable: true, description: 'Alert as it now is.' })
  declare readonly alert: Alert | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

/** Page of {@link Alert}. */
export const AlertPage = pageType('Alert', () => Alert, {
  description: 'Page of alerts.',
  edgeDescription: 'Alert and its cursor.',
});
