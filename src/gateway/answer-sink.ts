/** What the handlers of an answer's body share: the attempt they serve, and what they may do with its call. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import type { Clock } from '../domain/clock.js';
import type { UpstreamFailure } from '../domain/failure.js';
import type { Protocol } from '../protocols/protocol.js';
import { classifyFailure, readErrorAnswer } from '../providers/failure.js';
import type { RouteEntry } from '../routing/table.js';
import type { Ledger } from './ledger.js';
import type { ProviderCall } from './provider-call.js';
import type { HeaderList } from './reply.js';

export type AttemptOutcome =
  /** The caller has its answer, whole or broken off, and the ledger is closed. */
  | { readonly kind: 'answered' }
  /** Nothing was sent to the caller yet. */
  | { readonly kind: 'failed'; readonly failure: UpstreamFailure }
  | { readonly kind: 'cancelled' };

/** What one attempt works with; shared by the parts that handle its answer. */
export interface AttemptContext {
  readonly route: RouteEntry;
  readonly protocol: Protocol;
  readonly call: ProviderCall;
  readonly body: Buffer;
  readonly dispatcher: Dispatcher;
  readonly response: ServerResponse;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly requestId: string;
  /** Our own headers on the answer. */
  readonly headers: HeaderList;
  /** Take usage out of the stream: the caller did not ask for it. */
  readonly hideUsage: boolean;
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
