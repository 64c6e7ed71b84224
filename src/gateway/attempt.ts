/** One call to a provider, its answer passed on as it comes. Until the first bytes went out, a failure can still be mended elsewhere. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { ERROR_BODY_MAX_BYTES } from '../config/limits.js';
import {
  callerGone,
  failureOfAnswer,
  type AnswerSink,
  type AttemptContext,
  type AttemptOutcome,
  type SinkControl,
} from './answer-sink.js';
import { createStreamSink } from './stream-sink.js';
import { failureOfError } from './transport-failure.js';
import { createWholeSink } from './whole-sink.js';

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
