/** Who is calling, and the workspace and budget it has. */
import { Field, ID, Int, ObjectType } from 'type-graphql';
import type { AdminScope } from '../../domain/vocabulary.js';
import { AdminScopeEnum } from '../shared/enums.js';
import { DateTimeScalar } from '../shared/scalars.js';

@ObjectType('RateLimit', {
  description: 'State of a cost budget; the same numbers are in `extensions.cost` of every answer.',
})
export class RateLimit {
  @Field(() => Int, { description: 'Points the bucket holds when full.' })
  declare readonly limit: number;

  @Field(() => Int, { description: 'Points left now.' })
  declare readonly remaining: number;

  @Field(() => Int, { description: 'Points restored per second.' })
  declare readonly restoreRate: number;

  @Field(() => DateTimeScalar, { description: 'When the bucket is full again if nothing more is spent.' })
  declare readonly resetAt: number;
}

@ObjectType('Viewer', { description: 'The caller of this API.' })
export class Viewer {
  @Field(() => ID, { description: 'ID of the admin token or session in use.' })
  declare readonly id: string;

  @Field(() => String, { description: 'Name the operator gave to it.' })
  declare readonly name: string;

  @Field(() => [AdminScopeEnum], { description: 'What it may do.' })
  declare readonly scopes: readonly AdminScope[];

  @Field(() => DateTimeScalar, {
    nullable: true,
    description:
      'When it stops working; null when it does not expire. Open subscriptions close with 4403 at this time.',
  })
  declare readonly expiresAt: number | null;
}

@ObjectType('Workspace', {
  description:
    'A tenant. Connections, tiers, keys and usage of one workspace are invisible to every other; workspaces are made by the command line.',
})
export class Workspace {
  @Field(() => ID, { description: 'Opaque ID, unique across every type.' })
  declare readonly id: string;

  @Field(() => String, { description: 'Stable short name.' })
  declare readonly slug: string;

  @Field(() => String, { description: 'Name to show.' })
  declare readonly name: string;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  declare readonly createdAt: number;
}
