/** Alerts: reading, acknowledging and following them. */
import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import { requireScope } from '../../admin/actor.js';
import { positionOfAlert } from '../../admin/positions.js';
import type { AlertRecord, UsageLimitRecord } from '../../domain/records.js';
import { createMailbox } from '../../live/mailbox.js';
import type { GraphqlContext } from '../context.js';
import { UsageLimit } from '../limit/types.js';
import { After, First, Id } from '../shared/args.js';
import { mapIterator } from '../shared/iterators.js';
import { pageRequest, toPage, type PageValue } from '../shared/page.js';
import { toPayload } from '../shared/payload.js';
import { Alert, AlertAcknowledgePayload, AlertPage } from './types.js';

@Resolver(() => Alert)
export class AlertResolver {
  @Query(() => AlertPage, { description: 'Limits that fired, newest first.' })
  async alerts(
    @Ctx() { services, caller }: GraphqlContext,
    @First(25) first: number,
    @Arg('unresolvedOnly', () => Boolean, {
      defaultValue: false,
      description: 'Leave out alerts that are over.',
    })
    unresolvedOnly: boolean,
    @After() after?: string | null,
  ): Promise<PageValue<AlertRecord>> {
    const request = pageRequest('alert', first, after);
    const page = await services.admin.alerts.list(caller, request, unresolvedOnly);
    return toPage('alert', page, positionOfAlert);
  }

  @Mutation(() => AlertAcknowledgePayload, { description: 'Mark an alert as seen by the caller.' })
  async alertAcknowledge(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Id() id: string,
  ): Promise<object> {
    const result = await services.admin.alerts.acknowledge(caller, id);
    loaders.alert.clear(id);
    return toPayload(result, (alert) => ({ alert }));
  }

  @Subscription(() => Alert, {
    description: 'Alerts as they fire, resolve or are acknowledged.',
    subscribe: ({ context }: { context: GraphqlContext }) => followAlerts(context),
  })
  alertChanged(@Root() alert: AlertRecord): AlertRecord {
    return alert;
  }

  @FieldResolver(() => UsageLimit, {
    nullable: true,
    description: 'Limit behind it; null once deleted.',
  })
  async limit(
    @Root() { limitId }: AlertRecord,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<UsageLimitRecord | null> {
    return limitId === null ? null : loaders.limit.load(limitId);
  }
}

/** Only the latest state of each alert waits for a slow reader, so nothing is ever dropped. */
function followAlerts({ services, caller, loaders }: GraphqlContext): AsyncIterableIterator<AlertRecord> {
  requireScope(caller, 'USAGE_READ');
  const mailbox = createMailbox<string>({
    capacity: Number.POSITIVE_INFINITY,
    supersedes: (queued, next) => queued === next,
    onEnd: () => unsubscribe(),
  });
  const unsubscribe = services.bus.subscribe('alert.changed', ({ workspaceId, alertId }) => {
    if (workspaceId === caller.actor.workspaceId) mailbox.push(alertId);
  });
  return mapIterator(mailbox, ({ item: id }) => loaders.alert.load(id));
}
