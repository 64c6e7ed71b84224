/** Answers of a provider that speaks another dialect than the caller, put into the caller's. */
import type { CanonicalAnswer, CanonicalEvent } from '../protocols/canonical.js';
import type { AnswerContext, ClientDialect, JsonObject, ProviderDialect } from '../protocols/dialect.js';
import { isObject } from '../protocols/fields.js';
import type { Target } from '../protocols/target.js';
import { isErrorBody } from '../providers/failure.js';
import { eventsOf, explainsItself, makesAnswer } from './answer-events.js';
import type { AnswerPath, AnswerPipe } from './answer-path.js';
import type { TurnRecorder } from './turn-recorder.js';

export interface TranslationOptions {
  readonly client: ClientDialect;
  readonly dialect: ProviderDialect;
  readonly target: Target;
  readonly context: AnswerContext;
  readonly recorder: TurnRecorder;
}

const EMPTY = Buffer.alloc(0);
const STREAM_HEADERS = ['content-type', 'text/event-stream; charset=utf-8', 'cache-control', 'no-cache'];
const JSON_HEADERS = ['content-type', 'application/json'];

export function createTranslation(options: TranslationOptions): AnswerPath {
  const { client, context, recorder } = options;
  const { stream } = context.request;
  return {
    openStream: () => createPipe(options),
    readWhole(body) {
      const answer = readAnswer(options, body);
      if (answer === null) return null;
      recorder.takeParts(answer.parts);
      if (!stream) {
        const written = JSON.stringify(client.writeAnswer(answer, context));
        return { body: Buffer.from(written, 'utf8'), usage: answer.usage };
      }
      // It was asked to stream and did not; its caller reads nothing but a stream.
      const writer = client.createStreamWriter(context);
      const frames = writer.write(eventsOf(answer)) + writer.end();
      return { body: Buffer.from(frames, 'utf8'), usage: answer.usage };
    },
    passesUnread: false,
    takesStream: stream,
    streamHeaders: () => STREAM_HEADERS,
    wholeHeaders: () => (stream ? STREAM_HEADERS : JSON_HEADERS),
  };
}

function createPipe({ client, dialect, target, context, recorder }: TranslationOptions): AnswerPipe {
  const decoder = dialect.createStreamDecoder(target);
  const writer = client.createStreamWriter(context);
  let explained = false;
  let closed = false;
  const translate = (events: readonly CanonicalEvent[]): Buffer => {
    if (events.length === 0) return EMPTY;
    recorder.take(events);
    explained ||= events.some(makesAnswer);
    const frames = writer.write(events);
    return frames === '' ? EMPTY : Buffer.from(frames, 'utf8');
  };
  return {
    seen: decoder,
    readsFirst: () => true,
    push: (chunk) => translate(decoder.push(chunk)),
    end: () => translate(decoder.end()),
    writesClosing: true,
    closing() {
      if (closed) return EMPTY;
      closed = true;
      return Buffer.from(writer.end(), 'utf8');
    },
    isExplained: () => explained,
    // Events end where the error begins.
    beforeError: (bytes) => bytes,
    failing: (error) => writer.fail(error),
    ping: () => writer.ping(),
  };
}

function readAnswer({ dialect, target }: TranslationOptions, body: Buffer): CanonicalAnswer | null {
  const parsed = parse(body);
  if (parsed === null || isErrorBody(parsed)) return null;
  const answer = dialect.readAnswer(parsed, target);
  return answer.parts.length > 0 || explainsItself(answer.finish.reason) ? answer : null;
}

function parse(body: Buffer): JsonObject | null {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return isObject(parsed) ? parsed : null;
  } catch {
    // Not JSON: classified by what it says instead.
    return null;
  }
}
