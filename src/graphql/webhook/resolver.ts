/** Webhooks: reading, changing and trying them. */
import { Arg, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { WebhookDeliveryRecord, WebhookRecord } from '../../domain/records.js';
import type { GraphqlContext } from '../context.js';
import { Id, Input, present, refuseNulls } from '../shared/args.js';
import { pageRequest } from '../shared/page.js';
import { toPayload } from '../shared/payload.js';
import {
  Webhook,
  WebhookCreateInput,
  WebhookCreatePayload,
  WebhookDeletePayload,
  WebhookDelivery,
  WebhookTestPayload,
  WebhookUpdateInput,
  WebhookUpdatePayload,
} from './types.js';

@Resolver(() => Webhook)
export class WebhookResolver {
  @Query(() => [Webhook], { description: 'Where alerts are sent.' })
  webhooks(@Ctx() { services, caller }: GraphqlContext): Promise<readonly WebhookRecord[]> {
    return services.admin.webhooks.list(caller);
  }

  @Mutation(() => WebhookCreatePayload, {
    description: 'Send alerts to an address. The signing secret is in this answer only.',
  })
  async webhookCreate(
    @Ctx() { services, caller }: GraphqlContext,
    @Input(() => WebhookCreateInput) input: WebhookCreateInput,
  ): Promise<object> {
    return toPayload(await services.admin.webhooks.create(caller, input), (value) => value);
  }

  @Mutation(() => WebhookUpdatePayload, { description: 'Change a webhook; its secret stays.' })
  async webhookUpdate(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Id() id: string,
    @Input(() => WebhookUpdateInput) input: WebhookUpdateInput,
  ): Promise<object> {
    const userErrors = refuseNulls(input, ['name', 'url', 'enabled']);
    if (userErrors.length > 0) return { userErrors };
    const result = await services.admin.webhooks.update(caller, id, present(input));
    loaders.webhook.clear(id);
    return toPayload(result, (webhook) => ({ webhook }));
  }

  @Mutation(() => WebhookDeletePayload, { description: 'Remove a webhook and the messages to it.' })
  async webhookDelete(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Id() id: string,
  ): Promise<object> {
    const result = await services.admin.webhooks.remove(caller, id);
    loaders.webhook.clear(id);
    return toPayload(result, (deletedId) => ({ deletedId }));
  }

  @Mutation(() => WebhookTestPayload, {
    description: 'Send a message of the type `test`; its outcome is among the deliveries.',
  })
  async webhookTest(@Ctx() { services, caller }: GraphqlContext, @Id() id: string): Promise<object> {
    return toPayload(await services.admin.webhooks.test(caller, id), (webhook) => ({ webhook }));
  }

  @FieldResolver(() => [WebhookDelivery], { description: 'Latest messages, newest first.' })
  deliveries(
    @Root() { id }: WebhookRecord,
    @Ctx() { services, caller }: GraphqlContext,
    @Arg('first', () => Int, { defaultValue: 10, description: 'Most messages, 1 to 100.' }) first: number,
  ): Promise<readonly WebhookDeliveryRecord[]> {
    return services.admin.webhooks.deliveries(caller, id, pageRequest('alert', first, null).first);
  }
}
