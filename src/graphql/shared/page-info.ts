/** Where a page lies. */
import { Field, ObjectType } from 'type-graphql';

@ObjectType('PageInfo', { description: 'Where a page lies. Only forward paging is offered.' })
export class PageInfo {
  @Field(() => Boolean, { description: 'Whether more follows.' })
  declare readonly hasNextPage: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Cursor to send as `after` for the next page; null on an empty page.',
  })
  declare readonly endCursor: string | null;
}
