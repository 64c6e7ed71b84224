/** Answers that pass as they came, because the provider speaks the caller's dialect. */
import type { IncomingHttpHeaders } from 'node:http';
import type { ProviderDialect } from '../protocols/dialect.js';
import { scanObject, type JsonMembers } from '../protocols/json-scan.js';
import type { Surface } from '../protocols/registry.js';
import type { Target } from '../protocols/target.js';
import { makesAnswer } from './answer-events.js';
import type { AnswerPath, AnswerPipe } from './answer-path.js';
import type { HeaderList } from './reply.js';
import type { TurnRecorder } from './turn-recorder.js';

export interface PassthroughOptions {
  readonly surface: Surface;
  /** Understands what passes; null where nobody can. */
  readonly dialect: ProviderDialect | null;
  readonly target: Target;
  /** Take usage out of the stream: the caller did not ask for it. */
  readonly hideUsage: boolean;
  /** Wants to see what the model thought; null where nobody will ask for it again. */
  readonly recorder: TurnRecorder | null;
}

const PASSED_ON = ['content-type', 'cache-control'];
/** Rate limits describe the connection the answer came through; SDKs show them. */
const PASSED_ON_PREFIXES = ['x-ratelimit-', 'anthropic-ratelimit-'];
const FRAME_ENDS = ['\n\n', '\n\r\n'];
/** Longest of them. */
const FRAME_END_BYTES = 3;
const EMPTY = Buffer.alloc(0);
const BLANK_LINE = Buffer.from('\n\n');

export function createPassthrough(options: PassthroughOptions): AnswerPath {
  const { protocol } = options.surface;
  return {
    openStream: () => createPipe(options),
    readWhole(body) {
      const members = membersOf(body);
      if (members === null || !protocol.isAnswer(members, body)) return null;
      rememberWhole(options, body);
      return { body, usage: protocol.usageOfAnswer(body, members) };
    },
    passesUnread: true,
    takesStream: true,
    streamHeaders: passedOn,
    wholeHeaders: passedOn,
  };
}

function createPipe({ surface, dialect, target, hideUsage, recorder }: PassthroughOptions): AnswerPipe {
  const { protocol } = surface;
  const reader = protocol.createStreamReader({ hideUsage });
  const decoder = recorder && dialect ? dialect.createStreamDecoder(target, reader) : null;
  /** The end of what went to the caller. */
  let tail: Buffer = EMPTY;
  const passed = (bytes: Buffer): Buffer => {
    if (bytes.length > 0)
      tail = bytes.length < FRAME_END_BYTES ? Buffer.concat([tail.subarray(-FRAME_END_BYTES), bytes]) : bytes;
    return bytes;
  };
  return {
    seen: reader,
    readsFirst: (chunk) => hideUsage || reader.mayEnd(chunk),
    push(chunk) {
      const bytes = passed(reader.push(chunk));
      if (decoder) recorder?.take(decoder.push(chunk));
      return bytes;
    },
    end() {
      if (decoder) recorder?.take(decoder.end());
      const rest = passed(reader.end());
      // A last frame without its blank line is no frame to most clients.
      return endsFrame(tail) ? rest : passed(Buffer.concat([rest, BLANK_LINE]));
    },
    writesClosing: false,
    closing: () => EMPTY,
    isExplained(held) {
      if (dialect === null) return true;
      const fresh = dialect.createStreamDecoder(target);
      return [...fresh.push(held), ...fresh.end()].some(makesAnswer);
    },
    beforeError: (bytes) => beforeError(bytes, reader.errorData ?? ''),
    // Behind half a frame it would be part of that.
    failing: (error) => (endsFrame(tail) ? '' : '\n\n') + protocol.errors.frame(error),
    ping: () => (endsFrame(tail) ? surface.ping : null),
  };
}

function endsFrame(bytes: Buffer): boolean {
  const end = bytes.toString('latin1', Math.max(0, bytes.length - FRAME_END_BYTES));
  return bytes.length === 0 || FRAME_ENDS.some((blank) => end.endsWith(blank));
}

/** The frames before the one that is an error. */
function beforeError(bytes: Buffer, errorData: string): Buffer {
  const error = bytes.indexOf(errorData);
  if (error < 0) return EMPTY;
  const ends = FRAME_ENDS.map((end) => {
    const at = bytes.lastIndexOf(end, error);
    return at < 0 ? 0 : at + end.length;
  });
  return bytes.subarray(0, Math.max(...ends));
}

function rememberWhole({ recorder, dialect, target }: PassthroughOptions, body: Buffer): void {
  if (!recorder || !dialect) return;
  try {
    // That it is an object was seen when its members were found.
    const answer = dialect.readAnswer(JSON.parse(body.toString('utf8')) as Record<string, unknown>, target);
    recorder.takeParts(answer.parts);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // The scan is more lenient than the parser. The answer is the caller's to judge; there is nothing in it for us.
  }
}

function membersOf(body: Buffer): JsonMembers | null {
  try {
    return scanObject(body);
  } catch {
    // Not JSON: classified by what it says instead.
    return null;
  }
}

function passedOn(upstream: IncomingHttpHeaders): HeaderList {
  const headers: HeaderList = [];
  for (const name in upstream) {
    if (!PASSED_ON.includes(name) && !PASSED_ON_PREFIXES.some((prefix) => name.startsWith(prefix))) continue;
    const value = upstream[name];
    if (typeof value === 'string') headers.push(name, value);
  }
  return headers;
}
