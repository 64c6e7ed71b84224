/**
 * Passes a stream on as it comes. Its head is held back until the answer has really begun, because until then another
 * provider can be asked: a first frame that is an error, and a stream that ends without having said anything, are no
 * answers. What is held back is bounded three ways: it ends with the first content, for which the caller waits anyway; with
 * so many bytes that they can be no mere opening; and with the silence after which a caller is owed a sign of life.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { STREAM_AFTERWORD_MS, STREAM_HEAD_MAX_BYTES } from '../config/limits.js';
import type { UpstreamFailure } from '../domain/failure.js';
import { tokensOf } from '../protocols/usage.js';
import {
  beginAnswer,
  failureOfAnswer,
  incompleteAnswer,
  type AnswerSink,
  type AttemptContext,
  type SinkControl,
} from './answer-sink.js';
import { createAnswerWriter } from './answer-writer.js';
import { measureStream } from './measure.js';

export function createStreamSink(
  context: AttemptContext,
  control: SinkControl,
  upstreamHeaders: IncomingHttpHeaders,
): AnswerSink {
  const { response, ledger, answer } = context;
  const pipe = answer.openStream();
  const { seen } = pipe;
  const requestBytes = context.body.length;
  /** What came before the answer began; null from then on. */
  let held: Buffer[] | null = [];
  let heldBytes = 0;
  let firstTokenSeen = false;
  let usageSeen = false;
  let settled = false;

  const measure = () => measureStream(seen, requestBytes);
  const writeNow = createAnswerWriter(response, control);
  const write = (bytes: Buffer): void => {
    if (bytes.length === 0) return;
    writeNow(bytes);
    silence.refresh();
  };
  const finish: SinkControl['finish'] = (outcome) => {
    clearTimeout(silence);
    clearTimeout(afterword);
    control.finish(outcome);
  };
  /** Nothing was written yet: another provider may do better. */
  const fail = (failure: UpstreamFailure): void => {
    // An answer that says nothing may well have cost something; a refusal costs nothing.
    const measured = tokensOf(seen.usage) === null ? {} : { measured: measure() };
    finish({ kind: 'failed', failure, ...measured });
  };
  const failAtError = (errorData: string): void => fail(failureOfAnswer(context, 200, errorData));
  /** Books the answer as complete. Done before its last bytes leave, so that whoever saw them finds them booked. */
  const settle = (): void => {
    if (settled) return;
    settled = true;
    ledger.attemptAnswered(measure());
    ledger.end('OK', null);
  };
  const close = (): void => {
    settle();
    write(pipe.closing());
  };
  const complete = (): void => {
    close();
    response.end();
    finish({ kind: 'answered' });
  };
  const afterLook = (): void => {
    if (!firstTokenSeen && seen.contentFrames > 0) {
      firstTokenSeen = true;
      ledger.firstToken();
    }
    if (usageSeen || seen.usage.input === null) return;
    // Formats that state the input at the start: a crash must not forget it.
    usageSeen = true;
    if (!seen.finished) ledger.progress(measure());
  };
  const breakOff = (failure: UpstreamFailure): void => {
    if (!settled) {
      settled = true;
      ledger.attemptFailed(failure, measure());
      ledger.end(failure.class === 'CANCELLED' ? 'CANCELLED' : 'FAILED', failure);
      response.write(
        pipe.failing({
          status: 502,
          message: failure.message,
          code: failure.class,
          requestId: context.requestId,
        }),
      );
    }
    response.end();
    finish({ kind: 'answered' });
  };
  const breakAtError = (errorData: string): void => {
    breakOff(failureOfAnswer(context, 200, errorData));
    control.abort();
  };
  const open = (): void => {
    if (held === null) return;
    beginAnswer(context, answer.streamHeaders(upstreamHeaders));
    const bytes = joined(held);
    held = null;
    silence.refresh();
    pass(bytes);
  };
  /** Writes bytes that were looked at already. */
  const pass = (bytes: Buffer): void => {
    afterLook();
    if (seen.errorData !== null) {
      write(pipe.beforeError(bytes));
      return breakAtError(seen.errorData);
    }
    if (!seen.closed) return write(bytes);
    // Some providers state usage after the closing frame; then the end of the stream settles it.
    const over = seen.usage.output !== null;
    if (over) settle();
    write(bytes);
    if (over) close();
    // Where that frame is ours to write the caller waits for it, so that usage gets a moment only.
    else if (pipe.writesClosing) afterword ??= setTimeout(close, STREAM_AFTERWORD_MS);
  };
  const isEmpty = (): boolean =>
    seen.contentFrames === 0 && !pipe.isExplained(held === null ? Buffer.alloc(0) : joined(held));
  /** Decides whether what is held may go, now that there is more of it. */
  const judgeHeld = (): void => {
    if (seen.errorData !== null) {
      failAtError(seen.errorData);
      control.abort();
    } else if (seen.contentFrames > 0 || heldBytes >= STREAM_HEAD_MAX_BYTES) {
      open();
    } else if (seen.closed || seen.finished) {
      if (!isEmpty()) return open();
      // Its usage may still come, with the closing frame.
      if (!seen.closed) return;
      fail(incompleteAnswer(SAID_NOTHING));
      control.abort();
    }
  };

  const onSilence = (): void => {
    if (held !== null) {
      // A provider that sent nothing yet is as one that has not answered: it can still be given up for another.
      if (heldBytes === 0) return void silence.refresh();
      open();
      response.flushHeaders();
    }
    if (settled || response.writableEnded) return;
    const ping = response.writableNeedDrain ? null : pipe.ping();
    if (ping !== null) response.write(ping);
    silence.refresh();
  };
  let afterword: NodeJS.Timeout | undefined;
  const silence = setTimeout(onSilence, context.pingMs);

  return {
    data(chunk) {
      if (held !== null) {
        held.push(pipe.push(chunk));
        heldBytes += chunk.length;
        judgeHeld();
        return;
      }
      if (pipe.readsFirst(chunk)) {
        pass(pipe.push(chunk));
        return;
      }
      write(chunk);
      pipe.push(chunk);
      afterLook();
      if (seen.errorData !== null) breakAtError(seen.errorData);
    },
    end() {
      const rest = pipe.end();
      if (held !== null) {
        held.push(rest);
        if (seen.errorData !== null) return failAtError(seen.errorData);
        if (!seen.opened) return fail(incompleteAnswer('The provider sent an empty stream.'));
        if (isEmpty()) return fail(incompleteAnswer(seen.finished ? SAID_NOTHING : ENDED_EARLY));
        open();
      } else {
        pass(rest);
      }
      if (seen.errorData !== null) return;
      if (settled || seen.finished) complete();
      else breakOff(incompleteAnswer(ENDED_EARLY));
    },
    broken(failure) {
      // After the closing frame nothing was missing but perhaps a word about usage.
      if (held === null && seen.closed && seen.errorData === null) complete();
      else if (held === null) breakOff(failure);
      else if (failure.class !== 'CANCELLED') fail(failure);
      else {
        ledger.attemptFailed(failure, measure());
        finish({ kind: 'cancelled' });
      }
    },
  };
}

const ENDED_EARLY = "The provider's stream ended before the answer did.";
const SAID_NOTHING = "The provider's stream ended without having said anything.";

function joined(pieces: readonly Buffer[]): Buffer {
  const [only] = pieces;
  return only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces);
}
