/** Takes an answer that is not streamed: whole, because only then is it known to be one. */
import type { IncomingHttpHeaders } from 'node:http';
import { ANSWER_CAPTURE_MAX_BYTES } from '../config/limits.js';
import type { UpstreamFailure } from '../domain/failure.js';
import { NOTHING_STATED } from '../protocols/usage.js';
import type { WholeAnswer } from './answer-path.js';
import {
  beginAnswer,
  failureOfAnswer,
  incompleteAnswer,
  type AnswerSink,
  type AttemptContext,
  type SinkControl,
} from './answer-sink.js';
import { createAnswerWriter } from './answer-writer.js';
import { measureAnswer } from './measure.js';

export function createWholeSink(
  context: AttemptContext,
  control: SinkControl,
  upstreamHeaders: IncomingHttpHeaders,
): AnswerSink {
  const { response, ledger } = context;
  const requestBytes = context.body.length;
  const chunks: Buffer[] = [];
  let size = 0;
  /** Past the bound the answer passes through unread. */
  let passing = false;

  const write = createAnswerWriter(response, control);
  const fail = (failure: UpstreamFailure): void => control.finish({ kind: 'failed', failure });
  const answer = ({ body, usage }: WholeAnswer): void => {
    ledger.attemptAnswered(measureAnswer(usage, requestBytes, size));
    ledger.end('OK', null);
    const headers = context.answer.wholeHeaders(upstreamHeaders);
    beginAnswer(context, [...headers, 'content-length', String(body.length)]);
    response.end(body);
    control.finish({ kind: 'answered' });
  };

  return {
    data(chunk) {
      size += chunk.length;
      if (passing) return write(chunk);
      chunks.push(chunk);
      if (size < ANSWER_CAPTURE_MAX_BYTES) return;
      if (!context.answer.passesUnread) {
        fail(incompleteAnswer('The provider sent an answer too large to be put into another format.'));
        return control.abort();
      }
      passing = true;
      beginAnswer(context, context.answer.wholeHeaders(upstreamHeaders));
      for (const held of chunks.splice(0)) write(held);
    },
    end() {
      if (passing) {
        ledger.attemptAnswered(measureAnswer(NOTHING_STATED, requestBytes, size));
        ledger.end('OK', null);
        response.end();
        control.finish({ kind: 'answered' });
        return;
      }
      const body = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
      const whole = context.answer.readWhole(body);
      if (whole) return answer(whole);
      fail(
        body.length === 0
          ? incompleteAnswer('The provider sent an empty answer.')
          : failureOfEmpty(context, body.toString('utf8')),
      );
    },
    broken(failure) {
      if (passing) {
        ledger.attemptFailed(failure, measureAnswer(NOTHING_STATED, requestBytes, size));
        ledger.end(failure.class === 'CANCELLED' ? 'CANCELLED' : 'FAILED', failure);
        // The head is out: cutting the connection is the only way left to say that this is not all.
        response.destroy();
        control.finish({ kind: 'answered' });
        return;
      }
      if (failure.class === 'CANCELLED') ledger.attemptFailed(failure);
      else fail(failure);
    },
  };
}

/** What a body says that is no answer: an error in the provider's words, else nothing at all. */
function failureOfEmpty(context: AttemptContext, text: string): UpstreamFailure {
  const failure = failureOfAnswer(context, 200, text);
  const saysNothing = failure.message === 'HTTP 200';
  return saysNothing ? incompleteAnswer('The provider sent an answer that says nothing.') : failure;
}
