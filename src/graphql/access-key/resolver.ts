/** Gateway keys: listing, issuing and revoking them. */
import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { requireScope } from '../../admin/actor.js';
import type { AccessKeyState } from '../../admin/admin.js';
import { positionOfAccessKey } from '../../admin/positions.js';
import type { AccessKeyRecord, RoutingTierRecord } from '../../domain/records.js';
import type { GraphqlContext } from '../context.js';
import { RoutingTier } from '../routing/types.js';
import { After, checkListLength, Filter, First, Id, Input, present } from '../shared/args.js';
import { AccessKeyStateEnum } from '../shared/enums.js';
import { pageRequest, toPage, type PageValue } from '../shared/page.js';
import { toPayload } from '../shared/payload.js';
import { TimeRangeInput } from '../usage/inputs.js';
import { toRange } from '../usage/ranges.js';
import { UsageTotals } from '../usage/types.js';
import { toTotals } from '../usage/values.js';
import { AccessKeyCreateInput, AccessKeyFilterInput } from './inputs.js';
import { AccessKey, AccessKeyCreatePayload, AccessKeyPage, AccessKeyRevokePayload } from './types.js';

@Resolver(() => AccessKey)
export class AccessKeyResolver {
  @Query(() => AccessKeyPage, { description: 'Keys that applications use against the LLM gateway.' })
  async accessKeys(
    @Ctx() { services, caller }: GraphqlContext,
    @First(25) first: number,
    @After() after?: string | null,
    @Filter(() => AccessKeyFilterInput) filter?: AccessKeyFilterInput | null,
  ): Promise<PageValue<AccessKeyRecord>> {
    const request = pageRequest('key', first, after);
    const page = await services.admin.accessKeys.list(caller, request, present(filter));
    return toPage('key', page, positionOfAccessKey);
  }

  @Mutation(() => AccessKeyCreatePayload, {
    description: 'Issue a gateway key. Its plaintext is in this answer only.',
  })
  async accessKeyCreate(
    @Ctx() { services, caller }: GraphqlContext,
    @Input(() => AccessKeyCreateInput) input: AccessKeyCreateInput,
  ): Promise<object> {
    checkListLength('allowedModels', input.allowedModels);
    checkListLength('allowedTierIds', input.allowedTierIds);
    return toPayload(await services.admin.accessKeys.create(caller, present(input)), (value) => value);
  }

  @Mutation(() => AccessKeyRevokePayload, { description: 'Stop a key at once and for good.' })
  async accessKeyRevoke(@Ctx() { services, caller }: GraphqlContext, @Id() id: string): Promise<object> {
    return toPayload(await services.admin.accessKeys.revoke(caller, id), (accessKey) => ({ accessKey }));
  }

  @FieldResolver(() => AccessKeyStateEnum, { description: 'Whether it works.' })
  state(@Root() key: AccessKeyRecord, @Ctx() { services }: GraphqlContext): AccessKeyState {
    return services.admin.accessKeys.state(key);
  }

  @FieldResolver(() => [RoutingTier], { description: 'Tiers it may use; empty for all.' })
  async allowedTiers(
    @Root() key: AccessKeyRecord,
    @Ctx() { caller, loaders }: GraphqlContext,
  ): Promise<readonly RoutingTierRecord[]> {
    // To answer none would say that it may use all.
    if (key.allowedTierIds.length > 0) requireScope(caller, 'CONFIG_READ');
    const tiers = await Promise.all(key.allowedTierIds.map((id) => loaders.tier.load(id)));
    return tiers.flatMap((tier) => tier ?? []);
  }

  @FieldResolver(() => UsageTotals, { description: 'Totals for a time range.' })
  async usage(
    @Root() key: AccessKeyRecord,
    @Ctx() { loaders, services }: GraphqlContext,
    @Arg('range', () => TimeRangeInput, { description: 'Range to sum over.' }) range: TimeRangeInput,
  ): Promise<UsageTotals> {
    return toTotals(await loaders.sums('ACCESS_KEY', toRange(range, services.clock)).load(key.id));
  }
}
