/** One call to a provider, its answer passed on as it comes. Until the first bytes went out, a failure can still be mended elsewhere. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ServerResponse } from 'node:http';
import type { Dispatcher } from 'undici';
import { ERROR_BODY_MAX_BYTES } from '../config/limits.js';
import type { Clock } from '../domain/clock.js';
import type { UpstreamFailure } from '../domain/failure.js';
import type { Protocol } from '../protocols/protocol.js';
import { classifyFailure, readErrorAnswer } from '../providers/failure.js';
import type { RouteEntry } from '../routing/table.js';
import type { Ledger } from './ledger.js';
import type { ProviderCall } from './provider-call.js';
import type { HeaderList } from './reply.js';
import { createStreamSink } from './stream-sink.js';
import { failureOfError } from './transport-failure.js';
import { createWholeSink } from './whole-sink.js';

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

const EVENT_STREAM = 'text/event-stream';

export function runAttempt(context: AttemptContext): Promise<AttemptOutcome> {
  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | null = null;
    let sink: AnswerSink | null = null;
    let finished = false;

    const finish = (outcome: AttemptOutcome): void => {
      if (finished) return;
      finished = true;
      context.response.off('close', onCallerGone);
      resolve(outcome);
    };
    const abort = (): void => {
      if (controller && !controller.aborted) controller.abort(new Error('the answer is no longer wanted'));
    };
    const onCallerGone = (): void => {
      if (finished) return;
      sink?.broken(callerGone());
      finish({ kind: 'cancelled' });
      abort();
    };
    const control: SinkControl = {
      finish,
      abort,
      pause: () => controller?.pause(),
      resume: () => controller?.resume(),
    };

    context.response.on('close', onCallerGone);
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        controller = started;
        if (finished) abort();
      },
      onResponseStart(_controller, status, headers) {
        sink = openSink(context, control, status, headers);
      },
      onResponseData(_controller, chunk) {
        if (!finished) sink?.data(chunk);
      },
      onResponseEnd() {
        if (!finished) sink?.end();
      },
      onResponseError(_controller, error) {
        if (finished) return;
        const failure = failureOfError(error);
        if (sink) sink.broken(failure);
        else finish({ kind: 'failed', failure });
      },
    };
    const { origin, path, headers } = context.call;
    context.dispatcher.dispatch({ origin, path, method: 'POST', headers, body: context.body }, handler);
  });
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

export function callerGone(): UpstreamFailure {
  return { class: 'CANCELLED', httpStatus: null, message: 'The caller went away before the answer ended.', retryAt: null };
}

function openSink(
  context: AttemptContext,
  control: SinkControl,
  status: number,
  headers: IncomingHttpHeaders,
): AnswerSink {
  if (status < 200 || status > 299) return createErrorSink(context, control, status, headers);
  return headers['content-type']?.startsWith(EVENT_STREAM)
    ? createStreamSink(context, control, headers)
    : createWholeSink(context, control, headers);
}

function createErrorSink(
  context: AttemptContext,
  control: SinkControl,
  status: number,
  headers: IncomingHttpHeaders,
): AnswerSink {
  const chunks: Buffer[] = [];
  let size = 0;
  const finish = (): void => {
    const text = Buffer.concat(chunks).toString('utf8');
    control.finish({ kind: 'failed', failure: failureOfAnswer(context, status, text, headers) });
  };
  return {
    data(chunk) {
      chunks.push(chunk);
      size += chunk.length;
      if (size < ERROR_BODY_MAX_BYTES) return;
      finish();
      control.abort();
    },
    end: finish,
    // The status alone says that it failed; what was read of the body says why.
    broken: finish,
  };
}
