/** One call to a provider, its answer passed on as it comes. Until the first bytes went out, a failure can still be mended elsewhere. */
import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { BODY_RELEASED_MIN_BYTES, ERROR_BODY_MAX_BYTES } from '../config/limits.js';
import type { UpstreamFailure } from '../domain/failure.js';
import {
  callerGone,
  failureOfAnswer,
  incompleteAnswer,
  type AnswerSink,
  type AttemptContext,
  type AttemptOutcome,
  type SinkControl,
} from './answer-sink.js';
import type { HeldBytes } from './held-bytes.js';
import { createStreamSink } from './stream-sink.js';
import { answerTooLate, failureOfError, isFault } from './transport-failure.js';
import { createWholeSink } from './whole-sink.js';

const EVENT_STREAM = 'text/event-stream';

export function runAttempt(context: AttemptContext): Promise<AttemptOutcome> {
  return new Promise((resolve) => {
    let controller: Dispatcher.DispatchController | null = null;
    let sink: AnswerSink | null = null;
    let finished = false;
    // The response would not do: it raises nothing while it waits behind another one on the same connection.
    const { socket } = context.response.req;

    const finish = (outcome: AttemptOutcome): void => {
      if (finished) return;
      finished = true;
      clearTimeout(late);
      socket.off('close', onCallerGone);
      resolve(outcome);
    };
    const abort = (): void => {
      if (controller && !controller.aborted) controller.abort(new Error('the answer is no longer wanted'));
    };
    /** The call ended without an answer, or in the middle of one. */
    const onFailure = (failure: UpstreamFailure): void => {
      if (sink) sink.broken(failure);
      else finish({ kind: 'failed', failure });
    };
    const onLate = (): void => {
      // What has begun may take as long as it takes.
      if (finished || context.response.headersSent) return;
      onFailure(answerTooLate());
      abort();
    };
    const late = setTimeout(onLate, Math.ceil(context.beginWithinMs));
    const onCallerGone = (): void => {
      if (finished) return;
      if (sink) sink.broken(callerGone());
      else context.ledger.attemptFailed(callerGone());
      finish({ kind: 'cancelled' });
      abort();
    };
    const control: SinkControl = {
      finish,
      abort,
      pause: () => controller?.pause(),
      resume() {
        // Once it is over, the provider's socket may be serving another call.
        if (!finished) controller?.resume();
      },
    };

    if (socket.destroyed) return onCallerGone();
    socket.on('close', onCallerGone);
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        controller = started;
        if (finished) abort();
      },
      onResponseStart(_controller, status, headers) {
        if (status < 200 || finished) return;
        context.onHeaders(headers);
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
        if (isFault(error)) {
          const { requestId } = context;
          context.logger.error({ err: error, requestId }, 'an answer could not be handled');
        }
        onFailure(failureOfError(error));
      },
    };
    const { origin, path, headers } = context.call;
    const { body } = context;
    const isSmall = body.length < BODY_RELEASED_MIN_BYTES;
    if (!isSmall) headers['content-length'] = String(body.length);
    const sent = isSmall ? body.bytes() : inOnePiece(body);
    context.dispatcher.dispatch({ origin, path, method: 'POST', headers, body: sent }, handler);
  });
}

/** The client keeps what it was given to send for as long as an answer takes. Of this it keeps no bytes. */
function inOnePiece(body: HeldBytes): Readable {
  const piece = function* (): Generator<Buffer> {
    yield body.bytes();
  };
  return Readable.from(piece(), { objectMode: false });
}

function openSink(
  context: AttemptContext,
  control: SinkControl,
  status: number,
  headers: IncomingHttpHeaders,
): AnswerSink {
  if (status < 200 || status > 299) return createErrorSink(context, control, status, headers);
  if (isCompressed(headers)) return createUnreadableSink(control, COMPRESSED);
  if (!headers['content-type']?.toLowerCase().startsWith(EVENT_STREAM)) {
    return createWholeSink(context, control, headers);
  }
  return context.answer.takesStream
    ? createStreamSink(context, control, headers)
    : createUnreadableSink(control, UNASKED_STREAM);
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
    broken(failure) {
      if (failure.class === 'CANCELLED') context.ledger.attemptFailed(failure);
      // The status alone says that it failed; what was read of the body says why.
      else finish();
    },
  };
}

function isCompressed(headers: IncomingHttpHeaders): boolean {
  const encoding = headers['content-encoding'];
  return encoding !== undefined && encoding.toLowerCase() !== 'identity';
}

const COMPRESSED = 'The provider compressed its answer although it was asked not to.';
const UNASKED_STREAM = 'The provider streamed its answer although it was asked not to.';

/** An answer in a form that was not asked for: nobody here can tell whether it is one, or what it used. */
function createUnreadableSink(control: SinkControl, message: string): AnswerSink {
  const refuse = (): void => {
    control.finish({ kind: 'failed', failure: incompleteAnswer(message) });
    control.abort();
  };
  return { data: refuse, end: refuse, broken: refuse };
}
