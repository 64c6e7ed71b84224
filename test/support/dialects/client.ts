/** What the dialect suites ask of every official client: one small interface, so that the matrix stays readable. */
import type { TestGateway } from '../gateway.js';

/** A tool the caller runs, in no dialect's spelling. */
export interface ToolSpec {
  readonly name: string;
  readonly description: string;
  readonly schema: Readonly<Record<string, unknown>>;
}

export interface ToolResult {
  readonly call: ToolCall;
  readonly text: string;
  readonly isError?: boolean;
}

export type Turn =
  /** Pictures are data URLs or addresses. */
  | { readonly role: 'user'; readonly text: string; readonly images?: readonly string[] }
  /** An earlier answer, shown again the way its client shows it. */
  | { readonly role: 'assistant'; readonly reply: Reply }
  | { readonly role: 'results'; readonly results: readonly ToolResult[] };

export interface Ask {
  readonly model: string;
  readonly system?: string;
  readonly turns: readonly Turn[];
  readonly tools?: readonly ToolSpec[];
  /** Asks for JSON of this schema. */
  readonly schema?: Readonly<Record<string, unknown>>;
  /** Asks for thoughts. */
  readonly think?: boolean;
  readonly maxTokens?: number;
  readonly signal?: AbortSignal;
  /** Called with each piece of text as it arrives. */
  readonly onText?: (text: string) => void;
}

export interface ToolCall {
  readonly id: string;
  readonly name: string;
  /** Parsed. */
  readonly input: unknown;
}

/** An answer as the client's own parser assembled it. */
export interface Reply {
  readonly text: string;
  readonly thoughts: string;
  readonly calls: readonly ToolCall[];
  readonly refusal: string | null;
  readonly finish: string | null;
  /** Null where the client shows none. */
  readonly usage: { readonly prompt: number; readonly cached: number; readonly output: number } | null;
  /** The client's own form of this turn. */
  readonly native: unknown;
}

/** What the client calls the ways an answer ends. */
export interface FinishWords {
  readonly stop: string;
  readonly length: string;
  readonly toolCalls: string;
}

export interface DialectClient {
  readonly name: string;
  readonly dialect: 'chat' | 'messages' | 'responses';
  readonly finish: FinishWords;
  /** Whether its parser keeps thoughts, and carries their seals to the next turn. */
  readonly thoughts: boolean;
  /** Whether its parser keeps refusals apart from text. */
  readonly refusals: boolean;
  /** Whether it hands on the address of a picture instead of fetching it. */
  readonly imageAddresses: boolean;
  ask(ask: Ask): Promise<Reply>;
  stream(ask: Ask): Promise<Reply>;
}

export type ConnectClient = (gateway: Pick<TestGateway, 'url' | 'key'>) => DialectClient;

/** Arguments as an agent parses them: none is an empty object. */
export function parsedInput(json: string): unknown {
  return json.trim() === '' ? {} : (JSON.parse(json) as unknown);
}
