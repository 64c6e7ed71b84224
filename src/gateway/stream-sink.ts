/** Passes a stream on as it comes. Bytes are written first and looked at after, except where the look decides what is written. */
import type { IncomingHttpHeaders } from 'node:http';
import { STREAM_FRAME_MAX_BYTES } from '../config/limits.js';
import type { UpstreamFailure } from '../domain/failure.js';
import { answerHead } from './answer-head.js';
import { failureOfAnswer, type AnswerSink, type AttemptContext, type SinkControl } from './answer-sink.js';
import { createAnswerWriter } from './answer-writer.js';
import { measureStream } from './measure.js';

const FRAME_ENDS = ['\n\n', '\n\r\n'];

export function createStreamSink(
  context: AttemptContext,
  control: SinkControl,
  upstreamHeaders: IncomingHttpHeaders,
): AnswerSink {
  const { response, protocol, ledger, hideUsage } = context;
  const reader = protocol.createStreamReader({ hideUsage });
  /** What came before the first frame was whole: until then the answer may still turn out to be an error. */
  let held: Buffer[] | null = [];
  let heldBytes = 0;
  let firstTokenSeen = false;
  let usageSeen = false;
  let settled = false;

  const measure = () => measureStream(reader, context.body.length);
  const write = createAnswerWriter(response, control);
  /** Books the answer as complete. Done before its last bytes leave, so that whoever saw them finds them booked. */
  const settle = (): void => {
    if (settled) return;
    settled = true;
    ledger.attemptAnswered(measure());
    ledger.end('OK', null);
  };
  const complete = (): void => {
    settle();
    response.end();
    control.finish({ kind: 'answered' });
  };
  const afterLook = (): void => {
    if (!firstTokenSeen && reader.contentFrames > 0) {
      firstTokenSeen = true;
      ledger.firstToken();
    }
    if (usageSeen || reader.usage.input === null) return;
    // Formats that state the input at the start: a crash must not forget it.
    usageSeen = true;
    if (!reader.finished) ledger.progress(measure());
  };
  const breakOff = (failure: UpstreamFailure): void => {
    if (!settled) {
      settled = true;
      ledger.attemptFailed(failure, measure());
      ledger.end(failure.class === 'CANCELLED' ? 'CANCELLED' : 'FAILED', failure);
      response.write(
        protocol.errors.frame({
          status: 502,
          message: failure.message,
          code: failure.class,
          requestId: context.requestId,
        }),
      );
    }
    response.end();
    control.finish({ kind: 'answered' });
  };
  const breakAtError = (errorData: string): void => {
    breakOff(failureOfAnswer(context, 200, errorData));
    control.abort();
  };
  const open = (): void => {
    if (held === null) return;
    response.writeHead(200, answerHead(context, upstreamHeaders));
    const bytes = held.length === 1 && held[0] ? held[0] : Buffer.concat(held);
    held = null;
    pass(bytes);
  };
  /** Writes bytes that were looked at already. */
  const pass = (bytes: Buffer): void => {
    afterLook();
    if (reader.errorData !== null) {
      write(beforeError(bytes, reader.errorData));
      return breakAtError(reader.errorData);
    }
    // Some providers state usage after the closing frame; then the end of the stream settles it.
    if (reader.closed && reader.usage.output !== null) settle();
    write(bytes);
  };

  return {
    data(chunk) {
      if (held !== null) {
        held.push(reader.push(chunk));
        heldBytes += chunk.length;
        if (!reader.opened && heldBytes < STREAM_FRAME_MAX_BYTES) return;
        if (reader.errorData === null) return open();
        control.finish({ kind: 'failed', failure: failureOfAnswer(context, 200, reader.errorData) });
        control.abort();
        return;
      }
      if (hideUsage || reader.mayEnd(chunk)) {
        pass(reader.push(chunk));
        return;
      }
      write(chunk);
      reader.push(chunk);
      afterLook();
      if (reader.errorData !== null) breakAtError(reader.errorData);
    },
    end() {
      const rest = reader.end();
      if (held !== null) {
        if (reader.opened && reader.errorData === null) {
          held.push(rest);
          open();
        } else {
          const failure =
            reader.errorData === null ? endedEmpty() : failureOfAnswer(context, 200, reader.errorData);
          control.finish({ kind: 'failed', failure });
          return;
        }
      } else {
        pass(rest);
      }
      if (reader.errorData !== null) return;
      if (!settled && !reader.finished) {
        breakOff(endedEarly());
        return;
      }
      complete();
    },
    broken(failure) {
      // After the closing frame nothing was missing but perhaps a word about usage.
      if (reader.closed && reader.errorData === null) complete();
      else if (held === null) breakOff(failure);
      else if (failure.class !== 'CANCELLED') control.finish({ kind: 'failed', failure });
      else ledger.attemptFailed(failure, measure());
    },
  };
}

/** What of the last bytes belongs to the answer: the frames before the one that is an error. */
function beforeError(bytes: Buffer, errorData: string): Buffer {
  const error = bytes.indexOf(errorData);
  if (error < 0) return Buffer.alloc(0);
  const ends = FRAME_ENDS.map((end) => {
    const at = bytes.lastIndexOf(end, error);
    return at < 0 ? 0 : at + end.length;
  });
  return bytes.subarray(0, Math.max(...ends));
}

function endedEmpty(): UpstreamFailure {
  return {
    class: 'INCOMPLETE_ANSWER',
    httpStatus: 200,
    message: 'The provider sent an empty stream.',
    retryAt: null,
  };
}

function endedEarly(): UpstreamFailure {
  return {
    class: 'INCOMPLETE_ANSWER',
    httpStatus: 200,
    message: "The provider's stream ended before the answer did.",
    retryAt: null,
  };
}
