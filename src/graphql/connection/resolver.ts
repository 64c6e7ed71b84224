/** Connections: reading, changing and following them. */
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { ConnectionRecord, DiscoveryResultRecord, ModelRecord } from '../../domain/records.js';
import type { OfferingDefinition } from '../../providers/define-provider.js';
import { addressOf } from '../../providers/urls.js';
import type { GraphqlContext } from '../context.js';
import { DiscoveryResult } from '../discovery/types.js';
import { modelPage } from '../model/pages.js';
import { DiscoveredModelPage } from '../model/types.js';
import { knownProvider, offeringOf, type ShownProvider } from '../provider/lookup.js';
import { Provider, ProviderOffering } from '../provider/types.js';
import { After, Filter, First, Id, Input, present, refuseNulls } from '../shared/args.js';
import type { PageValue } from '../shared/page.js';
import { toPayload } from '../shared/payload.js';
import { UrlScalar } from '../shared/scalars.js';
import { TimeRangeInput } from '../usage/inputs.js';
import { toRange } from '../usage/ranges.js';
import { UsageTotals } from '../usage/types.js';
import { toTotals } from '../usage/values.js';
import { healthOf, type ShownHealth } from './health.js';
import { followHealth, type HealthChange } from './follow-health.js';
import {
  ConnectionCreateInput,
  ConnectionFilterInput,
  ConnectionRotateSecretInput,
  ConnectionUpdateInput,
} from './inputs.js';
import { connectionPage } from './pages.js';
import {
  Connection,
  ConnectionClearCooldownPayload,
  ConnectionCreatePayload,
  ConnectionDeletePayload,
  ConnectionHealth,
  ConnectionHealthPayload,
  ConnectionPage,
  ConnectionRotateSecretPayload,
  ConnectionUpdatePayload,
  ConnectionVerifyPayload,
} from './types.js';

/** Fields of an update for which there is no "none". */
const NEVER_NULL = ['label', 'enabled', 'priority', 'secret'] as const;

@Resolver(() => Connection)
export class ConnectionResolver {
  @Query(() => ConnectionPage, { description: 'Credentials the operator has added, by priority.' })
  connections(
    @Ctx() context: GraphqlContext,
    @First(25) first: number,
    @After() after?: string | null,
    @Filter(() => ConnectionFilterInput) filter?: ConnectionFilterInput | null,
  ): Promise<PageValue<ConnectionRecord>> {
    return connectionPage(context, first, after, present(filter));
  }

  @Mutation(() => ConnectionCreatePayload, {
    description:
      'Add a credential for a provider. The secret is encrypted before storage and can never be read back.',
  })
  async connectionCreate(
    @Ctx() { services, caller }: GraphqlContext,
    @Input(() => ConnectionCreateInput) input: ConnectionCreateInput,
  ): Promise<object> {
    return toPayload(await services.admin.connections.create(caller, present(input)), (value) => value);
  }

  @Mutation(() => ConnectionUpdatePayload, {
    description: "Change a connection's settings; its secret stays.",
  })
  async connectionUpdate(
    @Ctx() { services, caller }: GraphqlContext,
    @Id() id: string,
    @Input(() => ConnectionUpdateInput) input: ConnectionUpdateInput,
  ): Promise<object> {
    const userErrors = refuseNulls(input, NEVER_NULL);
    if (userErrors.length > 0) return { userErrors };
    const { label, enabled, priority, secret, ...clearable } = input;
    const change = { ...clearable, ...present({ label, enabled, priority, secret }) };
    return toPayload(await services.admin.connections.update(caller, id, change), (connection) => ({
      connection,
    }));
  }

  @Mutation(() => ConnectionRotateSecretPayload, {
    description: 'Replace the secret of a connection, keeping its ID, label and history.',
  })
  async connectionRotateSecret(
    @Ctx() { services, caller }: GraphqlContext,
    @Id() id: string,
    @Input(() => ConnectionRotateSecretInput) input: ConnectionRotateSecretInput,
  ): Promise<object> {
    return toPayload(await services.admin.connections.rotateSecret(caller, id, input), (connection) => ({
      connection,
    }));
  }

  @Mutation(() => ConnectionVerifyPayload, {
    description: 'Call the provider once with this credential and record the outcome as its health.',
  })
  async connectionVerify(@Ctx() { services, caller }: GraphqlContext, @Id() id: string): Promise<object> {
    return toPayload(await services.admin.connections.verify(caller, id), (connection) => ({ connection }));
  }

  @Mutation(() => ConnectionClearCooldownPayload, {
    description: 'Forget a cool-down, so that the next request tries the connection again.',
  })
  async connectionClearCooldown(
    @Ctx() { services, caller }: GraphqlContext,
    @Id() id: string,
  ): Promise<object> {
    return toPayload(await services.admin.connections.clearCooldown(caller, id), (connection) => ({
      connection,
    }));
  }

  @Mutation(() => ConnectionDeletePayload, { description: 'Remove a connection. Its usage history stays.' })
  async connectionDelete(
    @Ctx() { services, caller }: GraphqlContext,
    @Id('Connection to remove.') id: string,
  ): Promise<object> {
    return toPayload(await services.admin.connections.remove(caller, id), (deletedId) => ({ deletedId }));
  }

  @Subscription(() => ConnectionHealthPayload, {
    description: 'Health of connections: the present state of each, then changes only.',
    subscribe: ({ args, context }: { args: { connectionIds?: string[] | null }; context: GraphqlContext }) =>
      followHealth(context, args.connectionIds ?? null),
  })
  connectionHealth(
    @Root() change: HealthChange,
    @Arg('connectionIds', () => [ID], { nullable: true, description: 'Only these; all when absent.' })
    _connectionIds?: string[] | null,
  ): HealthChange {
    return change;
  }

  @FieldResolver(() => Provider, { description: 'Provider it belongs to.' })
  provider(@Root() connection: ConnectionRecord, @Ctx() context: GraphqlContext): Promise<ShownProvider> {
    return knownProvider(context, connection.provider);
  }

  @FieldResolver(() => ProviderOffering, { description: 'Offering it belongs to.' })
  offering(
    @Root() connection: ConnectionRecord,
    @Ctx() context: GraphqlContext,
  ): Promise<OfferingDefinition> {
    return offeringOf(context, connection);
  }

  @FieldResolver(() => UrlScalar, { description: 'Address requests are sent to.' })
  async baseUrl(@Root() connection: ConnectionRecord, @Ctx() context: GraphqlContext): Promise<string> {
    if (connection.baseUrl !== null) return connection.baseUrl;
    const offering = await offeringOf(context, connection);
    if (offering.ownBase) return offering.ownBase.url;
    return new URL('/', addressOf(offering, offering.endpoints[0].url, connection)).href;
  }

  @FieldResolver(() => ConnectionHealth, { description: 'Latest known health.' })
  health(@Root() connection: ConnectionRecord, @Ctx() context: GraphqlContext): Promise<ShownHealth> {
    return healthOf(connection, context);
  }

  @FieldResolver(() => DiscoveredModelPage, { description: 'Models reachable through it.' })
  models(
    @Root() connection: ConnectionRecord,
    @Ctx() context: GraphqlContext,
    @First(50) first: number,
    @After() after?: string | null,
  ): Promise<PageValue<ModelRecord>> {
    return modelPage(context, first, after, { connectionId: connection.id });
  }

  @FieldResolver(() => DiscoveryResult, {
    nullable: true,
    description: 'Latest discovery outcome; null before the first.',
  })
  lastDiscovery(
    @Root() connection: ConnectionRecord,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<DiscoveryResultRecord | null> {
    return loaders.lastDiscovery.load(connection.id);
  }

  @FieldResolver(() => UsageTotals, { description: 'Totals for a time range.' })
  async usage(
    @Root() connection: ConnectionRecord,
    @Ctx() { loaders, services }: GraphqlContext,
    @Arg('range', () => TimeRangeInput, { description: 'Range to sum over.' }) range: TimeRangeInput,
  ): Promise<UsageTotals> {
    return toTotals(await loaders.sums('CONNECTION', toRange(range, services.clock)).load(connection.id));
  }
}
