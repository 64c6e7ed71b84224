/** The two sides of a translation: the dialect a client speaks, and the one a provider does. */
import type { WireProtocol } from '../domain/vocabulary.js';
import type { CanonicalAnswer, CanonicalEvent, CanonicalRequest } from './canonical.js';
import type { Edit, JsonMembers } from './json-scan.js';
import type { DialectError, StreamState } from './protocol.js';
import type { Target } from './target.js';

/** A JSON object as it was parsed. */
export type JsonObject = Readonly<Record<string, unknown>>;

/**
 * What could not be carried over, by name, in the order met. The names are those of docs/dialects.md: the caller's own
 * spelling of a field, or what a field it stated means (`seed`, `citations`).
 */
export type Dropped = readonly string[];

/** Local rules that changed the request so that its provider takes it; the names are those of docs/dialects.md. */
export type Repairs = readonly string[];

export interface ReadRequest {
  readonly request: CanonicalRequest;
  readonly dropped: Dropped;
}

export interface WrittenRequest {
  readonly body: JsonObject;
  readonly dropped: Dropped;
  readonly repairs: Repairs;
}

/** What an answer is written with besides what the provider said. */
export interface AnswerContext {
  readonly request: CanonicalRequest;
  /** What the answer names as its model: the reference that served it. */
  readonly model: string;
  /** Ours; stands in where the provider gave no id, so that one answer keeps one id. */
  readonly answerId: string;
  /** Seconds since the epoch. */
  readonly createdAt: number;
}

/** How clients of a dialect are read and answered. */
export interface ClientDialect {
  readonly protocol: WireProtocol;
  /** Throws an AppError `BAD_REQUEST` that names the field for what the dialect itself does not allow. */
  readRequest(body: JsonObject): ReadRequest;
  writeAnswer(answer: CanonicalAnswer, context: AnswerContext): JsonObject;
  createStreamWriter(context: AnswerContext): AnswerStreamWriter;
}

/** Writes one answer as a stream of frames. */
export interface AnswerStreamWriter {
  /** The frames of these events; empty text when they make none yet. */
  write(events: readonly CanonicalEvent[]): string;
  /** The frames that end a complete stream. */
  end(): string;
  /** Ends the stream so that no client takes it for complete. */
  fail(error: DialectError): string;
  /** A frame that means nothing but that the connection is alive. */
  ping(): string;
}

/** How providers of a dialect are asked and understood. */
export interface ProviderDialect {
  readonly protocol: WireProtocol;
  /** Throws an AppError `BAD_REQUEST` for what must not be lost and cannot be expressed: a tool, a schema. */
  writeRequest(request: CanonicalRequest, target: Target): WrittenRequest;
  readAnswer(body: JsonObject, target: Target): CanonicalAnswer;
  /** `seen`: the state as somebody else keeps it, who reads the same bytes first; left out, the decoder reads them for it. */
  createStreamDecoder(target: Target, seen?: Readonly<StreamState>): AnswerStreamDecoder;
}

/** Understands one answer stream. Its state is the same that a reader of the same bytes arrives at. */
export interface AnswerStreamDecoder extends Readonly<StreamState> {
  /** Never throws: a frame that makes no sense is passed over. */
  push(chunk: Buffer): readonly CanonicalEvent[];
  /** The stream is over; the last frame may lack its blank line. */
  end(): readonly CanonicalEvent[];
}

/** Edits that make a provider take a request that is passed on in its own dialect. */
export interface PassthroughRepair {
  readonly edits: readonly Edit[];
  readonly repairs: Repairs;
}

export type RepairPassthrough = (body: Buffer, members: JsonMembers, target: Target) => PassthroughRepair;
