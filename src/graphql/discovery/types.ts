/** Discovery runs and the outcomes within them. */
import { Field, Int, ObjectType } from 'type-graphql';
import type { DiscoveryTrigger, JobStatus } from '../../domain/vocabulary.js';
import { pageType } from '../shared/page.js';
import { DiscoveryTriggerEnum, JobStatusEnum } from '../shared/enums.js';
import { DateTimeScalar } from '../shared/scalars.js';
import { UserError } from '../shared/user-error.js';
import { Node } from '../shared/node.js';

@ObjectType('DiscoveryResult', { description: 'Outcome of discovery for one connection.' })
export class DiscoveryResult {
  @Field(() => JobStatusEnum, { description: 'Where it stands.' })
  declare readonly status: JobStatus;

  @Field(() => Int, { description: 'Models now offered.' })
  declare readonly modelsFound: number;

  @Field(() => [String], { description: 'Models new since the last run.' })
  declare readonly modelsAdded: readonly string[];

  @Field(() => [String], { description: 'Models gone since the last run.' })
  declare readonly modelsRemoved: readonly string[];

  @Field(() => Int, { nullable: true, description: 'Time taken; null while open.' })
  declare readonly durationMs: number | null;
}

@ObjectType('DiscoveryRun', { description: 'A job that asks providers for their models.', implements: Node })
export class DiscoveryRun extends Node {
  @Field(() => DiscoveryTriggerEnum, { description: 'What started it.' })
  declare readonly trigger: DiscoveryTrigger;

  @Field(() => JobStatusEnum, { description: 'Where it stands.' })
  declare readonly status: JobStatus;

  @Field(() => [DiscoveryResult], { description: 'One entry per connection, in the order they finish.' })
  declare readonly results: readonly DiscoveryResult[];

  @Field(() => Int, { description: 'Connections in the run.' })
  declare readonly connectionsTotal: number;

  @Field(() => DateTimeScalar, { description: 'When it was asked for.' })
  declare readonly createdAt: number;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When work began; null while queued.' })
  declare readonly startedAt: number | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it ended; null while it has not.' })
  declare readonly finishedAt: number | null;
}

@ObjectType('DiscoveryProgressPayload', { description: 'State of a discovery run.' })
export class DiscoveryProgressPayload {
  @Field(() => DiscoveryRun, { description: 'The run with everything known so far.' })
  declare readonly run: DiscoveryRun;

  @Field(() => DiscoveryResult, {
    nullable: true,
    description: 'Outcome that caused this message; null in the snapshot.',
  })
  declare readonly result: DiscoveryResult | null;
}

@ObjectType('DiscoveryStartPayload', { description: 'Outcome of discoveryStart.' })
export class DiscoveryStartPayload {
  @Field(() => DiscoveryRun, {
    nullable: true,
    description:
      'The run; an open one with the same connections is returned rather than a second one started.',
  })
  declare readonly discoveryRun: DiscoveryRun | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('DiscoveryCancelPayload', { description: 'Outcome of discoveryCancel.' })
export class DiscoveryCancelPayload {
  @Field(() => DiscoveryRun, { nullable: true, description: 'Run as it now is.' })
  declare readonly discoveryRun: DiscoveryRun | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

/** Page of {@link DiscoveryRun}. */
export const DiscoveryRunPage = pageType('DiscoveryRun', () => DiscoveryRun, {
  description: 'Page of discovery runs.',
  edgeDescription: 'Discovery run and its cursor.',
});
