/** What the handlers of an answer's body share: the attempt they serve, and what they may do with its call. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Clock } from '../domain/clock.js';
import type { UpstreamFailure } from '../domain/failure.js';
import type { Logger } from '../observability/logger.js';
import type { ErrorDialect } from '../protocols/protocol.js';
import { classifyFailure, readErrorAnswer } from '../providers/failure.js';
import type { RouteEntry } from '../routing/table.js';
import type { AnswerPath } from './answer-path.js';
import type { HeldBytes } from './held-bytes.js';
import type { Ledger, Measured } from './ledger.js';
import type { ProviderCall } from './provider-call.js';
import { requestIdHeaders, type HeaderList } from './reply.js';

export type AttemptOutcome =
  /** The caller has its answer, whole or broken off, and the ledger is closed. */
  | { readonly kind: 'answered' }
  /** Nothing was sent to the caller yet. */
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure; readonly measured?: Measured }
  | { readonly kind: 'cancelled' };

/** What one attempt works with; shared by the parts that handle its answer. */
export interface AttemptContext {
  readonly route: RouteEntry;
  readonly call: ProviderCall;
  /** What the provider is sent. */
  readonly body: HeldBytes;
  /** How its answer becomes the caller's. */
  readonly answer: AnswerPath;
  /** The caller's way to be told of errors. */
  readonly errors: ErrorDialect;
  readonly dispatcher: Dispatcher;
  readonly response: ServerResponse;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly requestId: string;
  /** Our own headers on the answer. */
  readonly headers: HeaderList;
  /** Longest silence on an open stream. */
  readonly pingMs: number;
  /** What is left of the request's time until its answer has to begin. */
  readonly beginWithinMs: number;
  /** The head of an answer came, whatever it is. */
  readonly onHeaders: (headers: IncomingHttpHeaders) => void;
  /** An answer has begun: no other provider will be asked. */
  readonly onBegun: () => void;
}

/** Handles the body of one kind of answer. */
export interface AnswerSink {
  data(chunk: Buffer): void;
  end(): void;
  /** The call broke off. */
  broken(failure: UpstreamFailure): void;
}

/** What a sink may do with the call it handles. */
export interface SinkControl {
  finish(outcome: AttemptOutcome): void;
  /** Stops the provider's sending until the caller has read. */
  pause(): void;
  resume(): void;
  /** Ends the call: nothing more of it is wanted. */
  abort(): void;
}

/** Writes the head of the caller's answer; from then on it is this attempt's. */
export function beginAnswer(context: AttemptContext, headers: HeaderList): void {
  context.response.writeHead(200, [...requestIdHeaders(context.requestId), ...context.headers, ...headers]);
  context.body.release();
  context.onBegun();
}

/** The failure an answer of the provider stands for, in its own words. */
export function failureOfAnswer(
  context: AttemptContext,
  status: number,
  bodyText: string,
  headers: IncomingHttpHeaders = {},
): UpstreamFailure {
  const hint = (name: string): string | null => {
    const value = headers[name];
    return typeof value === 'string' ? value : null;
  };
  return classifyFailure(context.route.offering, readErrorAnswer(status, bodyText), {
    retryAfter: hint('retry-after'),
    retryAfterMs: hint('retry-after-ms'),
    secret: context.call.secret,
    now: context.clock.now(),
  });
}

/** How an attempt ends whose caller left. */
export function callerGone(): UpstreamFailure {
  return {
    class: 'CANCELLED',
    httpStatus: null,
    message: 'The caller went away before the answer ended.',
    retryAt: null,
  };
}

/** An answer with a good status that is none. */
export function incompleteAnswer(message: string): UpstreamFailure {
  return { class: 'INCOMPLETE_ANSWER', httpStatus: 200, message, retryAt: null };
}
