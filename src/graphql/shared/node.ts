/** The interface of everything that can be fetched again by its id. */
import { Field, ID, InterfaceType } from 'type-graphql';
import { kindOfId, type IdKind } from '../../domain/ids.js';

/** GraphQL type behind each kind of id that `node` can answer. */
const TYPE_OF_KIND: Partial<Record<IdKind, string>> = {
  provider: 'Provider',
  connection: 'Connection',
  plan: 'PlanSubscription',
  model: 'DiscoveredModel',
  run: 'DiscoveryRun',
  tier: 'RoutingTier',
  rule: 'RoutingRule',
  accessKey: 'AccessKey',
  limit: 'UsageLimit',
  alert: 'Alert',
  webhook: 'Webhook',
  event: 'UsageEvent',
  audit: 'AuditEntry',
};

@InterfaceType('Node', {
  description: 'An object that can be fetched again by its ID.',
  resolveType: ({ id }: { id: string }) => TYPE_OF_KIND[kindOfId(id) ?? 'workspace'],
})
export abstract class Node {
  @Field(() => ID, { description: 'Opaque ID, unique across every type. Do not parse it.' })
  declare readonly id: string;
}
