/** What callers may say about providers. */
import { Field, InputType, Int } from 'type-graphql';
import type {
  Billing,
  CredentialKind,
  ModelCapability,
  ProviderKind,
  WireProtocol,
} from '../../domain/vocabulary.js';
import { TokenPriceInput } from '../model/inputs.js';
import {
  BillingEnum,
  CredentialKindEnum,
  ModelCapabilityEnum,
  ProviderKindEnum,
  WireProtocolEnum,
} from '../shared/enums.js';
import { UrlScalar } from '../shared/scalars.js';

@InputType('ProviderFilterInput', {
  description: 'Which providers to list; set fields are combined with AND.',
})
export class ProviderFilterInput {
  @Field(() => BillingEnum, { nullable: true, description: 'Only with this way of paying.' })
  declare readonly billing?: Billing | null;

  @Field(() => Boolean, { nullable: true, description: 'Only with (true) or without (false) a connection.' })
  declare readonly connected?: boolean | null;

  @Field(() => [ProviderKindEnum], { nullable: true, description: 'Only of these kinds.' })
  declare readonly kinds?: readonly ProviderKind[] | null;
}

@InputType('CustomModelInput', { description: 'Model of a custom provider.' })
export class CustomModelInput {
  @Field(() => String, { description: 'Name the provider uses.' })
  declare readonly upstreamId: string;

  @Field(() => String, { nullable: true, description: 'Name to show.' })
  declare readonly displayName?: string | null;

  @Field(() => Int, { nullable: true, description: 'Longest input in tokens.' })
  declare readonly contextWindow?: number | null;

  @Field(() => Int, { nullable: true, description: 'Longest output in tokens.' })
  declare readonly maxOutputTokens?: number | null;

  @Field(() => [ModelCapabilityEnum], { nullable: true, description: 'What it can do.' })
  declare readonly capabilities?: readonly ModelCapability[] | null;

  @Field(() => TokenPriceInput, { nullable: true, description: 'Price.' })
  declare readonly listPrice?: TokenPriceInput | null;
}

@InputType('CustomProviderCreateInput', { description: 'New custom provider.' })
export class CustomProviderCreateInput {
  @Field(() => String, {
    description:
      'Lower-case letters, digits and dashes; not taken by another provider. Prefixes its model references.',
  })
  declare readonly slug: string;

  @Field(() => String, { description: 'Name to show.' })
  declare readonly name: string;

  @Field(() => BillingEnum, { defaultValue: 'METERED', description: 'How it is paid for.' })
  declare readonly billing: Billing;

  @Field(() => CredentialKindEnum, {
    defaultValue: 'API_KEY',
    description: 'What kind of secret it takes; `API_KEY` or `NONE`.',
  })
  declare readonly credential: CredentialKind;

  @Field(() => WireProtocolEnum, { description: 'Format it speaks.' })
  declare readonly protocol: WireProtocol;

  @Field(() => UrlScalar, { description: "Base URL; the protocol's own paths are added to it." })
  declare readonly baseUrl: string;

  @Field(() => Boolean, {
    defaultValue: true,
    description: 'Whether to read its model list; otherwise `models` is all there is.',
  })
  declare readonly liveCatalog: boolean;

  @Field(() => [CustomModelInput], {
    defaultValue: [],
    description: 'Models, and facts about them the list does not give.',
  })
  declare readonly models: readonly CustomModelInput[];
}

@InputType('CustomProviderUpdateInput', {
  description: 'Changes to a custom provider; absent fields stay.',
})
export class CustomProviderUpdateInput {
  @Field(() => String, { nullable: true, description: 'Name to show.' })
  declare readonly name?: string | null;

  @Field(() => WireProtocolEnum, { nullable: true, description: 'Format it speaks.' })
  declare readonly protocol?: WireProtocol | null;

  @Field(() => UrlScalar, { nullable: true, description: 'Base URL.' })
  declare readonly baseUrl?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether to read its model list.' })
  declare readonly liveCatalog?: boolean | null;

  @Field(() => [CustomModelInput], {
    nullable: true,
    description: 'All its described models, replacing those before.',
  })
  declare readonly models?: readonly CustomModelInput[] | null;
}
