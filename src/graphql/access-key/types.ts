/** Gateway keys and the outcomes of changing them. */
import { Field, Int, ObjectType } from 'type-graphql';
import { countedPageType } from '../shared/page.js';
import { DateTimeScalar } from '../shared/scalars.js';
import { UserError } from '../shared/user-error.js';
import { Node } from '../shared/node.js';

@ObjectType('AccessKey', {
  description: 'A key applications use against the LLM gateway. Stored as a hash.',
  implements: Node,
})
export class AccessKey extends Node {
  @Field(() => String, { description: "Operator's name for it." })
  declare readonly name: string;

  @Field(() => String, { description: 'Start of the key, enough to recognize it.' })
  declare readonly preview: string;

  @Field(() => [String], {
    description: 'Model references and `provider/*` patterns it may use; empty for all.',
  })
  declare readonly allowedModels: readonly string[];

  @Field(() => Int, { nullable: true, description: 'Requests per minute; null for no limit.' })
  declare readonly requestsPerMinute: number | null;

  @Field(() => Int, { nullable: true, description: 'Tokens per minute; null for no limit.' })
  declare readonly tokensPerMinute: number | null;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  declare readonly createdAt: number;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When it was last used; accurate to a minute.',
  })
  declare readonly lastUsedAt: number | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it stops working; null when never.' })
  declare readonly expiresAt: number | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was revoked; null when it was not.' })
  declare readonly revokedAt: number | null;
}

@ObjectType('AccessKeyCreatePayload', { description: 'Outcome of accessKeyCreate.' })
export class AccessKeyCreatePayload {
  @Field(() => AccessKey, { nullable: true, description: 'New key; null on error.' })
  declare readonly accessKey: AccessKey | null;

  @Field(() => String, {
    nullable: true,
    description: 'The key itself, shown this once; null on error and on an idempotent repeat.',
  })
  declare readonly plaintext: string | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('AccessKeyRevokePayload', { description: 'Outcome of accessKeyRevoke.' })
export class AccessKeyRevokePayload {
  @Field(() => AccessKey, { nullable: true, description: 'Key as it now is.' })
  declare readonly accessKey: AccessKey | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

/** Page of {@link AccessKey}. */
export const AccessKeyPage = countedPageType('AccessKey', () => AccessKey, {
  description: 'Page of gateway keys.',
  edgeDescription: 'Gateway key and its cursor.',
});
