/** Providers and the ways to buy access to them. */
import { Field, ID, ObjectType } from 'type-graphql';
import type { NanoUsd } from '../../domain/money.js';
import type { Billing, CredentialKind, ProviderKind } from '../../domain/vocabulary.js';
import { BillingEnum, CredentialKindEnum, ProviderKindEnum } from '../shared/enums.js';
import { DecimalScalar, UrlScalar } from '../shared/scalars.js';
import { Node } from '../shared/node.js';
import { UserError } from '../shared/user-error.js';

@ObjectType('SubscriptionPlanOffer', { description: 'A plan a provider sells.' })
export class SubscriptionPlanOffer {
  @Field(() => String, { description: 'Stable code, such as `pro`.' })
  declare readonly code: string;

  @Field(() => String, { description: 'Name to show.' })
  declare readonly name: string;

  @Field(() => DecimalScalar, { nullable: true, description: 'Monthly price; null when unknown.' })
  declare readonly monthlyPriceUsd: NanoUsd | null;
}

@ObjectType('ProviderOffering', {
  description: "One way to buy access to a provider, such as Z.ai's GLM Coding Plan beside its metered API.",
})
export class ProviderOffering {
  @Field(() => String, { description: 'Stable code within the provider, such as `coding-plan` or `api`.' })
  declare readonly code: string;

  @Field(() => String, { description: 'Name to show, such as `GLM Coding Plan`.' })
  declare readonly name: string;

  @Field(() => BillingEnum, { description: 'How it is paid for.' })
  declare readonly billing: Billing;

  @Field(() => CredentialKindEnum, { description: 'What kind of secret it takes.' })
  declare readonly credential: CredentialKind;

  @Field(() => Boolean, { description: "Whether the plan's quota windows can be read with the key." })
  declare readonly reportsQuota: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Form of the secret, as a hint for input fields; null when unknown.',
  })
  declare readonly secretHint: string | null;

  @Field(() => [SubscriptionPlanOffer], {
    description: 'Plans to choose from when `billing` is `SUBSCRIPTION`.',
  })
  declare readonly plans: readonly SubscriptionPlanOffer[];

  @Field(() => String, {
    nullable: true,
    description: "What the provider's terms ask of the operator; null when nothing is known.",
  })
  declare readonly termsNotice: string | null;
}

@ObjectType('Provider', { description: 'A company or local server that offers models.', implements: Node })
export class Provider extends Node {
  @Field(() => String, { description: 'Short name that prefixes its model references, such as `zai`.' })
  declare readonly slug: string;

  @Field(() => String, { description: 'Name to show.' })
  declare readonly name: string;

  @Field(() => ProviderKindEnum, { description: 'What kind of service it is.' })
  declare readonly kind: ProviderKind;

  @Field(() => [ProviderOffering], {
    description: 'Ways to buy access; one provider may sell both a coding plan and metered tokens.',
  })
  declare readonly offerings: readonly ProviderOffering[];

  @Field(() => UrlScalar, { nullable: true, description: 'Page on which an operator obtains credentials.' })
  declare readonly consoleUrl: string | null;
}

@ObjectType('CustomProviderCreatePayload', { description: 'Outcome of customProviderCreate.' })
export class CustomProviderCreatePayload {
  @Field(() => Provider, { nullable: true, description: 'New provider; null on error.' })
  declare readonly provider: Provider | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('CustomProviderUpdatePayload', { description: 'Outcome of customProviderUpdate.' })
export class CustomProviderUpdatePayload {
  @Field(() => Provider, { nullable: true, description: 'Provider as it now is.' })
  declare readonly provider: Provider | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('CustomProviderDeletePayload', { description: 'Outcome of customProviderDelete.' })
export class CustomProviderDeletePayload {
  @Field(() => ID, { nullable: true, description: 'ID of the removed provider; null on error.' })
  declare readonly deletedId: string | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}
