/** The audit log: who changed what, and what became of it. */
import { Ctx, FieldResolver, Query, Resolver, Root } from 'type-graphql';
import type { AuditEntryRecord } from '../../admin/audit-log.js';
import { positionOfAuditEntry } from '../../admin/positions.js';
import type { GraphqlContext } from '../context.js';
import { loadNode } from '../node/resolver.js';
import { Actor } from '../shared/actor.js';
import { After, Filter, First, present } from '../shared/args.js';
import { Node } from '../shared/node.js';
import { pageRequest, toPage, type PageValue } from '../shared/page.js';
import { toRange } from '../usage/ranges.js';
import { AuditFilterInput } from './inputs.js';
import { AuditEntry, AuditEntryPage } from './types.js';

@Resolver(() => AuditEntry)
export class AuditEntryResolver {
  @Query(() => AuditEntryPage, {
    description: 'Who changed what, newest first. Requires the `AUDIT_READ` scope.',
  })
  async auditLog(
    @Ctx() { services, caller }: GraphqlContext,
    @First(50) first: number,
    @After() after?: string | null,
    @Filter(() => AuditFilterInput) filter?: AuditFilterInput | null,
  ): Promise<PageValue<AuditEntryRecord>> {
    const { range, ...equal } = present(filter);
    const page = await services.admin.auditLog.list(caller, pageRequest('audit', first, after), {
      ...equal,
      ...(range && { range: toRange(range, services.clock) }),
    });
    return toPage('audit', page, positionOfAuditEntry);
  }

  @FieldResolver(() => Actor, { description: 'Who.' })
  actor(@Root() { actorKind, actorId, actorName }: AuditEntryRecord): Actor {
    return { kind: actorKind, id: actorId, name: actorName };
  }

  @FieldResolver(() => Node, { nullable: true, description: 'The thing itself; null once deleted.' })
  subject(@Root() { subjectId }: AuditEntryRecord, @Ctx() context: GraphqlContext): Promise<object | null> {
    return loadNode(context, subjectId);
  }
}
