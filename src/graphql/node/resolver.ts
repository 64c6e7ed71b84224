/** Any object by its id. */
import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { kindOfId, siblingId } from '../../domain/ids.js';
import { AppError } from '../../domain/errors.js';
import { slugOfProviderId } from '../../providers/provider-id.js';
import type { GraphqlContext } from '../context.js';
import { planOf } from '../plan-subscription/values.js';
import { providerOf } from '../provider/lookup.js';
import { checkListLength } from '../shared/args.js';
import { Node } from '../shared/node.js';

@Resolver()
export class NodeResolver {
  @Query(() => Node, {
    nullable: true,
    description: 'Any object by ID; null when it does not exist or may not be seen by the caller.',
  })
  node(
    @Ctx() context: GraphqlContext,
    @Arg('id', () => ID, { description: 'ID of the object.' }) id: string,
  ): Promise<object | null> {
    return loadNode(context, id);
  }

  @Query(() => [Node], {
    nullable: 'items',
    description: 'Several objects by ID, in request order; at most 100.',
  })
  async nodes(
    @Ctx() context: GraphqlContext,
    @Arg('ids', () => [ID], { description: 'IDs.' }) ids: string[],
  ): Promise<readonly (object | null)[]> {
    checkListLength('ids', ids);
    return Promise.all(ids.map((id) => loadNode(context, id)));
  }
}

/** The object behind an id. What may not be seen is answered like what does not exist. */
export async function loadNode(context: GraphqlContext, id: string): Promise<object | null> {
  const { loaders, caller } = context;
  try {
    switch (kindOfId(id)) {
      case 'provider': {
        if (!caller.actor.scopes.includes('CONFIG_READ')) return null;
        const provider = await providerOf(context, slugOfProviderId(id) ?? '');
        return provider && { ...provider, id };
      }
      case 'connection':
        return await loaders.connection.load(id);
      case 'plan':
        return planOf(await loaders.connection.load(siblingId('connection', id)));
      case 'model':
        return await loaders.model.load(id);
      case 'run':
        return await loaders.run.load(id);
      case 'tier':
        return await loaders.tier.load(id);
      case 'rule':
        return await loaders.rule.load(id);
      case 'accessKey':
        return await loaders.accessKey.load(id);
      case 'limit':
        return await loaders.limit.load(id);
      case 'alert':
        return await loaders.alert.load(id);
      case 'webhook':
        return await loaders.webhook.load(id);
      case 'event':
        return await loaders.event.load(id);
      case 'audit':
        return await loaders.auditEntry.load(id);
      default:
        return null;
    }
  } catch (error) {
    if (error instanceof AppError && error.code === 'FORBIDDEN') return null;
    throw error;
  }
}
