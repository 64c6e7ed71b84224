/** Connections, their health, and the outcomes of changing them. */
import { Field, Float, ID, Int, ObjectType } from 'type-graphql';
import type { Billing, HealthState, FailureClass } from '../../domain/vocabulary.js';
import { countedPageType } from '../shared/page.js';
import { BillingEnum, FailureClassEnum, HealthStateEnum } from '../shared/enums.js';
import { DateTimeScalar } from '../shared/scalars.js';
import { DiscoveryRun } from '../discovery/types.js';
import { UserError } from '../shared/user-error.js';
import { Node } from '../shared/node.js';

@ObjectType('ConnectionHealth', { description: 'Health of a connection.' })
export class ConnectionHealth {
  @Field(() => HealthStateEnum, { description: 'State.' })
  declare readonly state: HealthState;

  @Field(() => FailureClassEnum, { nullable: true, description: 'Reason when not healthy.' })
  declare readonly reason: FailureClass | null;

  @Field(() => String, { nullable: true, description: 'Explanation for an operator, without secrets.' })
  declare readonly message: string | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Share of requests that failed in the last 15 minutes, 0 to 1; null without traffic.',
  })
  declare readonly errorRate: number | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'No traffic is sent before this time; null when none is held back.',
  })
  declare readonly cooldownUntil: number | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When this was last observed; null before the first check.',
  })
  declare readonly checkedAt: number | null;
}

@ObjectType('Connection', {
  description: 'A credential for one provider, with its own health, quota and usage.',
  implements: Node,
})
export class Connection extends Node {
  @Field(() => BillingEnum, { description: 'How it is paid for.' })
  declare readonly billing: Billing;

  @Field(() => String, { description: "Operator's name for it, unique within the provider." })
  declare readonly label: string;

  @Field(() => Boolean, { description: 'Whether routing may use it.' })
  declare readonly enabled: boolean;

  @Field(() => Int, { description: 'Lower goes first among connections of one provider.' })
  declare readonly priority: number;

  @Field(() => String, { nullable: true, description: 'Region in use; null when the provider has one only.' })
  declare readonly region: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Masked secret, such as `sk-…9f2a`; null when there is none.',
  })
  declare readonly secretPreview: string | null;

  @Field(() => DateTimeScalar, { description: 'When the secret was last replaced.' })
  declare readonly secretRotatedAt: number;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When the secret expires; null when unknown.' })
  declare readonly secretExpiresAt: number | null;

  @Field(() => DateTimeScalar, { description: 'When it was added.' })
  declare readonly createdAt: number;

  @Field(() => DateTimeScalar, { description: 'When it last changed.' })
  declare readonly updatedAt: number;
}

@ObjectType('ConnectionHealthPayload', { description: 'Health of one connection.' })
export class ConnectionHealthPayload {
  @Field(() => Connection, { description: 'The connection.' })
  declare readonly connection: Connection;

  @Field(() => ConnectionHealth, { description: 'Its health at this instant.' })
  declare readonly health: ConnectionHealth;

  @Field(() => HealthStateEnum, { nullable: true, description: 'State before; null in the snapshot.' })
  declare readonly previousState: HealthState | null;
}

@ObjectType('ConnectionCreatePayload', { description: 'Outcome of connectionCreate.' })
export class ConnectionCreatePayload {
  @Field(() => Connection, { nullable: true, description: 'New connection; null on error.' })
  declare readonly connection: Connection | null;

  @Field(() => DiscoveryRun, { nullable: true, description: 'Discovery started for it; null when none was.' })
  declare readonly discoveryRun: DiscoveryRun | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('ConnectionUpdatePayload', { description: 'Outcome of connectionUpdate.' })
export class ConnectionUpdatePayload {
  @Field(() => Connection, { nullable: true, description: 'Connection as it now is.' })
  declare readonly connection: Connection | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('ConnectionRotateSecretPayload', { description: 'Outcome of connectionRotateSecret.' })
export class ConnectionRotateSecretPayload {
  @Field(() => Connection, { nullable: true, description: 'Connection as it now is.' })
  declare readonly connection: Connection | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('ConnectionVerifyPayload', {
  description: 'Outcome of connectionVerify; a failed check is a result, not an error.',
})
export class ConnectionVerifyPayload {
  @Field(() => Connection, { nullable: true, description: 'Connection with fresh health.' })
  declare readonly connection: Connection | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('ConnectionClearCooldownPayload', { description: 'Outcome of connectionClearCooldown.' })
export class ConnectionClearCooldownPayload {
  @Field(() => Connection, { nullable: true, description: 'Connection as it now is.' })
  declare readonly connection: Connection | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('ConnectionDeletePayload', { description: 'Outcome of connectionDelete.' })
export class ConnectionDeletePayload {
  @Field(() => ID, { nullable: true, description: 'ID of the removed connection; null on error.' })
  declare readonly deletedId: string | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

/** Page of {@link Connection}. */
export const ConnectionPage = countedPageType('Connection', () => Connection, {
  description: 'Page of connections.',
  edgeDescription: 'Connection and its cursor.',
});
