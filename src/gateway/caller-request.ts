/** A request as its caller sent it: found valid, parsed at most once, and let go of once an answer to it has begun. */
import type { IncomingHttpHeaders } from 'node:http';
import { AppError } from '../domain/errors.js';
import type { ClientDialect, JsonObject, ReadRequest } from '../protocols/dialect.js';
import { JsonSyntaxError, parseSpan, scanObject, type JsonMembers } from '../protocols/json-scan.js';
import type { RequestReading } from '../protocols/protocol.js';
import type { Surface } from '../protocols/registry.js';
import { conversationOf } from './conversation.js';
import type { HeldBytes } from './held-bytes.js';

export interface CallerRequest {
  readonly headers: IncomingHttpHeaders;
  readonly body: HeldBytes;
  readonly members: JsonMembers;
  /** Empty when none was named. */
  readonly requestedModel: string;
  readonly reading: RequestReading;
  /** The conversation it belongs to. */
  conversation(): string;
  /** What it asks, in no dialect; throws an AppError for what its own dialect does not allow. */
  canonical(client: ClientDialect): ReadRequest;
  /** Nothing will be sent anywhere any more. */
  release(): void;
}

/** Throws an AppError for what is no request. */
export function readCallerRequest(
  { protocol }: Pick<Surface, 'protocol'>,
  headers: IncomingHttpHeaders,
  body: HeldBytes,
): CallerRequest {
  const members = asJson(() => scanObject(body.bytes()));
  const requestedModel = asJson(() => modelIn(body.bytes(), members));
  const reading = asJson(() => protocol.readRequest(body.bytes(), members));
  let conversation: string | null = null;
  let canonical: ReadRequest | null = null;
  return {
    headers,
    body,
    members,
    requestedModel,
    reading,
    conversation() {
      conversation ??= asJson(() => conversationOf(headers, body.bytes(), members));
      return conversation;
    },
    canonical(client) {
      canonical ??= client.readRequest(parse(body.bytes()));
      return canonical;
    },
    release() {
      body.release();
      canonical = null;
    },
  };
}

/** What the bytes of a request turn out not to be, said to its caller. */
export function asJson<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    throw invalidJson(error);
  }
}

function modelIn(body: Buffer, members: JsonMembers): string {
  // The name that is checked here must be the one that is read there.
  if (members.repeated.includes('model')) {
    throw new AppError('BAD_REQUEST', '"model" stands there more than once; send it once.', {
      field: ['model'],
    });
  }
  const span = members.values.get('model');
  const model = span === undefined ? null : parseSpan(body, span);
  if (model !== null && typeof model !== 'string') {
    throw new AppError('BAD_REQUEST', '"model" must be a string such as "zai/glm-5.1".', {
      field: ['model'],
    });
  }
  return model ?? '';
}

function parse(body: Buffer): JsonObject {
  try {
    // That it is an object was seen when its members were found.
    return JSON.parse(body.toString('utf8')) as JsonObject;
  } catch (error) {
    throw invalidJson(error instanceof Error ? error : new Error(String(error)));
  }
}

function invalidJson(cause: Error): AppError {
  return new AppError('INVALID_JSON', `The request body is not valid JSON: ${cause.message}.`, { cause });
}
