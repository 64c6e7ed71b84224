/** Models that can be routed to, and through which connections. */
import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { ConnectionRecord, ModelRecord, PriceVersion } from '../../domain/records.js';
import type { Billing, FailureClass } from '../../domain/vocabulary.js';
import { whyHeldBack } from '../connection/health.js';
import { Connection } from '../connection/types.js';
import type { GraphqlContext } from '../context.js';
import { knownProvider, type ShownProvider } from '../provider/lookup.js';
import { Provider } from '../provider/types.js';
import { After, Filter, First, Id, Input, present, refuseNulls } from '../shared/args.js';
import { BillingEnum, FailureClassEnum } from '../shared/enums.js';
import type { PageValue } from '../shared/page.js';
import { toPayload } from '../shared/payload.js';
import { ModelFilterInput, ModelOrder, ModelUpdateInput } from './inputs.js';
import { modelPage } from './pages.js';
import {
  DiscoveredModel,
  DiscoveredModelPage,
  ModelAvailability,
  ModelUpdatePayload,
  TokenPrice,
} from './types.js';

@Resolver(() => DiscoveredModel)
export class ModelResolver {
  @Query(() => DiscoveredModelPage, { description: 'Models that can be routed to.' })
  models(
    @Ctx() context: GraphqlContext,
    @First(50) first: number,
    @After() after?: string | null,
    @Filter(() => ModelFilterInput) filter?: ModelFilterInput | null,
    @Arg('orderBy', () => ModelOrder, { nullable: true, description: 'Order; by reference when absent.' })
    orderBy?: ModelOrder | null,
  ): Promise<PageValue<ModelRecord>> {
    return modelPage(context, first, after, present(filter), orderBy ?? undefined);
  }

  @Query(() => DiscoveredModel, {
    nullable: true,
    description: 'Model by provider-qualified reference, such as `zai/glm-4.6`.',
  })
  model(
    @Ctx() { services, caller }: GraphqlContext,
    @Arg('ref', () => String, { description: 'Provider-qualified reference.' }) ref: string,
  ): Promise<ModelRecord | null> {
    return services.admin.models.byRef(caller, ref);
  }

  @Mutation(() => ModelUpdatePayload, {
    description: 'Allow or forbid routing to a model, or override its list price.',
  })
  async modelUpdate(
    @Ctx() { services, caller }: GraphqlContext,
    @Id() id: string,
    @Input(() => ModelUpdateInput) input: ModelUpdateInput,
  ): Promise<object> {
    const userErrors = refuseNulls(input, ['enabled']);
    if (userErrors.length > 0) return { userErrors };
    const { enabled, ...change } = input;
    return toPayload(
      await services.admin.models.update(caller, id, { ...change, ...present({ enabled }) }),
      (model) => ({ model }),
    );
  }

  @FieldResolver(() => Provider, { description: 'Provider that serves it.' })
  provider(@Root() model: ModelRecord, @Ctx() context: GraphqlContext): Promise<ShownProvider> {
    return knownProvider(context, model.provider);
  }

  @FieldResolver(() => TokenPrice, {
    nullable: true,
    description: 'Pay-per-use price; null when unknown. Subscriptions are compared with it.',
  })
  listPrice(@Root() model: ModelRecord): TokenPrice | null {
    return model.price && toTokenPrice(model.price);
  }

  @FieldResolver(() => [ModelAvailability], { description: 'Connections that can serve it, by priority.' })
  async availability(
    @Root() model: ModelRecord,
    @Ctx() context: GraphqlContext,
  ): Promise<readonly Availability[]> {
    const connections = await context.loaders.connection.loadMany(
      model.via.map(({ connectionId }) => connectionId),
    );
    const found = await Promise.all(
      model.via.map(async (route, index) => {
        const connection = connections[index];
        if (connection instanceof Error) throw connection;
        if (!connection) return null;
        const removed = route.state === 'REMOVED';
        const reason = removed ? 'MODEL_NOT_FOUND' : await whyHeldBack(connection, model.ref, context);
        const ready = model.enabled && connection.enabled && reason === null;
        return { connection, billing: connection.billing, ready, reason };
      }),
    );
    return found.filter((availability) => availability !== null);
  }
}

interface Availability {
  readonly connection: ConnectionRecord;
  readonly billing: Billing;
  readonly ready: boolean;
  readonly reason: FailureClass | null;
}

@Resolver(() => ModelAvailability)
export class ModelAvailabilityResolver {
  @FieldResolver(() => Connection, { description: 'The connection.' })
  connection(@Root() availability: Availability): ConnectionRecord {
    return availability.connection;
  }

  @FieldResolver(() => BillingEnum, { description: 'How it is paid for.' })
  billing(@Root() availability: Availability): Billing {
    return availability.billing;
  }

  @FieldResolver(() => Boolean, { description: 'Whether a request would be accepted now.' })
  ready(@Root() availability: Availability): boolean {
    return availability.ready;
  }

  @FieldResolver(() => FailureClassEnum, { nullable: true, description: 'Why not; null when ready.' })
  reason(@Root() availability: Availability): FailureClass | null {
    return availability.reason;
  }
}

function toTokenPrice(price: PriceVersion): TokenPrice {
  return {
    inputUsdPerMillion: price.input,
    outputUsdPerMillion: price.output,
    cacheReadUsdPerMillion: price.cacheRead,
    cacheWriteUsdPerMillion: price.cacheWrite,
    source: price.source,
    asOf: price.asOf,
  };
}
