/** What callers may say about models. */
import { Field, InputType } from 'type-graphql';
import type { Billing, ModelState, ModelCapability } from '../../domain/vocabulary.js';
import {
  BillingEnum,
  ModelCapabilityEnum,
  ModelOrderFieldEnum,
  ModelStateEnum,
  OrderDirectionEnum,
} from '../shared/enums.js';
import { DecimalScalar } from '../shared/scalars.js';
import type { ModelOrder as ModelOrderSource } from '../../admin/models/verbs.js';

@InputType('ModelFilterInput', { description: 'Which models to list.' })
export class ModelFilterInput {
  @Field(() => String, { nullable: true, description: 'Part of the reference or name, in any case.' })
  declare readonly search?: string | null;

  @Field(() => [String], { nullable: true, description: 'Only of these providers, by slug.' })
  declare readonly providers?: readonly string[] | null;

  @Field(() => BillingEnum, { nullable: true, description: 'Only reachable by paying this way.' })
  declare readonly billing?: Billing | null;

  @Field(() => [ModelCapabilityEnum], { nullable: true, description: 'Only with all of these abilities.' })
  declare readonly capabilities?: readonly ModelCapability[] | null;

  @Field(() => [ModelStateEnum], {
    nullable: true,
    description: 'Only in these states; `AVAILABLE` and `STALE` when absent.',
  })
  declare readonly states?: readonly ModelState[] | null;

  @Field(() => Boolean, { nullable: true, description: 'Only enabled or disabled.' })
  declare readonly enabled?: boolean | null;
}

@InputType('TokenPriceInput', { description: 'Price per million tokens.' })
export class TokenPriceInput {
  @Field(() => DecimalScalar, { description: 'Fresh input.' })
  declare readonly inputUsdPerMillion: string;

  @Field(() => DecimalScalar, { description: 'Output.' })
  declare readonly outputUsdPerMillion: string;

  @Field(() => DecimalScalar, { nullable: true, description: 'Input read from cache.' })
  declare readonly cacheReadUsdPerMillion?: string | null;

  @Field(() => DecimalScalar, { nullable: true, description: 'Input written to cache.' })
  declare readonly cacheWriteUsdPerMillion?: string | null;
}

@InputType('ModelUpdateInput', { description: 'Changes to a model; absent fields stay.' })
export class ModelUpdateInput {
  @Field(() => Boolean, { nullable: true, description: 'Whether routing may use it.' })
  declare readonly enabled?: boolean | null;

  @Field(() => TokenPriceInput, {
    nullable: true,
    description: 'List price to use instead; null to drop the override.',
  })
  declare readonly listPrice?: TokenPriceInput | null;
}

@InputType('ModelOrder', { description: 'Order of models.' })
export class ModelOrder {
  @Field(() => ModelOrderFieldEnum, { description: 'What to order by.' })
  declare readonly field: ModelOrderSource['field'];

  @Field(() => OrderDirectionEnum, { defaultValue: 'ASC', description: 'Which way.' })
  declare readonly direction: ModelOrderSource['direction'];
}
