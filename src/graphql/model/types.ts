/** Discovered models, their prices, and through what they can be reached. */
import { Field, Int, ObjectType } from 'type-graphql';
import type { NanoUsd } from '../../domain/money.js';
import type { ModelState, ModelCapability, PriceSource } from '../../domain/vocabulary.js';
import { countedPageType } from '../shared/page.js';
import { ModelCapabilityEnum, ModelStateEnum, PriceSourceEnum } from '../shared/enums.js';
import { DateTimeScalar, DecimalScalar } from '../shared/scalars.js';
import { Node } from '../shared/node.js';
import { UserError } from '../shared/user-error.js';

@ObjectType('TokenPrice', { description: 'Price per million tokens.' })
export class TokenPrice {
  @Field(() => DecimalScalar, { description: 'Fresh input.' })
  declare readonly inputUsdPerMillion: NanoUsd;

  @Field(() => DecimalScalar, { description: 'Output, reasoning included.' })
  declare readonly outputUsdPerMillion: NanoUsd;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'Input read from cache; null when priced as input.',
  })
  declare readonly cacheReadUsdPerMillion: NanoUsd | null;

  @Field(() => DecimalScalar, {
    nullable: true,
    description: 'Input written to cache; null when priced as input.',
  })
  declare readonly cacheWriteUsdPerMillion: NanoUsd | null;

  @Field(() => PriceSourceEnum, { description: 'Where the price comes from.' })
  declare readonly source: PriceSource;

  @Field(() => DateTimeScalar, { description: 'When it was last confirmed.' })
  declare readonly asOf: number;
}

@ObjectType('ModelAvailability', { description: 'A model through one connection.' })
export class ModelAvailability {}

@ObjectType('DiscoveredModel', {
  description: 'A model a provider offers, as found by discovery or listed in the catalog.',
  implements: Node,
})
export class DiscoveredModel extends Node {
  @Field(() => String, {
    description: 'Provider-qualified reference, such as `zai/glm-4.6`; what clients send as `model`.',
  })
  declare readonly ref: string;

  @Field(() => String, { description: 'Name the provider itself uses.' })
  declare readonly upstreamId: string;

  @Field(() => String, { description: 'Name to show.' })
  declare readonly displayName: string;

  @Field(() => Boolean, { description: 'Whether routing may use it.' })
  declare readonly enabled: boolean;

  @Field(() => ModelStateEnum, { description: 'Whether providers still offer it.' })
  declare readonly state: ModelState;

  @Field(() => Int, { nullable: true, description: 'Longest input in tokens; null when unknown.' })
  declare readonly contextWindow: number | null;

  @Field(() => Int, { nullable: true, description: 'Longest output in tokens; null when unknown.' })
  declare readonly maxOutputTokens: number | null;

  @Field(() => [ModelCapabilityEnum], { description: 'What it can do.' })
  declare readonly capabilities: readonly ModelCapability[];

  @Field(() => DateTimeScalar, { description: 'When it was first seen.' })
  declare readonly firstSeenAt: number;

  @Field(() => DateTimeScalar, { description: 'When it was last seen.' })
  declare readonly lastSeenAt: number;
}

@ObjectType('ModelUpdatePayload', { description: 'Outcome of modelUpdate.' })
export class ModelUpdatePayload {
  @Field(() => DiscoveredModel, { nullable: true, description: 'Model as it now is.' })
  declare readonly model: DiscoveredModel | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

/** Page of {@link DiscoveredModel}. */
export const DiscoveredModelPage = countedPageType('DiscoveredModel', () => DiscoveredModel, {
  description: 'Page of models.',
  edgeDescription: 'Model and its cursor.',
});
