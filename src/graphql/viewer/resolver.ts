/** Who is calling. */
import { Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import type { Actor } from '../../admin/actor.js';
import type { WorkspaceRecord } from '../../domain/records.js';
import type { GraphqlContext } from '../context.js';
import { tokenIdOf, type BucketState } from '../guard/cost-buckets.js';
import { RateLimit, Viewer, Workspace } from './types.js';

@Resolver(() => Viewer)
export class ViewerResolver {
  @Query(() => Viewer, { description: 'Who is calling, with which scopes and how much API budget is left.' })
  viewer(@Ctx() { caller }: GraphqlContext): Actor {
    return caller.actor;
  }

  @FieldResolver(() => Workspace, { description: 'Workspace everything it sees belongs to.' })
  workspace(@Ctx() { services, caller }: GraphqlContext): Promise<WorkspaceRecord> {
    return services.admin.workspace(caller);
  }

  @FieldResolver(() => RateLimit, { description: 'Budget of query cost left to it.' })
  rateLimit(@Root() viewer: Actor, @Ctx() { services }: GraphqlContext): BucketState {
    return services.costs.state(tokenIdOf(viewer));
  }
}
