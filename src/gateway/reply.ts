/** Writing answers of our own: errors in the caller's dialect, and the headers every answer carries. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '../domain/clock.js';
import { AppError } from '../domain/errors.js';
import type { UpstreamFailure } from '../domain/failure.js';
import type { DialectError, ErrorDialect } from '../protocols/protocol.js';
import { statusOfFailure } from './failure-response.js';

export type HeaderList = string[];

/** `x-request-id` for everyone, `request-id` for Anthropic clients. */
export function requestIdHeaders(requestId: string): HeaderList {
  return ['x-request-id', requestId, 'request-id', requestId];
}

/** An error of ours. `internal` ones say nothing of their cause. */
export function replyError(
  response: ServerResponse,
  dialect: ErrorDialect,
  error: AppError,
  requestId: string,
): void {
  const headers = requestIdHeaders(requestId);
  if (error.retryAfterSeconds !== undefined) headers.push('retry-after', String(error.retryAfterSeconds));
  // An answer given before the body was read leaves the rest of it on the connection: it cannot serve another request.
  if (!response.req.complete) headers.push('connection', 'close');
  send(
    response,
    dialect,
    {
      status: error.status,
      message: error.message,
      code: error.code,
      requestId,
      ...(error.field && { param: error.field.join('.') }),
    },
    headers,
  );
}

export interface FailureReply {
  readonly failure: UpstreamFailure;
  readonly attempts: number;
  readonly requestId: string;
  readonly headers: HeaderList;
  readonly clock: Clock;
}

/** The failure of the last attempt, once no other is left. */
export function replyFailure(response: ServerResponse, dialect: ErrorDialect, reply: FailureReply): void {
  const { failure, requestId, clock } = reply;
  const headers = [...requestIdHeaders(requestId), ...reply.headers];
  if (failure.retryAt !== null) {
    headers.push('retry-after', String(Math.max(1, Math.ceil((failure.retryAt - clock.now()) / 1000))));
  }
  // SDKs retry by themselves; after several attempts of ours theirs would multiply them.
  if (reply.attempts > 1) headers.push('x-should-retry', 'false');
  const status = statusOfFailure(failure);
  send(response, dialect, { status, message: failure.message, code: failure.class, requestId }, headers);
}

function send(
  response: ServerResponse,
  dialect: ErrorDialect,
  error: DialectError,
  headers: HeaderList,
): void {
  if (response.destroyed) return;
  if (response.headersSent) {
    // Part of an answer is out already: cutting the connection is the only way left to say that this is not all.
    response.destroy();
    return;
  }
  const body = Buffer.from(dialect.body(error), 'utf8');
  response.writeHead(error.status, [
    ...headers,
    'content-type',
    'application/json',
    'content-length',
    String(body.length),
  ]);
  response.end(body);
}

/** A JSON answer of ours. */
export function replyJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: HeaderList = [],
): void {
  const bytes = Buffer.from(JSON.stringify(body), 'utf8');
  response.writeHead(status, [
    ...headers,
    'content-type',
    'application/json',
    'content-length',
    String(bytes.length),
  ]);
  response.end(bytes);
}
