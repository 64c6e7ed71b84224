/** Gateway keys: listing, issuing and revoking them. */
import { Arg, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import { requireScope } from '../../admin/actor.js';
import type { AccessKeyState } from '../../admin/access-keys/verbs.js';
import { positionOfAccessKey } from '../../admin/positions.js';
import { windowAt } from '../../domain/limits.js';
import type { AccessKeyRecord, RoutingTierRecord } from '../../domain/records.js';
import type { GraphqlContext } from '../context.js';
import { RoutingTier } from '../routing/types.js';
import { After, checkListLength, Filter, First, Id, Input, present, refuseNulls } from '../shared/args.js';
import { AccessKeyStateEnum } from '../shared/enums.js';
import { pageRequest, toPage, type PageValue } from '../shared/page.js';
import { toPayload } from '../shared/payload.js';
import { TimeRangeInput } from '../usage/inputs.js';
import { toRange } from '../usage/ranges.js';
import { UsageTotals } from '../usage/types.js';
import { toTotals } from '../usage/values.js';
import {
  AccessKeyCreateInput,
  AccessKeyFilterInput,
  AccessKeyRotateInput,
  AccessKeyUpdateInput,
} from './inputs.js';
import {
  AccessKey,
  AccessKeyCreatePayload,
  AccessKeyPage,
  AccessKeyRevokePayload,
  AccessKeyRotatePayload,
  AccessKeyUpdatePayload,
  Budget,
} from './types.js';

/** Fields of an update for which there is no "none". */
const NEVER_NULL = ['name', 'allowedModels', 'allowedTierIds', 'tags'] as const;
const DEFAULT_GRACE_SECONDS = 3_600;
/** The last moment that RFC 3339 can write. */
const LAST_DATE_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

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
    checkListLength('tags', input.tags);
    return toPayload(await services.admin.accessKeys.create(caller, present(input)), (value) => value);
  }

  @Mutation(() => AccessKeyUpdatePayload, {
    description: "Change a key's name, limits or permissions.",
  })
  async accessKeyUpdate(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Id() id: string,
    @Input(() => AccessKeyUpdateInput) input: AccessKeyUpdateInput,
  ): Promise<object> {
    for (const name of ['allowedModels', 'allowedTierIds', 'tags'] as const)
      checkListLength(name, input[name]);
    const userErrors = refuseNulls(input, NEVER_NULL);
    if (userErrors.length > 0) return { userErrors };
    const { name, allowedModels, allowedTierIds, tags, ...clearable } = input;
    const change = { ...defined(clearable), ...present({ name, allowedModels, allowedTierIds, tags }) };
    const result = await services.admin.accessKeys.update(caller, id, change);
    forgetKey(loaders, id);
    return toPayload(result, (accessKey) => ({ accessKey }));
  }

  @Mutation(() => AccessKeyRotatePayload, {
    description: 'Issue a new plaintext for a key; the old one keeps working for the grace period.',
  })
  async accessKeyRotate(
    @Ctx() { services, caller, loaders }: GraphqlContext,
    @Id() id: string,
    @Input(() => AccessKeyRotateInput, { nullable: true }) input?: AccessKeyRotateInput | null,
  ): Promise<object> {
    const grace = input?.gracePeriodSeconds ?? DEFAULT_GRACE_SECONDS;
    const result = await services.admin.accessKeys.rotate(caller, id, grace);
    forgetKey(loaders, id);
    return toPayload(result, (value) => value);
  }

  @Mutation(() => AccessKeyRevokePayload, { description: 'Stop a key at once and for good.' })
  async accessKeyRevoke(@Ctx() { services, caller }: GraphqlContext, @Id() id: string): Promise<object> {
    return toPayload(await services.admin.accessKeys.revoke(caller, id), (accessKey) => ({ accessKey }));
  }

  @FieldResolver(() => AccessKeyStateEnum, { description: 'Whether it works.' })
  async state(
    @Root() key: AccessKeyRecord,
    @Ctx() { services, loaders }: GraphqlContext,
  ): Promise<AccessKeyState> {
    const spent = key.budget === null ? 0n : await loaders.keySpent.load(key);
    return services.admin.accessKeys.state(key, spent);
  }

  @FieldResolver(() => Budget, { nullable: true, description: 'Spending limit; null for none.' })
  async budget(
    @Root() key: AccessKeyRecord,
    @Ctx() { services, loaders }: GraphqlContext,
  ): Promise<Budget | null> {
    if (key.budget === null) return null;
    const { limitNanoUsd, window } = key.budget;
    const { to } = windowAt(services.clock.now(), window);
    return {
      limitUsd: limitNanoUsd,
      window,
      spentUsd: await loaders.keySpent.load(key),
      resetsAt: Math.min(to, LAST_DATE_MS),
    };
  }

  @FieldResolver(() => RoutingTier, {
    nullable: true,
    description: 'Tier that requests without a model go to; null when they are classified.',
  })
  async defaultTier(
    @Root() key: AccessKeyRecord,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<RoutingTierRecord | null> {
    return key.defaultTierId === null ? null : loaders.tier.load(key.defaultTierId);
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

/** Leaves out what was not said; null was. */
function defined<T extends object>(input: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(input).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}

function forgetKey(loaders: GraphqlContext['loaders'], id: string): void {
  loaders.accessKey.clear(id);
}
