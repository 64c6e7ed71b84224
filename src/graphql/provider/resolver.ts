/** The catalog of providers. */
import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { ConnectionRecord, ModelRecord } from '../../domain/records.js';
import type { WireProtocol } from '../../domain/vocabulary.js';
import type { OfferingDefinition, ProviderDefinition } from '../../providers/define-provider.js';
import { idOfProvider } from '../../providers/provider-id.js';
import { requireScope } from '../../admin/actor.js';
import { allConnections, connectionPage } from '../connection/pages.js';
import { ConnectionPage } from '../connection/types.js';
import type { GraphqlContext } from '../context.js';
import { modelPage } from '../model/pages.js';
import { DiscoveredModelPage } from '../model/types.js';
import { After, Filter, First, Id, Input, present, refuseNulls } from '../shared/args.js';
import { WireProtocolEnum } from '../shared/enums.js';
import type { PageValue } from '../shared/page.js';
import { toPayload } from '../shared/payload.js';
import { CustomProviderCreateInput, CustomProviderUpdateInput, ProviderFilterInput } from './inputs.js';
import { providerOf, providersOf, type ShownProvider } from './lookup.js';
import {
  CustomProviderCreatePayload,
  CustomProviderDeletePayload,
  CustomProviderUpdatePayload,
  Provider,
  ProviderOffering,
} from './types.js';

/** Fields of an update for which there is no "none". */
const NEVER_NULL = ['name', 'protocol', 'baseUrl', 'liveCatalog', 'models'] as const;

@Resolver(() => Provider)
export class ProviderResolver {
  @Query(() => [Provider], {
    description: 'Catalog of providers this build can talk to; fixed at build time, sorted by slug.',
  })
  async providers(
    @Ctx() context: GraphqlContext,
    @Filter(() => ProviderFilterInput) filter?: ProviderFilterInput | null,
  ): Promise<readonly ProviderDefinition[]> {
    requireScope(context.caller, 'CONFIG_READ');
    const { billing, connected, kinds } = present(filter);
    const withConnection =
      connected === undefined
        ? null
        : new Set((await allConnections(context)).map((connection) => connection.provider));
    return (await providersOf(context))
      .all()
      .filter(
        (provider) =>
          (billing === undefined || provider.offerings.some((offering) => offering.billing === billing)) &&
          (kinds === undefined || kinds.includes(provider.kind)) &&
          (withConnection === null || withConnection.has(provider.slug) === connected),
      );
  }

  @Query(() => Provider, { nullable: true, description: 'Provider by slug, such as `zai`.' })
  async provider(
    @Ctx() context: GraphqlContext,
    @Arg('slug', () => String, { description: 'Short name.' }) slug: string,
  ): Promise<ProviderDefinition | null> {
    requireScope(context.caller, 'CONFIG_READ');
    return providerOf(context, slug);
  }

  @Mutation(() => CustomProviderCreatePayload, {
    description:
      'Describe a provider this build does not know; connections are then made for it as for any other.',
  })
  async customProviderCreate(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Input(() => CustomProviderCreateInput) input: CustomProviderCreateInput,
  ): Promise<object> {
    const result = await services.admin.providers.create(caller, input);
    loaders.providers.clearAll();
    return toPayload(result, (provider) => ({ provider }));
  }

  @Mutation(() => CustomProviderUpdatePayload, { description: 'Change a custom provider.' })
  async customProviderUpdate(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Id() id: string,
    @Input(() => CustomProviderUpdateInput) input: CustomProviderUpdateInput,
  ): Promise<object> {
    const userErrors = refuseNulls(input, NEVER_NULL);
    if (userErrors.length > 0) return { userErrors };
    const result = await services.admin.providers.update(caller, id, present(input));
    loaders.providers.clearAll();
    return toPayload(result, (provider) => ({ provider }));
  }

  @Mutation(() => CustomProviderDeletePayload, {
    description: 'Remove a custom provider that has no connections.',
  })
  async customProviderDelete(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Id() id: string,
  ): Promise<object> {
    const result = await services.admin.providers.remove(caller, id);
    loaders.providers.clearAll();
    return toPayload(result, (deletedId) => ({ deletedId }));
  }

  @FieldResolver(() => ID, { description: 'Opaque ID, unique across every type.' })
  id(@Root() provider: ShownProvider): string {
    return idOfProvider(provider.slug);
  }

  @FieldResolver(() => ConnectionPage, { description: 'Connections the operator has added for it.' })
  connections(
    @Root() provider: ShownProvider,
    @Ctx() context: GraphqlContext,
    @First(25) first: number,
    @After() after?: string | null,
  ): Promise<PageValue<ConnectionRecord>> {
    return connectionPage(context, first, after, { providers: [provider.slug] });
  }

  @FieldResolver(() => DiscoveredModelPage, { description: 'Models known for it.' })
  models(
    @Root() provider: ShownProvider,
    @Ctx() context: GraphqlContext,
    @First(50) first: number,
    @After() after?: string | null,
  ): Promise<PageValue<ModelRecord>> {
    return modelPage(context, first, after, { providers: [provider.slug] });
  }
}

@Resolver(() => ProviderOffering)
export class ProviderOfferingResolver {
  @FieldResolver(() => [String], { description: 'Regions to choose from; empty when there is only one.' })
  regions(@Root() offering: OfferingDefinition): readonly string[] {
    return offering.regions.map(({ code }) => code);
  }

  @FieldResolver(() => [WireProtocolEnum], { description: 'Formats it can be called with, preferred first.' })
  protocols(@Root() offering: OfferingDefinition): readonly WireProtocol[] {
    return [...new Set(offering.endpoints.map(({ protocol }) => protocol))];
  }

  @FieldResolver(() => Boolean, {
    description: 'Whether the models come from the provider (`true`) or from a curated list of this build.',
  })
  liveCatalog(@Root() offering: OfferingDefinition): boolean {
    return offering.models.kind === 'live';
  }
}
