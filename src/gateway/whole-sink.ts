/** Takes an answer that is not streamed: whole, because only then is it known to be one. */
import type { IncomingHttpHeaders } from 'node:http';
import { ANSWER_CAPTURE_MAX_BYTES } from '../config/limits.js';
import type { UpstreamFailure } from '../domain/failure.js';
import { scanObject, type JsonMembers } from '../protocols/json-scan.js';
import { NOTHING_STATED } from '../protocols/usage.js';
import { answerHead } from './answer-head.js';
import { failureOfAnswer, type AnswerSink, type AttemptContext, type SinkControl } from './answer-sink.js';
import { createAnswerWriter } from './answer-writer.js';
import { measureAnswer } from './measure.js';

export function createWholeSink(
  context: AttemptContext,
  control: SinkControl,
  upstreamHeaders: IncomingHttpHeaders,
): AnswerSink {
  const { response, protocol, ledger } = context;
  const chunks: Buffer[] = [];
  let size = 0;
  /** Past the bound the answer passes through unread. */
  let passing = false;

  const write = createAnswerWriter(response, control);
  const fail = (failure: UpstreamFailure): void => control.finish({ kind: 'failed', failure });
  const answer = (body: Buffer, members: JsonMembers): void => {
    const usage = protocol.usageOfAnswer(body, members);
    ledger.attemptAnswered(measureAnswer(usage, context.body.length, body.length));
    ledger.end('OK', null);
    response.writeHead(200, [...answerHead(context, upstreamHeaders), 'content-length', String(body.length)]);
    response.end(body);
    control.finish({ kind: 'answered' });
  };

  return {
    data(chunk) {
      size += chunk.length;
      if (passing) return write(chunk);
      chunks.push(chunk);
      if (size < ANSWER_CAPTURE_MAX_BYTES) return;
      passing = true;
      response.writeHead(200, answerHead(context, upstreamHeaders));
      for (const held of chunks.splice(0)) write(held);
    },
    end() {
      if (passing) {
        ledger.attemptAnswered(measureAnswer(NOTHING_STATED, context.body.length, size));
        ledger.end('OK', null);
        response.end();
        control.finish({ kind: 'answered' });
        return;
      }
      const body = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
      const members = membersOf(body);
      if (members && protocol.isAnswer(members)) return answer(body, members);
      fail(body.length === 0 ? emptyAnswer() : failureOfAnswer(context, 200, body.toString('utf8')));
    },
    broken(failure) {
      if (passing) {
        ledger.attemptFailed(failure, measureAnswer(NOTHING_STATED, context.body.length, size));
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

function membersOf(body: Buffer): JsonMembers | null {
  try {
    return scanObject(body);
  } catch {
    // Not JSON: classified by what it says instead.
    return null;
  }
}

function emptyAnswer(): UpstreamFailure {
  return {
    class: 'INCOMPLETE_ANSWER',
    httpStatus: 200,
    message: 'The provider sent an empty answer.',
    retryAt: null,
  };
}
