/** The admin API's schema, built from the resolver classes. */
import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { GraphQLSchema, lexicographicSortSchema, printSchema } from 'graphql';
import { buildSchemaSync, type PubSub } from 'type-graphql';
import { AccessKeyResolver } from './access-key/resolver.js';
import { AuditEntryResolver } from './audit/resolver.js';
import { AlertResolver } from './alert/resolver.js';
import { ConnectionResolver } from './connection/resolver.js';
import { DiscoveryResolver, DiscoveryResultResolver } from './discovery/resolver.js';
import { HealthResolver } from './health/resolver.js';
import { UsageLimitResolver, UsageLimitScopeResolver } from './limit/resolver.js';
import { ModelAvailabilityResolver, ModelResolver } from './model/resolver.js';
import { NodeResolver } from './node/resolver.js';
import { ConnectionPlanResolver, PlanSubscriptionResolver } from './plan-subscription/resolver.js';
import { ProviderOfferingResolver, ProviderResolver } from './provider/resolver.js';
import { RouteCandidateResolver, RoutePlanResolver } from './routing/plan-resolver.js';
import { RoutingRuleResolver } from './routing/rule-resolver.js';
import { RouteTargetResolver, RoutingTierResolver } from './routing/tier-resolver.js';
import { SavingsResolver } from './usage/savings-resolver.js';
import {
  PassedOverResolver,
  UsageAttemptResolver,
  UsageGroupResolver,
  UsageResolver,
} from './usage/resolver.js';
import { ViewerResolver } from './viewer/resolver.js';
import { WebhookResolver } from './webhook/resolver.js';

const ROOT_DESCRIPTIONS = {
  Query: 'Reads. Every list is bounded: small fixed sets are plain lists, everything that grows is a page.',
  Mutation:
    'Writes. Each returns a payload whose `userErrors` is empty exactly when the change was made; mutations in one document run in order.',
  Subscription:
    'Live reads over `graphql-transport-ws`. Delivery is at least once and in order per subscription; a slow reader loses events, never the connection, and is told how many.',
} as const;

/** TypeGraphQL asks for one wherever there are subscriptions; ours bring iterators of their own. */
const noPubSub: PubSub = {
  publish: () => {
    throw new Error('subscriptions here do not use a PubSub');
  },
  subscribe: () => {
    throw new Error('subscriptions here do not use a PubSub');
  },
};

let built: GraphQLSchema | undefined;

/** The executable schema; built once. */
export function buildAdminSchema(): GraphQLSchema {
  built ??= describeRoots(
    buildSchemaSync({
      resolvers: [
        NodeResolver,
        ViewerResolver,
        HealthResolver,
        ProviderResolver,
        ProviderOfferingResolver,
        ConnectionResolver,
        ConnectionPlanResolver,
        PlanSubscriptionResolver,
        ModelResolver,
        ModelAvailabilityResolver,
        DiscoveryResolver,
        DiscoveryResultResolver,
        RoutingTierResolver,
        RouteTargetResolver,
        RoutingRuleResolver,
        RoutePlanResolver,
        RouteCandidateResolver,
        AccessKeyResolver,
        AuditEntryResolver,
        UsageLimitResolver,
        UsageLimitScopeResolver,
        AlertResolver,
        WebhookResolver,
        UsageResolver,
        SavingsResolver,
        UsageAttemptResolver,
        PassedOverResolver,
        UsageGroupResolver,
      ],
      pubSub: noPubSub,
      // Verbs validate; a second path would have a second kind of error.
      validate: false,
    }),
  );
  return built;
}

/** The schema as committed in `schema.graphql`: sorted, so that it depends on nothing but its content. */
export function printAdminSchema(): string {
  return `${printSchema(lexicographicSortSchema(buildAdminSchema()))}\n`;
}

/** SHA-256 of the printed schema. */
export function adminSchemaHash(): string {
  return createHash('sha256').update(printAdminSchema()).digest('hex');
}

/** TypeGraphQL has no place for descriptions of the root types. */
function describeRoots(schema: GraphQLSchema): GraphQLSchema {
  for (const [name, description] of Object.entries(ROOT_DESCRIPTIONS)) {
    const type = schema.getType(name);
    if (type) type.description = description;
  }
  return schema;
}
