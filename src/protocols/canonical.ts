/**
 * The neutral form between two dialects: what a request asks and what an answer says, in no provider's spelling. Each
 * dialect reads into it and writes out of it; none knows another.
 */
import type { WireProtocol } from '../domain/vocabulary.js';
import type { StatedUsage } from './usage.js';

/** Where a prompt cache may end a prefix, and how long it should keep it; null for the provider's usual time. */
export interface CacheMarker {
  readonly ttl: '5m' | '1h' | null;
}

/** Bytes in the request, somewhere on the web, or uploaded to the provider before. */
export type MediaSource =
  | { readonly kind: 'data'; readonly mediaType: string; readonly base64: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'file'; readonly fileId: string };

export interface TextPart {
  readonly type: 'text';
  readonly text: string;
  readonly cache?: CacheMarker;
  /** In answers: what the text refers to. */
  readonly citations?: readonly Citation[];
}

export interface ImagePart {
  readonly type: 'image';
  readonly source: MediaSource;
  readonly detail?: 'low' | 'high' | 'auto';
  readonly cache?: CacheMarker;
}

/** A document such as a PDF. */
export interface FilePart {
  readonly type: 'file';
  readonly source: MediaSource;
  readonly name: string | null;
  readonly cache?: CacheMarker;
}

export interface AudioPart {
  readonly type: 'audio';
  readonly base64: string;
  /** As `wav` or `mp3`. */
  readonly format: string;
}

/** Where a thought comes from, and the provider's seal on it. A thought is only ever shown to the model it is from. */
export interface ReasoningOrigin {
  /** Reference of the model (`provider/id`); null when the caller handed over a thought without saying whose it is. */
  readonly model: string | null;
  readonly protocol: WireProtocol;
  /** Signature, encrypted content or thought signature, byte for byte; null when there is none. */
  readonly signature: string | null;
  /** The provider's own id of the item, where it has one. */
  readonly itemId?: string;
  /** Messages: the thought itself was withheld, and its seal stands in `redacted_thinking`. */
  readonly redacted?: true;
}

/** A thought: readable, or only the provider's sealed form of it (`text` is then empty). */
export interface ReasoningPart {
  readonly type: 'reasoning';
  readonly text: string;
  readonly origin: ReasoningOrigin;
}

export interface RefusalPart {
  readonly type: 'refusal';
  readonly text: string;
}

export interface ToolCallPart {
  readonly type: 'tool_call';
  readonly id: string;
  readonly name: string;
  /** The arguments as JSON text, exactly as the model wrote them; for a free-text tool the text itself. */
  readonly input: string;
  /** Seal some providers put on a call, to be shown to the same model again. */
  readonly origin?: ReasoningOrigin;
  readonly cache?: CacheMarker;
}

export interface ToolResultPart {
  readonly type: 'tool_result';
  readonly callId: string;
  readonly content: readonly (TextPart | ImagePart | FilePart)[];
  readonly isError: boolean;
  readonly cache?: CacheMarker;
}

export type RequestPart =
  TextPart | ImagePart | FilePart | AudioPart | ReasoningPart | RefusalPart | ToolCallPart | ToolResultPart;

/** Instructions may stand anywhere among the messages; formats that take them only at the front get the leading ones there. */
export interface CanonicalMessage {
  readonly role: 'system' | 'developer' | 'user' | 'assistant';
  /** Tool results stand in messages of the user. */
  readonly content: readonly RequestPart[];
}

/** A tool that the caller runs. */
export interface CanonicalTool {
  readonly name: string;
  readonly description: string | null;
  /** JSON Schema of the arguments; null for a tool that takes free text. */
  readonly parameters: Readonly<Record<string, unknown>> | null;
  readonly strict: boolean | null;
  /** Set on a tool that takes free text: the grammar or format the text is to follow, as the caller stated it. */
  readonly freeText?: unknown;
  /** What a call of it says in its caller's dialect where `name` alone would not do, by field. Only that dialect reads it. */
  readonly callFields?: Readonly<Record<string, string>>;
  readonly cache?: CacheMarker;
}

export type CanonicalToolChoice =
  { readonly kind: 'auto' | 'none' | 'required' } | { readonly kind: 'tool'; readonly name: string };

export type OutputFormat =
  | { readonly kind: 'json' }
  | {
      readonly kind: 'schema';
      readonly name: string;
      readonly description: string | null;
      readonly schema: Readonly<Record<string, unknown>>;
      readonly strict: boolean | null;
    };

export const REASONING_EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const;
export type ReasoningEffort = (typeof REASONING_EFFORTS)[number];

/** How much the model may think. What was not said is null. */
export interface ReasoningWish {
  readonly effort: ReasoningEffort | null;
  /** Tokens it may spend on thinking. */
  readonly budgetTokens: number | null;
  /** Whether the caller wants to read (a summary of) the thoughts. */
  readonly visible: boolean | null;
}

export interface Sampling {
  readonly temperature?: number;
  readonly topP?: number;
  readonly topK?: number;
  readonly presencePenalty?: number;
  readonly frequencyPenalty?: number;
  readonly seed?: number;
}

export interface CanonicalRequest {
  readonly messages: readonly CanonicalMessage[];
  readonly tools: readonly CanonicalTool[];
  /** Null when not said. */
  readonly toolChoice: CanonicalToolChoice | null;
  readonly parallelToolCalls: boolean | null;
  readonly maxOutputTokens: number | null;
  readonly stop: readonly string[];
  readonly sampling: Sampling;
  /** Null when nothing was said about thinking. */
  readonly reasoning: ReasoningWish | null;
  readonly output: OutputFormat | null;
  readonly verbosity: 'low' | 'medium' | 'high' | null;
  /** Id of the end user, hashed by the caller if it minds. */
  readonly userId: string | null;
  readonly metadata: Readonly<Record<string, string>> | null;
  /** What the caller wants its prompt cached under. */
  readonly cacheKey: string | null;
  readonly serviceTier: string | null;
  readonly stream: boolean;
  /** Whether a streaming caller asked to see usage; true where its dialect always shows it. */
  readonly wantsUsage: boolean;
}

/** What a piece of an answer refers to. */
export interface Citation {
  readonly title: string | null;
  readonly url: string | null;
  readonly quote: string | null;
}

export type AnswerPart = TextPart | ReasoningPart | RefusalPart | ToolCallPart;

export const FINISH_REASONS = ['stop', 'length', 'tool_calls', 'refusal', 'content_filter', 'pause'] as const;
/** `pause`: a turn the provider wants to be sent back to continue. */
export type FinishReason = (typeof FINISH_REASONS)[number];

export interface Finish {
  readonly reason: FinishReason;
  /** The stop sequence that ended it; null when none did or it was not said. */
  readonly stopSequence: string | null;
}

/** A whole answer. */
export interface CanonicalAnswer {
  /** The provider's id of it; null when it gave none. */
  readonly id: string | null;
  readonly parts: readonly AnswerPart[];
  readonly finish: Finish;
  readonly usage: StatedUsage;
}

/** How a part begins; what it holds follows in deltas. */
export type PartOpening =
  | { readonly type: 'text' }
  | { readonly type: 'reasoning' }
  | { readonly type: 'refusal' }
  | { readonly type: 'tool_call'; readonly id: string; readonly name: string };

/**
 * One step of an answer stream. Parts are numbered from 0 in the order they open; each opens once, gets its deltas and
 * closes once. Two may be open at a time where a provider interleaves parallel calls. `finish` comes once, after the last
 * part closed; nothing but `usage` follows it.
 */
export type CanonicalEvent =
  | { readonly type: 'start'; readonly id: string | null }
  | { readonly type: 'open'; readonly part: number; readonly opening: PartOpening }
  /** More of the text, the thought, the refusal, or of the arguments. */
  | { readonly type: 'delta'; readonly part: number; readonly text: string }
  /** The seal on a thought or a call; at most once a part, before it closes. */
  | { readonly type: 'origin'; readonly part: number; readonly origin: ReasoningOrigin }
  | { readonly type: 'citation'; readonly part: number; readonly citation: Citation }
  | { readonly type: 'close'; readonly part: number }
  /** Everything stated so far, merged. */
  | { readonly type: 'usage'; readonly usage: StatedUsage }
  | { readonly type: 'finish'; readonly finish: Finish };
