/** What describes a simulated provider: its keys, its models, its paths, and the refusals it is known for. */
import type { TokenCounts } from '../../../src/domain/tokens.js';
import type { FailureClass, ModelKind } from '../../../src/domain/vocabulary.js';
import type { AuthHeader } from '../../../src/providers/define-provider.js';
import type { QuotaMeter, SimulatedQuota } from './quota.js';

/** Keys a simulated provider knows. */
export interface SimulatedKeys {
  /** Accepted everywhere. */
  readonly good: string;
  /** Of the right form, but unknown. */
  readonly bad: string;
  /** Known, but bought for another product of the provider; null where there is only one product. */
  readonly wrongProduct: string | null;
}

/** A model of a simulated provider. What its list does not state is left out there. */
export interface SimulatedModel {
  readonly id: string;
  readonly displayName?: string;
  readonly contextWindow?: number;
  readonly maxOutputTokens?: number;
  readonly reasoning?: boolean;
  readonly vision?: boolean;
  readonly tools?: boolean;
  /** Dollars per million tokens. */
  readonly prices?: { readonly input: number; readonly output: number };
  /** Whether the plan includes it, where plan and metered models are listed apart; true when left out. */
  readonly inPlan?: boolean;
  /** Offerings it is listed in, where their lists differ; all when left out. */
  readonly offerings?: readonly string[];
  /** Whether its provider lists it without meaning it to be used; false when left out. */
  readonly hidden?: boolean;
  /** What it is for; `CHAT` when left out. */
  readonly kind?: ModelKind;
}

/** A request as it arrived, and what became of it. */
export interface LoggedRequest {
  readonly method: string;
  /** Without the query string. */
  readonly path: string;
  readonly query: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed JSON; null when there was none. */
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly bodyText: string;
  /** Status that was sent; null when none was. */
  readonly status: number | null;
  /** Id of the answer; null for refusals and lists. */
  readonly answerId: string | null;
  /** Tokens the whole answer states on the wire, in disjoint classes; null when it states none. */
  readonly stated: TokenCounts | null;
  readonly outcome: 'open' | 'answered' | 'broken' | 'client-left';
  /** Resolves when the outcome is no longer `open`. */
  readonly settled: Promise<void>;
}

/** A request while it is being answered. */
export interface SimulatedCall {
  readonly path: string;
  /** Of the query string, by name. */
  readonly query: URLSearchParams;
  readonly headers: LoggedRequest['headers'];
  /** As sent; a model that the path names is added. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly models: readonly SimulatedModel[];
  /** What the plan still has. */
  readonly quota: QuotaMeter;
  /** Number of this answer, from 1: answers are told apart by it without randomness. */
  readonly serial: number;
  /** Makes the text this long; null leaves it to the script. */
  readonly textBytes: number | null;
}

/** An answer in full, before faults are applied to it. */
export type Reply = JsonReply | StreamReply;

export interface JsonReply {
  readonly kind: 'json';
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly answerId?: string;
  readonly stated?: TokenCounts | null;
}

export interface StreamReply {
  readonly kind: 'stream';
  /** Whole frames, each with its blank line. */
  readonly frames: readonly string[];
  /** Pause before each frame but the first. */
  readonly everyMs: number;
  readonly answerId: string;
  readonly stated: TokenCounts | null;
}

export type KeyState = 'good' | 'bad' | 'missing' | 'wrongProduct';

/** What a path is for; faults are aimed at one of these. */
export type RouteUse = 'generation' | 'models' | 'account';

export interface SimulatedRoute {
  readonly use: RouteUse;
  readonly method: 'GET' | 'POST';
  /** `{model}` and `{method}` stand for those of Gemini's format, which has them in the path. */
  readonly path: string;
  /** Header forms the key is accepted in; empty when the path does not ask for one. */
  readonly auth: readonly AuthHeader[];
  /** The answer to a key that is not good; null lets it pass. */
  readonly refuse: (state: Exclude<KeyState, 'good'>) => JsonReply | null;
  /** Rewords a recorded failure into this path's own error form; as recorded when left out. */
  readonly phrase?: (failure: RecordedFailure) => RecordedFailure;
  /** Whether it is charged per token, so that no plan is used up by it. */
  readonly metered?: boolean;
  readonly serve: (call: SimulatedCall) => Reply;
}

/** A refusal as the provider words it, and the class it stands for. */
export interface RecordedFailure {
  readonly status: number;
  /** An object is sent as JSON, a string as it is. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly class: FailureClass;
}

export interface Simulation {
  readonly slug: string;
  /** By offering: every origin it really has, its default region's first; the paths behind are those of `routes`. */
  readonly origins: Readonly<Record<string, readonly string[]>>;
  readonly keys: SimulatedKeys;
  readonly models: readonly SimulatedModel[];
  readonly routes: readonly SimulatedRoute[];
  readonly failures: Readonly<Record<string, RecordedFailure>>;
  /** The plan's allowance, where it can be read with the key. */
  readonly quota?: SimulatedQuota;
  /** By offering: what verification must find for each of the other keys. Null: it cannot tell, or need not. */
  readonly verdicts: Readonly<
    Record<string, { readonly bad: FailureClass | null; readonly wrongProduct: FailureClass | null }>
  >;
}

/** Something that goes wrong, for one kind of path (generation when not said) and a number of times (always when not said). */
export type Fault = FaultKind & { readonly on?: RouteUse; readonly times?: number };

export type FaultKind =
  /** One of the provider's own refusals, by its name in {@link Simulation.failures}. */
  | { readonly kind: 'refuse'; readonly failure: string }
  /** Any answer instead of the real one; with status 200 an error that looks like success. */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** An error as a frame of a stream, after some good ones, and the end. */
  | { readonly kind: 'error-frame'; readonly afterFrames: number; readonly body: unknown }
  /** Connection reset before a byte of the answer. */
  | { readonly kind: 'reset' }
  /** Wait before the first byte. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Connection closed in the middle of the frame after these, or of the body. */
  | { readonly kind: 'cut'; readonly afterFrames: number }
  /** Silence after these frames, or half a body, until the client leaves. */
  | { readonly kind: 'stall'; readonly afterFrames: number }
  /** Everything in small pieces that ignore frames and characters. */
  | { readonly kind: 'drip'; readonly bytes: number; readonly everyMs: number }
  /** The last frame lacks its blank line. */
  | { readonly kind: 'unterminated' }
  /** This many bytes of text in the answer. */
  | { readonly kind: 'huge'; readonly bytes: number };

/** Error types of Anthropic's form, by status. */
const ANTHROPIC_TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
};

/** A failure in Anthropic's error form. */
export function inAnthropicForm(
  failure: RecordedFailure,
  error: Readonly<Record<string, unknown>>,
): RecordedFailure {
  const type = ANTHROPIC_TYPES[failure.status] ?? 'api_error';
  return { ...failure, body: { type: 'error', error: { type, ...error } } };
}

/** A JSON reply. */
export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): JsonReply {
  return { kind: 'json', status, body, headers };
}

/** A recorded failure as a reply. */
export function refusal(failure: RecordedFailure): JsonReply {
  return json(failure.body, failure.status, failure.headers);
}
