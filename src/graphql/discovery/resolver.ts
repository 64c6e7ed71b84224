/** Discovery: runs past and present, starting, stopping and following them. */
import {
  Arg,
  Ctx,
  FieldResolver,
  ID,
  Int,
  Mutation,
  Query,
  Resolver,
  Root,
  Subscription,
} from 'type-graphql';
import { positionOfDiscoveryRun } from '../../admin/positions.js';
import type { UpstreamFailure } from '../../domain/failure.js';
import type { ConnectionRecord, DiscoveryResultRecord, DiscoveryRunRecord } from '../../domain/records.js';
import { Connection } from '../connection/types.js';
import type { GraphqlContext } from '../context.js';
import { knownProvider, type ShownProvider } from '../provider/lookup.js';
import { Provider } from '../provider/types.js';
import { After, checkListLength, First, Id, Input } from '../shared/args.js';
import { UpstreamError } from '../shared/failure.js';
import { pageRequest, toPage, type PageValue } from '../shared/page.js';
import { toPayload } from '../shared/payload.js';
import { followRun, type RunProgress } from './follow-run.js';
import { DiscoveryStartInput } from './inputs.js';
import {
  DiscoveryCancelPayload,
  DiscoveryProgressPayload,
  DiscoveryResult,
  DiscoveryRun,
  DiscoveryRunPage,
  DiscoveryStartPayload,
} from './types.js';

@Resolver(() => DiscoveryRun)
export class DiscoveryResolver {
  @Query(() => DiscoveryRunPage, { description: 'Past and running discovery runs, newest first.' })
  async discoveryRuns(
    @Ctx() { services, caller }: GraphqlContext,
    @First(20) first: number,
    @After() after?: string | null,
  ): Promise<PageValue<DiscoveryRunRecord>> {
    const page = await services.admin.discovery.runs(caller, pageRequest('run', first, after));
    return toPage('run', page, positionOfDiscoveryRun);
  }

  @Mutation(() => DiscoveryStartPayload, {
    description:
      'Ask providers which models they offer. Returns at once; follow `discoveryProgress` or poll the run.',
  })
  async discoveryStart(
    @Ctx() { services, caller }: GraphqlContext,
    @Input(() => DiscoveryStartInput, { nullable: true }) input?: DiscoveryStartInput | null,
  ): Promise<object> {
    const connectionIds = input?.connectionIds ?? null;
    checkListLength('connectionIds', connectionIds);
    return toPayload(await services.admin.discovery.start(caller, connectionIds), (discoveryRun) => ({
      discoveryRun,
    }));
  }

  @Mutation(() => DiscoveryCancelPayload, { description: 'Stop a discovery run that has not finished.' })
  async discoveryCancel(@Ctx() { services, caller }: GraphqlContext, @Id() id: string): Promise<object> {
    return toPayload(await services.admin.discovery.cancel(caller, id), (discoveryRun) => ({ discoveryRun }));
  }

  @Subscription(() => DiscoveryProgressPayload, {
    description:
      'Progress of one discovery run: a snapshot at once, one message per provider outcome, completion when the run ends.',
    subscribe: ({ args, context }: { args: { runId: string }; context: GraphqlContext }) =>
      followRun(context, args.runId),
  })
  discoveryProgress(
    @Root() progress: RunProgress,
    @Arg('runId', () => ID, { description: 'ID of the run.' }) _runId: string,
  ): RunProgress {
    return progress;
  }

  @FieldResolver(() => Int, { description: 'Connections finished, with or without error.' })
  connectionsDone(@Root() run: DiscoveryRunRecord): number {
    return run.results.filter((result) => result.finishedAt !== null).length;
  }
}

@Resolver(() => DiscoveryResult)
export class DiscoveryResultResolver {
  @FieldResolver(() => Connection, { nullable: true, description: 'The connection; null once deleted.' })
  async connection(
    @Root() result: DiscoveryResultRecord,
    @Ctx() { loaders }: GraphqlContext,
  ): Promise<ConnectionRecord | null> {
    return result.connectionId === null ? null : loaders.connection.load(result.connectionId);
  }

  @FieldResolver(() => Provider, { description: 'Its provider.' })
  provider(@Root() result: DiscoveryResultRecord, @Ctx() context: GraphqlContext): Promise<ShownProvider> {
    return knownProvider(context, result.provider);
  }

  @FieldResolver(() => UpstreamError, { nullable: true, description: 'Why it failed; null on success.' })
  error(@Root() result: DiscoveryResultRecord): UpstreamFailure | null {
    return result.failure;
  }
}
