/** What every wire format offers the gateway, whichever client speaks it. */
import type { ErrorCode } from '../domain/errors.js';
import type { FailureClass, WireProtocol } from '../domain/vocabulary.js';
import type { Edit, JsonMembers } from './json-scan.js';
import type { StatedUsage } from './usage.js';

export interface Protocol {
  readonly id: WireProtocol;
  /** Whether the caller asked for a stream, whether it will see usage in it, and what makes the provider state it. */
  readRequest(body: Buffer, members: JsonMembers): RequestReading;
  /** Usage in a whole answer. */
  usageOfAnswer(body: Buffer, members: JsonMembers): StatedUsage;
  /** Whether a whole answer answers anything at all. */
  isAnswer(members: JsonMembers, body: Buffer): boolean;
  createStreamReader(options: StreamReaderOptions): StreamReader;
  readonly errors: ErrorDialect;
}

export interface RequestReading {
  readonly stream: boolean;
  /** Edits that make the provider state usage in the stream; empty when it does anyway. */
  readonly usageEdits: readonly Edit[];
}

export interface StreamReaderOptions {
  /** Take usage out again: the caller did not ask for it. */
  readonly hideUsage: boolean;
}

/** What a stream has shown so far. */
export interface StreamState {
  /** What was stated so far. */
  usage: StatedUsage;
  /** Whether a frame with data was seen: until then the answer may still turn out to be none. */
  opened: boolean;
  /** Frames with content so far; providers send about one token in each. */
  contentFrames: number;
  /** Whether the answer reached its proper end. */
  finished: boolean;
  /** Whether the frame was seen after which nothing follows. */
  closed: boolean;
  /** Text of an error frame; null when there was none. */
  errorData: string | null;
}

/** Watches one answer stream go by. */
export interface StreamReader extends Readonly<StreamState> {
  /** Whether the chunk may hold the end of the answer; then it is read before it is passed on. Cheap, may be wrong. */
  mayEnd(chunk: Buffer): boolean;
  /** Reads a chunk and returns the bytes to pass on: the same ones unless usage is hidden. */
  push(chunk: Buffer): Buffer;
  /** The stream is over; returns what was held back of an unfinished frame. */
  end(): Buffer;
}

/** An error to put into the caller's dialect. */
export interface DialectError {
  readonly status: number;
  readonly message: string;
  /** Ours, or the class of the provider's failure. */
  readonly code: ErrorCode | FailureClass;
  /** Path of the field at fault, where there is one. */
  readonly param?: string;
  readonly requestId: string;
}

export interface ErrorDialect {
  /** JSON body. */
  body(error: DialectError): string;
  /** A frame that ends a stream so that no client takes it for complete. */
  frame(error: DialectError): string;
}
