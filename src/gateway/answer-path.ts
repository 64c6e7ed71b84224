/**
 * How a provider's answer becomes its caller's: as it came, or put into another dialect. What handles the bytes of an answer
 * ({@link createStreamSink}, {@link createWholeSink}) knows no more of it than this.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { DialectError, StreamState } from '../protocols/protocol.js';
import type { StatedUsage } from '../protocols/usage.js';
import type { HeaderList } from './reply.js';

export interface AnswerPath {
  /** Takes one stream apart and puts it together for the caller. */
  openStream(): AnswerPipe;
  /** The answer a whole body holds; null when it holds none. */
  readWhole(body: Buffer): WholeAnswer | null;
  /** Whether a body too large to hold may go to the caller unread. */
  readonly passesUnread: boolean;
  /** Whether the caller takes a stream where the provider sends one. */
  readonly takesStream: boolean;
  /** Of the provider's headers those that mean something to the caller, and what describes the body. */
  streamHeaders(upstream: IncomingHttpHeaders): HeaderList;
  wholeHeaders(upstream: IncomingHttpHeaders): HeaderList;
}

export interface WholeAnswer {
  readonly body: Buffer;
  readonly usage: StatedUsage;
}

/** One stream on its way. */
export interface AnswerPipe {
  /** What was seen of it so far. */
  readonly seen: Readonly<StreamState>;
  /** Whether a chunk must be read before anything of it is passed on. Cheap, may be wrong. */
  readsFirst(chunk: Buffer): boolean;
  /** Reads a chunk; returns the bytes for the caller. */
  push(chunk: Buffer): Buffer;
  /** The provider's stream is over: what was held back of its last frame. */
  end(): Buffer;
  /** Whether the frames that end an answer are ours to write. */
  readonly writesClosing: boolean;
  /** The frames that end a complete answer; empty where they came from the provider, or were given already. */
  closing(): Buffer;
  /** Whether an answer that is finished without content nevertheless is one, from what the caller would have got. */
  isExplained(held: Buffer): boolean;
  /** What of the last bytes belongs to the answer, when its error is in them. */
  beforeError(bytes: Buffer): Buffer;
  /** Ends what was begun so that no client takes it for complete. */
  failing(error: DialectError): string;
  /** A sign of life; null where it would stand in the middle of a frame. */
  ping(): string | null;
}
