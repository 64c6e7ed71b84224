/** The model a request is written for, and what is particular about how its provider wants to be asked. */
import type { ModelCapability } from '../domain/vocabulary.js';
import type { ReasoningEffort } from './canonical.js';

/** Everything a writer needs to know about where a request goes. */
export interface Target {
  /** Reference, `provider/id`. */
  readonly model: string;
  /** What the provider itself calls it. */
  readonly upstreamId: string;
  /** Null when unknown. */
  readonly maxOutputTokens: number | null;
  /** Empty when unknown. */
  readonly capabilities: readonly ModelCapability[];
  readonly quirks: Quirks;
}

/**
 * Where a provider's reading of a wire format departs from the format's own. What is left out departs in nothing. Each is a
 * fact about the provider, stated in its module with its source.
 */
export interface Quirks {
  /** Chat: the only name it knows for the bound on output. */
  readonly maxTokensField?: 'max_tokens' | 'max_completion_tokens';
  /** How thinking is asked for. Left out: `reasoning_effort` in chat, a budget of tokens in messages. */
  readonly reasoningControl?:
    /** `thinking: { type: "enabled" | "disabled" }`; where `efforts` are stated, `reasoning_effort` beside `enabled`. */
    | 'thinking-type'
    /** `reasoning: { effort, max_tokens }`. */
    | 'reasoning-object'
    /** `enable_thinking: boolean`, `thinking_budget`. */
    | 'enable-thinking'
    /** Messages: `thinking: { type: "adaptive" }` with `output_config.effort`; budgets are refused. */
    | 'adaptive'
    /** Not at all; asking is an error or ignored. */
    | 'none';
  /** The efforts it knows; a wish between them takes the nearest. Left out: all. */
  readonly efforts?: readonly ReasoningEffort[];
  /** What it demands to be shown of its own earlier thoughts, on turns that called tools. */
  readonly replays?: 'reasoning_content' | 'signature';
  /** Instructions under the role `developer` are refused; `system` is meant. */
  readonly noDeveloperRole?: boolean;
  /** An assistant turn that only calls tools must have `content: ""`, not null. */
  readonly emptyContent?: boolean;
  /** The only form of tool call ids it takes. */
  readonly toolIds?: 'nine-alphanumerics';
  /** How JSON Schemas have to be cut down: to the part of OpenAPI's that Google's format took over. */
  readonly schema?: 'openapi-subset';
  /** Chat: what it knows of `response_format`. Left out: everything. */
  readonly responseFormat?: 'json_object' | 'none';
  /** Pictures must be in the request; it fetches no URLs. */
  readonly noImageUrls?: boolean;
  /** `stream_options` is refused or unknown; usage is stated without being asked. */
  readonly noStreamOptions?: boolean;
  /** Top-level fields of the format that it refuses. */
  readonly refusedFields?: readonly string[];
  /** Chat: fields of messages that it refuses. */
  readonly refusedMessageFields?: readonly string[];
  /** `tool_choice` is refused unless it is `auto` or `none`. */
  readonly toolChoiceAutoOnly?: boolean;
  /** A `tool_choice` that forces a call is refused while the model thinks, and taken where thinking is switched off. */
  readonly forcedToolsEndThinking?: boolean;
  /** Most stop sequences it takes. */
  readonly stopMax?: number;
  /** Highest temperature it takes. */
  readonly temperatureMax?: number;
}

/** The offering departs in nothing. */
export const NO_QUIRKS: Quirks = {};
