/** The state of this service and of what it depends on. */
import { Field, Int, ObjectType } from 'type-graphql';
import type { HealthState } from '../../domain/vocabulary.js';
import { HealthStateEnum } from '../shared/enums.js';
import { DateTimeScalar, SafeIntScalar } from '../shared/scalars.js';

@ObjectType('HealthCheck', { description: 'State of one dependency.' })
export class HealthCheck {
  @Field(() => String, { description: 'What was checked, such as `database` or `usage-writer`.' })
  declare readonly name: string;

  @Field(() => HealthStateEnum, { description: 'Outcome.' })
  declare readonly state: HealthState;

  @Field(() => Int, { nullable: true, description: 'Time the check took.' })
  declare readonly latencyMs: number | null;

  @Field(() => String, { nullable: true, description: 'Explanation for an operator; null when healthy.' })
  declare readonly message: string | null;
}

@ObjectType('SystemHealth', { description: 'State of the whole service.' })
export class SystemHealth {
  @Field(() => HealthStateEnum, { description: 'Worst state among the checks.' })
  declare readonly state: HealthState;

  @Field(() => String, { description: 'Version of the running build.' })
  declare readonly version: string;

  @Field(() => DateTimeScalar, { description: 'When this process started.' })
  declare readonly startedAt: number;

  @Field(() => String, { description: 'SHA-256 of the served schema, to detect drift.' })
  declare readonly schemaHash: string;

  @Field(() => [HealthCheck], { description: 'One entry per dependency and background job.' })
  declare readonly checks: readonly HealthCheck[];

  @Field(() => Int, { description: 'Days that individual usage events are kept; rollups are kept for good.' })
  declare readonly usageRetentionDays: number;

  @Field(() => Int, { description: 'Subscribers connected now.' })
  declare readonly liveSubscribers: number;

  @Field(() => SafeIntScalar, { description: 'Events dropped for slow subscribers since start.' })
  declare readonly liveEventsDropped: number;
}
