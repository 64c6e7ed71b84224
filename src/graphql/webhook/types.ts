/** Webhooks, the messages to them, and the outcomes of changing them. */
import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import type { WebhookDeliveryRecord } from '../../domain/records.js';
import { DeliveryStateEnum } from '../shared/enums.js';
import { Node } from '../shared/node.js';
import { DateTimeScalar, UrlScalar } from '../shared/scalars.js';
import { UserError } from '../shared/user-error.js';

@ObjectType('WebhookDelivery', { description: 'One message to a webhook.' })
export class WebhookDelivery {
  @Field(() => ID, { description: 'ID, also sent as `x-switchyard-delivery`.' })
  declare readonly id: string;

  @Field(() => String, { description: 'What it is about: `alert.fired`, `alert.resolved` or `test`.' })
  declare readonly event: string;

  @Field(() => DeliveryStateEnum, { description: 'Where it stands.' })
  declare readonly state: WebhookDeliveryRecord['state'];

  @Field(() => Int, { description: 'How often it was sent so far.' })
  declare readonly attempts: number;

  @Field(() => Int, { nullable: true, description: 'Status of the last answer; null when none came.' })
  declare readonly httpStatus: number | null;

  @Field(() => String, { nullable: true, description: 'What went wrong last; null when nothing did.' })
  declare readonly message: string | null;

  @Field(() => DateTimeScalar, { description: 'When it was put into the queue.' })
  declare readonly createdAt: number;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was taken or given up; null before.' })
  declare readonly finishedAt: number | null;
}

@ObjectType('Webhook', { description: 'Where alerts are sent.', implements: Node })
export class Webhook extends Node {
  @Field(() => String, { description: "Operator's name for it." })
  declare readonly name: string;

  @Field(() => UrlScalar, { description: 'Address that messages are posted to.' })
  declare readonly url: string;

  @Field(() => Boolean, { description: 'Whether messages are sent; meanwhile none are queued.' })
  declare readonly enabled: boolean;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  declare readonly createdAt: number;

  @Field(() => DateTimeScalar, { description: 'When it was changed last.' })
  declare readonly updatedAt: number;
}

@InputType('WebhookCreateInput', { description: 'New webhook.' })
export class WebhookCreateInput {
  @Field(() => String, { description: 'Name.' })
  declare readonly name: string;

  @Field(() => UrlScalar, { description: 'Address to post to; https unless the host is local.' })
  declare readonly url: string;
}

@InputType('WebhookUpdateInput', { description: 'Changes to a webhook; absent fields stay.' })
export class WebhookUpdateInput {
  @Field(() => String, { nullable: true, description: 'Name.' })
  declare readonly name?: string | null;

  @Field(() => UrlScalar, { nullable: true, description: 'Address to post to.' })
  declare readonly url?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether messages are sent.' })
  declare readonly enabled?: boolean | null;
}

@ObjectType('WebhookCreatePayload', { description: 'Outcome of webhookCreate.' })
export class WebhookCreatePayload {
  @Field(() => Webhook, { nullable: true, description: 'New webhook; null on error.' })
  declare readonly webhook: Webhook | null;

  @Field(() => String, { nullable: true, description: 'Signing secret, shown this once; null on error.' })
  declare readonly secret: string | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('WebhookUpdatePayload', { description: 'Outcome of webhookUpdate.' })
export class WebhookUpdatePayload {
  @Field(() => Webhook, { nullable: true, description: 'Webhook as it now is.' })
  declare readonly webhook: Webhook | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('WebhookDeletePayload', { description: 'Outcome of webhookDelete.' })
export class WebhookDeletePayload {
  @Field(() => ID, { nullable: true, description: 'ID of the removed webhook; null on error.' })
  declare readonly deletedId: string | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('WebhookTestPayload', { description: 'Outcome of webhookTest.' })
export class WebhookTestPayload {
  @Field(() => Webhook, { nullable: true, description: 'The webhook; null on error.' })
  declare readonly webhook: Webhook | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}
