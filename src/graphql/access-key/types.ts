/** Gateway keys and the outcomes of changing them. */
import { Field, Int, ObjectType } from 'type-graphql';
import type { NanoUsd } from '../../domain/money.js';
import type { LimitWindow } from '../../domain/vocabulary.js';
import { LimitWindowEnum } from '../shared/enums.js';
import { countedPageType } from '../shared/page.js';
import { DateTimeScalar, DecimalScalar } from '../shared/scalars.js';
import { UserError } from '../shared/user-error.js';
import { Node } from '../shared/node.js';

@ObjectType('Budget', { description: 'Spending limit of a key.' })
export class Budget {
  @Field(() => DecimalScalar, { description: 'Most that may be spent in a window.' })
  declare readonly limitUsd: NanoUsd;

  @Field(() => LimitWindowEnum, { description: 'Length of the window.' })
  declare readonly window: LimitWindow;

  @Field(() => DecimalScalar, { description: 'Spent in the present window.' })
  declare readonly spentUsd: NanoUsd;

  @Field(() => DateTimeScalar, {
    description: 'When the next window starts; for a budget over all time, a moment that does not come.',
  })
  declare readonly resetsAt: number;
}

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

  @Field(() => Int, { nullable: true, description: 'Most requests at a time; null for no limit.' })
  declare readonly maxConcurrency: number | null;

  @Field(() => [String], { description: 'Words that reports are grouped by.' })
  declare readonly tags: readonly string[];

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

@ObjectType('AccessKeyUpdatePayload', { description: 'Outcome of accessKeyUpdate.' })
export class AccessKeyUpdatePayload {
  @Field(() => AccessKey, { nullable: true, description: 'Key as it now is.' })
  declare readonly accessKey: AccessKey | null;

  @Field(() => [UserError], { description: 'Problems; empty on success.' })
  declare readonly userErrors: readonly UserError[];
}

@ObjectType('AccessKeyRotatePayload', { description: 'Outcome of accessKeyRotate.' })
export class AccessKeyRotatePayload {
  @Field(() => AccessKey, { nullable: true, description: 'Key as it now is.' })
  declare readonly accessKey: AccessKey | null;

  @Field(() => String, { nullable: true, description: 'The new key itself, shown this once.' })
  declare readonly plaintext: string | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When the old plaintext stops working; null on error.',
  })
  declare readonly previousValidUntil: number | null;

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
